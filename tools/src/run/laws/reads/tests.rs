use super::*;
use crate::run::state::Network;
use crate::world::{Answer as Answered, NodeSpec, Value, Written};

const A: NodeIndex = NodeIndex(0);

/// A node, and the answers that clients got from it.
struct Story {
    reads: Reads,
    network: Network,
}

fn story(disk: bool, policy: Option<&str>) -> Story {
    let mut network = Network::default();
    let policy = policy.map(str::to_owned);
    network.add_node(NodeSpec { name: "a".to_owned(), disk, policy, ..NodeSpec::default() });
    Story { reads: Reads::default(), network }
}

fn answered(rank: &str) -> Observed {
    let written = Written { stamp: format!("{rank}.0"), rank: rank.to_owned() };
    Observed::Answered(Answered { value: Value::Text(String::new()), written: Some(written) })
}

fn absent() -> Observed {
    Observed::Refused { code: "absent".to_owned(), message: String::new() }
}

impl Story {
    fn begin(&mut self, ask: &str) -> Asking {
        let words: Vec<String> = ask.split(' ').map(str::to_owned).collect();
        self.reads.begin(A, self.network.node(A), &words).unwrap()
    }

    #[track_caller]
    fn end(&mut self, asking: &Asking, observed: &Observed, expected: Option<Law>) {
        let broken = self.reads.end(asking, self.network.node(A), observed, Duration::ZERO);
        assert_eq!(broken.as_ref().map(|broken| broken.law), expected, "{broken:?}");
    }

    /// Begins an ask that is answered at once, and checks the law that it breaks.
    #[track_caller]
    fn ask(&mut self, ask: &str, observed: &Observed, expected: Option<Law>) {
        let asking = self.begin(ask);
        self.end(&asking, observed, expected);
    }
}

const BROKEN: Option<Law> = Some(Law::MonotonicReads);

#[test]
fn an_answer_at_least_as_great_is_fine_and_a_lesser_one_goes_back() {
    let mut story = story(false, None);
    story.ask("get k", &answered("5"), None);
    story.ask("stamp k", &answered("5"), None);
    story.ask("get k", &answered("6"), None);
    story.ask("get other", &answered("1"), None);
    story.ask("stamp k", &answered("5"), BROKEN);
}

#[test]
fn only_answers_that_had_ended_before_the_ask_began_are_compared() {
    let mut story = story(false, None);
    let slow = story.begin("get k");
    story.ask("get k", &answered("6"), None);
    story.end(&slow, &answered("5"), None);
    story.ask("get k", &answered("5"), BROKEN);
}

#[test]
fn a_write_of_the_nodes_own_clock_is_greater_than_what_it_told() {
    let mut story = story(false, None);
    story.ask("get k", &answered("5"), None);
    story.ask("set k x", &answered("6"), None);
    story.ask("set k y", &answered("6"), BROKEN);
    story.ask("delete k", &answered("4"), BROKEN);
}

#[test]
fn a_dated_write_may_lose_and_binds_later_answers() {
    let mut story = story(false, None);
    story.ask("get k", &answered("5"), None);
    story.ask("set k x 3", &answered("3"), None);
    story.ask("set k x 8", &answered("8"), None);
    story.ask("get k", &answered("7"), BROKEN);
}

#[test]
fn under_oldest_a_taken_value_set_again_tells_of_the_one_that_is_held() {
    let mut story = story(false, Some("oldest"));
    story.ask("set k x", &answered("5"), None);
    story.ask("set k x", &answered("5"), None);
    story.ask("get k", &answered("4"), BROKEN);
}

#[test]
fn nothing_after_a_version_goes_back_unless_somebody_asked_to_delete_it() {
    let mut story = story(false, None);
    story.ask("get k", &absent(), None);
    story.ask("set k x", &answered("5"), None);
    story.ask("get k", &absent(), BROKEN);
    // The key may have been deleted, here or at another node: a client cannot tell.
    let _unknown = story.begin("delete k");
    story.ask("get k", &absent(), None);
    story.ask("delete k", &absent(), None);
    story.ask("stamp k", &absent(), BROKEN);
}

#[test]
fn other_errors_and_silence_tell_nothing() {
    let mut story = story(false, None);
    story.ask("set k x", &answered("5"), None);
    let refused = Observed::Refused { code: "unavailable".to_owned(), message: String::new() };
    story.ask("get k", &refused, None);
    story.ask("get k", &Observed::Silent("nothing came within 5 s".to_owned()), None);
}

#[test]
fn a_new_incarnation_without_a_disk_owes_nothing() {
    let mut story = story(false, None);
    story.ask("set k x", &answered("5"), None);
    let late = story.begin("get k");
    story.network.begin_incarnation(A);
    story.end(&late, &answered("4"), None);
    story.ask("get k", &absent(), None);
    story.ask("get k", &answered("3"), None);
    story.ask("get k", &answered("2"), BROKEN);
}

#[test]
fn a_disk_keeps_what_was_acknowledged_but_not_what_was_only_told() {
    let mut story = story(true, None);
    story.ask("set k x", &answered("5"), None);
    story.ask("get k", &answered("9"), None);
    story.network.begin_incarnation(A);
    story.ask("get k", &answered("6"), None);
    story.network.begin_incarnation(A);
    story.ask("set k y", &answered("4"), BROKEN);
    story.network.begin_incarnation(A);
    story.ask("get k", &absent(), BROKEN);
}

#[test]
fn a_version_that_loses_to_a_tombstone_breaks_the_law_of_tombstones() {
    let mut story = story(false, None);
    story.ask("set k x", &answered("5"), None);
    story.ask("delete k", &answered("6"), None);
    story.ask("get k", &absent(), None);
    story.ask("get k", &answered("5"), Some(Law::Tombstones));
}

#[test]
fn both_answers_are_told() {
    let mut story = story(false, None);
    story.ask("get k", &answered("5"), None);
    let asking = story.begin("stamp k");
    let broken =
        story.reads.end(&asking, story.network.node(A), &answered("4"), Duration::from_secs(2)).unwrap();
    assert_eq!(broken.message, "a goes back on `k`: it tells of an older version than before");
    assert_eq!(
        broken.evidence,
        [
            "at 0 s, `get k` at a told of rank 5".to_owned(),
            "at 2 s, `stamp k`, asked after that, told of rank 4".to_owned(),
        ]
    );
}
