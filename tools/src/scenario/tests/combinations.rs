//! Tests of the combinations of parameters.

use super::params;
use crate::scenario::{COMBINATIONS_MAX, CombinationError, combination_name, combinations, headers};
use crate::text::Source;

#[track_caller]
fn check(text: &str, fixed: &[(&str, &str)], expected: &Result<&str, &str>) {
    let headers = headers(&Source::new("test.scn", text)).unwrap();
    let all = combinations(&headers, &params(fixed)).map(|all| {
        let one = |choice: std::collections::BTreeMap<String, String>| {
            choice.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",")
        };
        all.iter().map(one).collect::<Vec<_>>().join(" ")
    });
    assert_eq!(all.as_deref().map_err(ToString::to_string), expected.map_err(str::to_owned));
}

#[test]
fn every_combination_in_order() {
    check("param b = 1 | 2\nparam a = x | y", &[], &Ok("a=x,b=1 a=y,b=1 a=x,b=2 a=y,b=2"));
    check("heal", &[], &Ok(""));
    check("param a = x | y\nparam b = 1", &[("a", "z")], &Ok("a=z,b=1"));
}

#[test]
fn unknown_parameters_and_endless_work_are_refused() {
    check("param net = x", &[("nte", "z")], &Err("unknown parameter `nte`: did you mean `net`?"));
    check(
        "param net = x\nparam n = 1",
        &[("policy", "z")],
        &Err("unknown parameter `policy`: the parameters are net, n"),
    );
    check(
        "heal",
        &[("policy", "z")],
        &Err("unknown parameter `policy`: no selected scenario has parameters"),
    );
    let values = (0..=COMBINATIONS_MAX.isqrt()).map(|value| value.to_string()).collect::<Vec<_>>().join("|");
    check(
        &format!("param a = {values}\nparam b = {values}"),
        &[],
        &Err("more than 10000 combinations of parameters: fix some with `--param NAME=VALUE`"),
    );
}

#[test]
fn combinations_are_counted_before_one_is_made() {
    // Made all at once, the combinations of this text would be 10,000 times 50 kB; `endless` has 2 to the
    // 100th.
    let long = "x".repeat(25_000);
    let hundred = (0..100).map(|value| value.to_string()).collect::<Vec<_>>().join("|");
    let text = format!("param long = {long}a | {long}b\nparam x = {hundred}\nparam y = {hundred}");
    let all =
        |text: &str, fixed| combinations(&headers(&Source::new("x.scn", text)).unwrap(), &params(fixed));
    let half = all(&text, &[("long", "z")]).unwrap();
    assert_eq!((half.len(), half.at(9_999)["x"].as_str(), half.iter().count()), (10_000, "99", 10_000));
    assert_eq!(all(&text, &[]).unwrap_err(), CombinationError::TooMany);
    let endless = (0..100).map(|param| format!("param p{param} = 1 | 2\n")).collect::<Vec<_>>().concat();
    assert_eq!(all(&endless, &[]).unwrap_err(), CombinationError::TooMany);
    assert_eq!(all("heal", &[]).unwrap().len(), 1);
}

#[test]
fn a_long_value_is_cut_in_the_name_and_told_apart() {
    let long = "x".repeat(300);
    let source = Source::new("a.scn", format!("param p = {long}a | {long}b"));
    let headers = headers(&source).unwrap();
    let names: Vec<String> = combinations(&headers, &params(&[]))
        .unwrap()
        .iter()
        .map(|choice| combination_name(&source, &headers, &choice))
        .collect();
    let cut = "x".repeat(200);
    assert_eq!(names, [format!("a[p={cut}…#1]"), format!("a[p={cut}…#2]")]);
}
