//! Tests of the tidy form: its rules one by one, and the properties that hold for every scenario.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::tidy;
use crate::fuzz::Plan;
use crate::scenario::tests::render;
use crate::scenario::{self, GapKind};
use crate::text::Source;

/// Returns the tidy form. Panics if it differs from the text in more than blanks and `;`, means something else, or
/// is not tidy itself.
#[track_caller]
fn tidied(text: &str) -> String {
    let source = Source::new("test.scn", text);
    let tidy_text = tidy(&source).unwrap_or_else(|mistakes| panic!("{text}\n{mistakes:?}"));
    let again = Source::new("test.scn", tidy_text.clone());
    assert_eq!(tidy(&again).unwrap(), tidy_text, "the tidy form of\n{text}");
    assert_eq!(meaning(&again), meaning(&source), "{text}");
    assert_eq!(comments(&again), comments(&source), "{text}");
    assert_eq!(characters(&tidy_text), characters(text.trim_start_matches('\u{feff}')), "{text}");
    tidy_text
}

/// Returns the headers and steps of a scenario without their places.
fn meaning(source: &Source) -> (String, String) {
    let mut includes = |path: &str| Ok(Source::new(path, ""));
    let (scenario, _) = scenario::parse(source, &BTreeMap::new(), &mut includes).unwrap();
    let headers = &scenario.headers;
    let params: Vec<_> = headers.params.iter().map(|param| (&param.name, &param.values)).collect();
    let others = (headers.timeout, headers.settle, &headers.worlds, &headers.tags);
    (format!("{params:?} {others:?} {}", scenario.about), render::block(&scenario.steps))
}

fn comments(source: &Source) -> Vec<String> {
    let (marks, _) = scenario::marks(source);
    let comments = marks.gaps.iter().filter(|gap| gap.kind == GapKind::Comment);
    comments.map(|gap| source.at(gap.span).trim_end().to_owned()).collect()
}

fn characters(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_whitespace() && *c != ';').collect()
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(tidied(text), expected);
}

#[test]
fn what_stands_behind_a_block_stays_on_its_last_line() {
    check("workload lin-kv{heal}for 2s   at 5/s", "workload lin-kv { heal } for 2s at 5/s\n");
    check(
        "workload lin-kv {\nheal # c\n}  for   2s\nheal",
        "workload lin-kv {\n  heal                            # c\n} for 2s\nheal\n",
    );
}

#[test]
fn words_have_one_blank_between_them() {
    check("a:get   x\t", "a: get x\n");
    check("a ,b ,  c..e :set x 1", "a, b, c..e: set x 1\n");
    check("let v=random", "let v = random\n");
    check("let  v = a : get x", "let v = a: get x\n");
    check("network a-b,b-c , ring( 5 ,prefix=r )", "network a-b, b-c, ring(5, prefix=r)\n");
    check("network a,b\npartition a|b", "network a, b\npartition a | b\n");
    check("param x=1s|2s\nwait   $x", "param x = 1s | 2s\nwait $x\n");
}

#[test]
fn expressions_have_blanks_around_their_signs() {
    check("expect (nodes-1)*2<=5%3", "expect (nodes - 1) * 2 <= 5 % 3\n");
    check("expect ( nodes )==2", "expect (nodes) == 2\n");
    check("repeat 3 as i { a: set k${i%2}x ${ i } }", "repeat 3 as i { a: set k${i % 2}x ${i} }\n");
}

#[test]
fn data_stays_as_it_is() {
    check("a: set x :y", "a: set x :y\n");
    check("a: set x  \"a  ;b # c\"", "a: set x \"a  ;b # c\"\n");
    check("a: set x {\"a\":  [1,2]}", "a: set x {\"a\":  [1,2]}\n");
    check("expect a: get x matches /a  b;{2} # /", "expect a: get x matches /a  b;{2} # /\n");
    check("param x = \"a  b\" | c  d\na: set k $x", "param x = \"a  b\" | c d\na: set k $x\n");
    check("a: set x a#b # c", "a: set x a#b                      # c\n");
}

#[test]
fn lines_are_kept_and_steps_beside_each_other_stay_there() {
    check("a: get x;;  b: get x ;", "a: get x; b: get x\n");
    check("\n\n\na: get x\n\n\n\nb: get x\n\n", "a: get x\n\nb: get x\n");
    check("network a-b,\nb-c,\n\n      c-d", "network a-b,\n  b-c,\n  c-d\n");
    check("   a: get x", "a: get x\n");
    check("", "");
    check("\n \n", "");
}

#[test]
fn a_block_has_one_line_or_its_steps_are_indented() {
    check("do{kill a;start a}", "do { kill a; start a }\n");
    check("do {kill a\nstart a}", "do {\n  kill a\n  start a\n}\n");
    check("do {\n\n kill a; start a\n\n}", "do {\n  kill a; start a\n}\n");
    check("do { }", "do {}\n");
    check("do {\n}", "do {}\n");
    check("do { do { kill a\n} }", "do {\n  do {\n    kill a\n  }\n}\n");
    check("kill a; do {\nstart a }; kill a", "kill a\ndo {\n  start a\n}\nkill a\n");
    check("do { kill a,\nb }", "do {\n  kill a,\n    b\n}\n");
}

