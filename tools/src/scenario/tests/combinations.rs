//! Which combinations of parameters run.

use super::params;
use crate::scenario::{COMBINATIONS_MAX, combinations, headers};
use crate::text::Source;

#[track_caller]
fn check(text: &str, fixed: &[(&str, &str)], expected: &Result<&str, &str>) {
    let headers = headers(&Source::new("test.scn", text)).unwrap();
    let all = combinations(&headers, &params(fixed)).map(|all| {
        let one = |choice: &std::collections::BTreeMap<String, String>| {
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
    check("heal", &[("policy", "z")], &Err("unknown parameter `policy`: there are no parameters"));
    let values = (0..=COMBINATIONS_MAX.isqrt()).map(|value| value.to_string()).collect::<Vec<_>>().join("|");
    check(
        &format!("param a = {values}\nparam b = {values}"),
        &[],
        &Err("more than 10000 combinations of parameters: fix some with `--param NAME=VALUE`"),
    );
}
