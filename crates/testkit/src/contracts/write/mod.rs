//! Units of work and write repositories: W1 to W23.

use crate::clause::clauses;
use crate::{Clause, Subject};

pub mod atomicity;
pub mod basics;
pub mod conflicts;
pub mod contention;
pub mod drops;
pub mod durability;
pub mod fidelity;
pub mod idempotency;
pub mod identity;
pub mod removal;
pub mod replayed;

pub(super) const CLAUSES: &[Clause<Subject>] = clauses! { Subject;
    "W1" basics::w01_a_missing_id_is_none;
    "W2" basics::w02_what_was_added_comes_back_equal;
    "W2" basics::w02_find_answers_all_that_match_in_the_order_of_ids;
    "W3" basics::w03_adding_what_exists_leaves_the_first_intact;
    "W4" basics::w04_the_version_rises_by_the_number_of_events;
    "W5" conflicts::w05_a_stale_commit_conflicts_and_writes_nothing;
    "W6" conflicts::w06_a_change_to_what_is_not_there_is_never_an_insert;
    "W7" contention::w07_five_workers_with_ten_increments_make_fifty;
    "W8" contention::w08_one_of_twenty_takes_the_one_place;
    "W9" atomicity::w09_a_failed_unit_writes_nothing_and_a_refusal_only_its_record;
    "W10" atomicity::w10_a_reader_never_sees_state_without_event_nor_event_without_state;
    "W11" drops::w11_a_dropped_commit_leaves_all_or_nothing;
    "W12" identity::w12_two_gets_in_one_unit_are_one_aggregate;
    "W12" identity::w12_find_tests_the_units_own_copies_again;
    "W13" removal::w13_what_was_removed_is_gone_and_goes_on_at_the_next_version;
    "W14" removal::w14_a_stale_removal_conflicts;
    "W15" fidelity::w15_the_list_is_exact_after_removal_and_reordering;
    "W16" fidelity::w16_hostile_text_comes_back_as_it_was;
    "W17" fidelity::w17_extreme_numbers_and_microseconds_come_back_as_they_were;
    "W18" atomicity::w18_a_commit_without_changes_writes_only_its_record;
    "W19" durability::w19_what_was_acknowledged_survives_a_kill needs Kill;
    "W19" durability::w19_what_was_acknowledged_survives_reopening needs Reopen;
    "W20" atomicity::w20_two_aggregates_commit_together_or_not_at_all;
    "W21" idempotency::w21_a_repeated_command_answers_its_first_outcome;
    "W21" idempotency::w21_a_repeat_in_a_race_is_written_once;
    "W21" idempotency::w21_another_payload_under_one_id_is_refused;
    "W21" idempotency::w21_failures_are_never_recorded;
    "W21" idempotency::w21_an_outcome_is_kept_until_its_time;
    "W22" identity::w22_what_is_not_committed_never_shows;
    "W23" replayed::w23_replay_of_the_journal_equals_the_stored_state;
};
