//! One line in an adapter's tests, one test for each clause.
//!
//! The names stand here and in the tables of [`contracts`](crate::contracts), because a macro cannot read a table;
//! each use of a macro has a test that both are the same.

/// All that a write store promises, as tests of the harness that this expression makes: [`write_contract!`],
/// [`journal_contract!`] and [`checkpoint_contract!`](crate::checkpoint_contract). Its second argument, where there is
/// one, is how many copies of them [`stress_contract!`](crate::stress_contract) runs at once.
///
/// ```
/// use portolan_testkit::reference::ReferenceHarness;
///
/// portolan_testkit::contract!(ReferenceHarness::default());
/// ```
///
/// [`write_contract!`]: crate::write_contract
/// [`journal_contract!`]: crate::journal_contract
#[macro_export]
macro_rules! contract {
    ($harness:expr) => {
        $crate::write_contract!($harness);
        $crate::journal_contract!($harness);
        $crate::checkpoint_contract!($harness);
    };
    ($harness:expr, $copies:expr) => {
        $crate::contract!($harness);
        $crate::stress_contract!($harness, $copies);
    };
}

/// The contract of units of work and write repositories, as tests of the harness that this expression makes.
///
/// ```
/// use portolan_testkit::reference::ReferenceHarness;
///
/// portolan_testkit::write_contract!(ReferenceHarness::default());
/// portolan_testkit::journal_contract!(ReferenceHarness::default());
/// portolan_testkit::checkpoint_contract!(ReferenceHarness::default());
/// ```
#[macro_export]
macro_rules! write_contract {
    ($harness:expr) => {
        $crate::contract_tests! { write_contract, $crate::contracts::WRITE, write_test, $crate::WriteHarness, $harness, [
            w01_a_missing_id_is_none
            w02_what_was_added_comes_back_equal
            w02_find_answers_all_that_match_in_the_order_of_ids
            w03_adding_what_exists_leaves_the_first_intact
            w04_the_version_rises_by_the_number_of_events
            w05_a_stale_commit_conflicts_and_writes_nothing
            w05_what_builds_on_a_change_that_never_was_conflicts
            w06_a_change_to_what_is_not_there_is_never_an_insert
            w07_five_workers_with_ten_increments_make_fifty
            w08_one_of_twenty_takes_the_one_place
            w09_a_failed_unit_writes_nothing_and_a_refusal_only_its_record
            w10_a_reader_never_sees_state_without_event_nor_event_without_state
            w11_a_dropped_commit_leaves_all_or_nothing
            w12_two_gets_in_one_unit_are_one_aggregate
            w12_find_tests_the_units_own_copies_again
            w13_what_was_removed_is_gone_and_goes_on_at_the_next_version
            w14_a_stale_removal_conflicts
            w15_the_list_is_exact_after_removal_and_reordering
            w16_hostile_text_comes_back_as_it_was
            w17_extreme_numbers_and_microseconds_come_back_as_they_were
            w18_a_commit_without_changes_writes_only_its_record
            w19_what_was_acknowledged_survives_a_kill
            w19_what_was_acknowledged_survives_reopening
            w20_two_aggregates_commit_together_or_not_at_all
            w21_a_repeated_command_answers_its_first_outcome
            w21_a_repeat_in_a_race_is_written_once
            w21_another_payload_under_one_id_is_refused
            w21_failures_are_never_recorded
            w21_an_outcome_is_kept_until_its_time
            w22_what_is_not_committed_never_shows
            w23_replay_of_the_journal_equals_the_stored_state
        ] }
    };
}

