//! Conformance checks of every world. The runner may rely on the behaviour that they check, and on nothing
//! else.
//!
//! A world takes part by its name in the list at the end of this file. The function of that name in
//! `worlds` makes the world without nodes, if this machine can. A check that needs an ability skips the
//! worlds that do not declare it.

mod bench;
mod checks;
mod faults;
mod worlds;

use bench::Bench;

/// Declares each check as a test of each world.
macro_rules! conformance {
    ($($world:ident),+ $(,)?) => {
        $(mod $world {
            conformance!(@each $world
                a_node_that_was_launched_is_ready,
                a_node_reports_its_state_when_it_is_launched,
                an_ask_is_answered,
                a_refusal_differs_from_silence,
                a_wrong_word_is_refused,
                answers_come_in_the_order_of_the_questions,
                a_link_is_listed_at_both_ends_when_it_is_wired,
                a_link_is_wired_only_once,
                a_change_is_reported_before_the_answer_to_its_write,
                a_watched_node_reports_every_version,
                a_killed_node_has_exited_before_the_kill_has_ended,
                a_stopped_node_ends_in_order,
                an_ask_to_a_node_that_ended_is_unknown,
                an_ask_that_is_under_way_when_its_node_is_killed_ends,
                a_node_that_ended_can_be_launched_again,
                a_node_that_has_ended_can_be_killed,
                a_paused_node_leaves_asks_unknown_by_their_deadline,
                a_resumed_node_goes_on,
                a_paused_node_can_be_killed_and_stopped,
                an_unexpected_exit_of_a_node_is_reported,
                a_program_that_is_not_there_fails_its_launch,
                a_program_that_dies_at_once_fails_its_launch_with_its_last_words,
                a_program_that_is_never_ready_fails_its_launch_by_the_deadline,
                a_log_holds_what_a_node_wrote,
                timers_end_in_their_order_and_not_early,
                time_never_goes_back,
                an_operation_that_the_world_cannot_do_fails,
                every_operation_ends_exactly_once,
            );
            conformance!(@faults $world
                a_cut_link_holds_traffic_until_it_is_joined,
                a_link_that_is_cut_one_way_carries_the_other,
                a_link_that_is_cut_for_long_goes_down_and_comes_back,
                a_partition_separates_only_its_sets,
                a_new_partition_replaces_the_old,
                a_broken_link_is_down_and_comes_back,
                a_delayed_link_is_late_until_it_is_cleared,
                a_slow_link_takes_its_time,
                a_lossy_link_delivers_all_in_order,
                a_link_that_loses_everything_delivers_nothing,
                traffic_under_way_on_a_link_that_is_cut_does_not_arrive,
                a_shifted_clock_shows_in_stamps_and_they_still_increase,
                writes_of_a_clock_far_ahead_spread_when_they_are_due,
                a_killed_node_with_a_disk_comes_back_with_what_it_acknowledged,
                a_full_disk_refuses_writes_until_it_has_room_and_outlives_its_node,
            );
        })+
    };
    (@each $world:ident $($check:ident),+ $(,)?) => {
        $(#[test]
        fn $check() {
            if let Some(mut bench) = super::Bench::new(super::worlds::$world) {
                super::checks::$check(&mut bench);
            }
        })+
    };
    (@faults $world:ident $($check:ident),+ $(,)?) => {
        $(#[test]
        fn $check() {
            if let Some(mut bench) = super::Bench::new(super::worlds::$world) {
                super::faults::$check(&mut bench);
            }
        })+
    };
}

conformance!(process, proxied, sim, netns);