#[test]
fn comments_stand_behind_steps_or_on_lines_of_their_own() {
    check("#one \n#two\n\n\n# three", "#one\n#two\n\n# three\n");
    check("kill a #why", "kill a                            #why\n");
    let long = "expect all but a, b: get during == some";
    check(&format!("{long} # why"), &format!("{long}  # why\n"));
    check("do { # why\nkill a }", "do {                              # why\n  kill a\n}\n");
    check("do {\n# why\n\n\n\n#so\n}", "do {\n  # why\n\n  #so\n}\n");
    check(
        "do { kill a # why\n} # so",
        "do {\n  kill a                          # why\n}                                 # so\n",
    );
    check(
        "kill a, # one\n# two\nb # three\n# four",
        "kill a,                           # one\n  # two\n  b                               # three\n# four\n",
    );
    check("network a-b, # one\nb-c", "network a-b,                      # one\n  b-c\n");
}

#[test]
fn the_ends_of_lines_are_those_of_the_first_and_the_file_ends_with_one() {
    check("a: get x\r\nb: get x", "a: get x\r\nb: get x\r\n");
    check("a: get x\nb: get x\r\n", "a: get x\nb: get x\n");
    check("# é\r\na: get x # ü", "# é\r\na: get x                          # ü\r\n");
    check("\u{feff}a: get x", "a: get x\n");
}

#[test]
fn headers_and_includes_are_tidied_as_well() {
    check("timeout   5s\nworlds sim,netns\ntags a ,b", "timeout 5s\nworlds sim, netns\ntags a, b\n");
    check("include   \"a  b.scn\"", "include \"a  b.scn\"\n");
    check(
        "param net=ring(3),\n a-x | star(3)\nnetwork $net",
        "param net = ring(3),\n  a-x | star(3)\nnetwork $net\n",
    );
}

#[test]
fn a_text_with_mistakes_has_no_tidy_form_and_all_mistakes_are_told() {
    let mistakes = tidy(&Source::new("x.scn", "kil a\nb: get x\nwait 5")).unwrap_err();
    let messages: Vec<&str> = mistakes.iter().map(|mistake| mistake.message.as_str()).collect();
    assert_eq!(messages, ["unknown step `kil`", "a bare number is no duration: `5`"]);
}

#[test]
fn shipped_scenarios_are_tidy() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let mut count = 0;
    for folder in [folder.clone(), folder.join("regressions")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "scn") {
                let text = std::fs::read_to_string(&path).unwrap();
                assert_eq!(tidied(&text), text, "`tools fmt {}` makes it tidy", path.display());
                count += 1;
            }
        }
    }
    assert!(count > 25, "{count} scenarios were read");
}

/// Returns a text with other blanks and newlines in its gaps, as a hasty person leaves them.
fn untidied(text: &str, seed: u64) -> String {
    let (marks, mistakes) = scenario::marks(&Source::new("test.scn", text));
    assert!(mistakes.is_empty(), "{text}");
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut untidy, mut at) = (String::new(), 0);
    for gap in marks.gaps {
        untidy += &text[at..gap.span.start.max(at)];
        let own = &text[gap.span.start..gap.span.end];
        at = at.max(gap.span.end);
        untidy += match gap.kind {
            GapKind::Blank if !own.is_empty() => ["\t", "  ", " \t ", " "][random.usize(..4)],
            GapKind::Tight => ["", " ", "\t"][random.usize(..3)],
            GapKind::Soft => ["\n", "\n\n", " \n\t"][random.usize(..3)],
            GapKind::Ends if own.contains('\n') => {
                ["\n", "\r\n", "\n\n\n", "\n;\n", " \n "][random.usize(..5)]
            }
            GapKind::Ends => [";", " ; ", "\n", "\n# c\n"][random.usize(..4)],
            GapKind::Open => ["{", "{\n", "{  ", "{ # c\n"][random.usize(..4)],
            GapKind::Close => ["}", "\n}", "  }"][random.usize(..3)],
            GapKind::Comment | GapKind::Blank => own,
        };
    }
    untidy + &text[at..]
}

proptest! {
    #[test]
    fn a_drawn_scenario_keeps_its_meaning_and_comments_however_it_is_written(seed in any::<u64>()) {
        let text = Plan::draw(seed).text("A drawn scenario.");
        let tidy_text = tidied(&text);
        tidied(&untidied(&tidy_text, seed));
    }

    #[test]
    fn a_shipped_scenario_does_so_as_well(seed in any::<u64>()) {
        for text in [
            include_str!("../../../../scenarios/crash.scn"),
            include_str!("../../../../scenarios/growth.scn"),
            include_str!("../../../../scenarios/tree.scn"),
            include_str!("../../../../scenarios/split_brain.scn"),
        ] {
            tidied(&untidied(text, seed));
        }
    }
}