/// The contract of the journal, as tests of the harness that this expression makes.
#[macro_export]
macro_rules! journal_contract {
    ($harness:expr) => {
        $crate::contract_tests! { journal_contract, $crate::contracts::JOURNAL, write_test, $crate::WriteHarness, $harness, [
            j01_versions_and_positions_are_dense_and_rise
            j02_a_wrong_expected_version_conflicts_and_writes_no_rows
            j03_of_two_writers_with_one_expectation_one_succeeds
            j04_the_events_of_a_commit_are_contiguous
            j04_a_kill_leaves_whole_commits
            j05_reads_are_bounded_and_end_with_a_commit
            j05_a_read_of_large_events_is_cut_behind_whole_commits
            j05_an_unknown_aggregate_has_an_empty_history
            j06_an_event_comes_back_as_it_was_written
            j07_an_event_id_is_never_written_twice
            j08_nobody_passes_a_commit_that_is_still_to_come
            j09_the_positions_of_a_rollback_go_to_the_next_commit
            j09_the_positions_of_a_killed_writer_go_to_the_next_commit
            j09_a_writer_that_hangs_costs_others_a_bounded_time
            j10_a_reader_anywhere_gets_the_next_event_or_waits
            j11_a_tailing_reader_sees_each_event_once_and_in_order
            j12_a_clock_set_back_changes_no_order
            j13_an_unknown_event_type_is_an_error_that_names_its_position
            j14_a_waiting_reader_wakes_on_a_commit
            j14_a_waiting_reader_wakes_on_a_commit_beside
            j14_an_idle_store_polls_no_more_often_than_it_declares
            j15_history_as_of_a_version
            j15_history_as_of_a_time
        ] }
    };
}

/// The contract of checkpoints and leases, as tests of the harness that this expression makes.
#[macro_export]
macro_rules! checkpoint_contract {
    ($harness:expr) => {
        $crate::contract_tests! { checkpoint_contract, $crate::contracts::CHECKPOINT, write_test, $crate::WriteHarness, $harness, [
            c01_a_missing_checkpoint_is_none
            c02_initialising_twice_is_refused
            c03_positions_are_exact_up_to_the_largest
            c04_an_advance_from_a_stale_value_conflicts
            c05_only_a_reset_goes_backwards
            c05_a_reset_is_recorded
            c06_checkpoint_and_read_model_move_in_one_transaction
            c06_deadlines_come_due_in_order
            c07_a_held_lease_refuses_a_second_owner
            c07_a_held_lease_refuses_another_process
            c08_of_twenty_claims_at_once_one_is_granted
            c09_a_released_lease_is_claimable_at_once
            c10_a_lease_is_stolen_only_after_its_end
            c11_a_former_owner_is_fenced
            c11_a_former_owner_stops_nothing
            c11_a_robbed_owners_change_is_rolled_back
            c12_only_the_owner_extends
            c13_the_stores_clock_decides
            c14_subscriptions_and_their_versions_are_independent
            c15_what_was_saved_survives_a_kill
            c15_what_was_saved_survives_reopening
        ] }
    };
}

/// The contracts of a write store, so many copies of them at once against one harness.
#[macro_export]
macro_rules! stress_contract {
    ($harness:expr, $copies:expr) => {
        mod stress_contract {
            use super::*;

            #[test]
            fn copies_of_the_contracts_do_not_disturb_each_other() {
                $crate::run::stress($harness, $copies);
            }
        }
    };
}

/// The contract of read models, as tests of the harness that this expression makes.
#[macro_export]
macro_rules! read_contract {
    ($harness:expr) => {
        $crate::contract_tests! { read_contract, $crate::contracts::READ, read_test, $crate::ReadHarness, $harness, [
            r01_random_specifications_select_what_memory_selects
            r02_de_morgan_and_double_negation_agree
            r03_null_and_missing_have_one_truth_table
            r04_nothing_is_nothing_and_no_part_widens
            r05_text_compares_by_code_point_and_literally
            r06_hostile_values_and_names_are_data_or_invalid
            r07_rows_come_in_the_order_asked_for_and_then_by_id
            r07_null_is_last_in_both_directions
            r08_a_walk_gives_each_row_once
            r09_changes_during_a_walk_move_no_other_row
            r10_a_cursor_of_something_else_is_invalid
            r11_a_page_has_between_one_row_and_its_limit
            r12_an_older_version_is_ignored
            r12_a_row_has_the_version_of_its_last_event
            r13_an_event_applied_twice_is_applied_once
            r14_a_position_is_there_or_stale
            r14_who_waits_for_a_position_wakes
            r15_what_can_never_be_answered_is_an_error
            r16_count_and_exists_agree_with_find
            r17_a_reset_empties_its_own_model_only
            r18_a_reader_never_sees_half_of_a_commit
            r18_a_page_and_its_count_are_of_one_state
        ] }
    };
}

/// The clauses that hold for any aggregate, on a [`Sample`](crate::contracts::sample::Sample): as tests in a module of
/// this name, of the harness that this expression makes.
///
/// ```
/// use portolan_testkit::counter::CounterSample;
/// use portolan_testkit::reference::ReferenceHarness;
///
/// portolan_testkit::sample_contract!(counters, CounterSample, ReferenceHarness::default());
/// ```
#[macro_export]
macro_rules! sample_contract {
    ($module:ident, $sample:ty, $harness:expr) => {
        $crate::contract_tests! {
            $module, <$crate::contracts::sample::Of<$sample>>::CLAUSES, write_test, $crate::WriteHarness, $harness, [
                w01_a_missing_id_is_none
                w02_a_life_comes_back_after_each_commit
                w03_adding_what_exists_leaves_the_first_intact
                w05_a_stale_commit_conflicts_and_writes_nothing
                w05_what_builds_on_a_change_that_never_was_conflicts
                w06_a_change_to_what_is_gone_is_never_an_insert
                w07_of_workers_in_a_race_each_step_is_written_once
                w09_a_failed_unit_writes_nothing_and_a_refusal_only_its_record
                w10_a_reader_never_sees_state_without_event_nor_event_without_state
                w11_a_dropped_commit_leaves_all_or_nothing
                w12_two_gets_in_one_unit_are_one_aggregate
                w13_what_was_removed_is_gone_and_lives_again
                w14_a_stale_removal_conflicts
                w18_a_commit_without_changes_writes_only_its_record
                w19_what_was_acknowledged_survives_reopening
                w20_two_commit_together_or_not_at_all
                w21_a_repeated_command_answers_its_first_outcome
                w21_a_repeat_in_a_race_is_written_once
                w21_another_payload_under_one_id_is_refused
                w21_failures_are_never_recorded
                w21_an_outcome_is_kept_until_its_time
                w22_what_is_not_committed_never_shows
                w23_replay_of_the_journal_equals_the_stored_state
                j01_each_commit_of_a_life_is_on_neighbouring_positions
                j02_a_wrong_expected_version_conflicts_and_writes_no_rows
                j03_of_two_writers_with_one_expectation_one_succeeds
                j06_an_event_comes_back_as_it_was_written
                j07_an_event_id_is_never_written_twice
                j15_each_version_of_the_past_is_what_it_was
            ]
        }
    };
}

/// The tests of one contract.
#[macro_export]
#[doc(hidden)]
macro_rules! contract_tests {
    ($module:ident, $clauses:expr, $test:ident, $harness_trait:path, $harness:expr, [$($name:ident)+]) => {
        mod $module {
            use super::*;

            $(
                #[test]
                fn $name() {
                    let suite = $crate::run::Suite {
                        package: ::std::env!("CARGO_PKG_NAME"),
                        module: ::std::module_path!(),
                        clauses: $clauses,
                    };
                    $crate::run::$test(&suite, ::std::stringify!($name), $harness);
                }
            )+

            #[test]
            fn every_clause_has_a_test() {
                let clauses: ::std::vec::Vec<_> = $clauses.iter().map(|clause| clause.name).collect();
                ::std::assert_eq!(clauses, [$(::std::stringify!($name)),+]);
            }

            /// A new skip fails until it stands in `tests/<test target>.skips`.
            #[test]
            fn skipped_clauses_are_reviewed() {
                use $harness_trait as _;
                $crate::run::skips_are_reviewed(
                    $clauses,
                    &($harness).capabilities(),
                    ::std::env!("CARGO_MANIFEST_DIR"),
                    ::std::module_path!(),
                );
            }
        }
    };
}
