//! The journal, the feed that everything else follows: J1 to J15.

use crate::clause::clauses;
use crate::{Clause, Subject};

pub mod atomicity;
pub mod fidelity;
pub mod history;
pub mod holding;
pub mod order;
pub mod tailing;
pub mod versions;

pub(super) const CLAUSES: &[Clause<Subject>] = clauses! { Subject;
    "J1" order::j01_versions_and_positions_are_dense_and_rise;
    "J2" versions::j02_a_wrong_expected_version_conflicts_and_writes_no_rows;
    "J3" versions::j03_of_two_writers_with_one_expectation_one_succeeds;
    "J4" atomicity::j04_the_events_of_a_commit_are_contiguous;
    "J4" atomicity::j04_a_kill_leaves_whole_commits needs Kill;
    "J5" history::j05_reads_are_bounded_and_end_with_a_commit;
    "J5" history::j05_a_read_of_large_events_is_cut_behind_whole_commits;
    "J5" history::j05_an_unknown_aggregate_has_an_empty_history;
    "J6" fidelity::j06_an_event_comes_back_as_it_was_written;
    "J7" fidelity::j07_an_event_id_is_never_written_twice;
    "J8" holding::j08_nobody_passes_a_commit_that_is_still_to_come needs Hold;
    "J9" holding::j09_the_positions_of_a_rollback_go_to_the_next_commit needs Hold;
    "J9" holding::j09_the_positions_of_a_killed_writer_go_to_the_next_commit needs Hold Kill;
    "J9" holding::j09_a_writer_that_hangs_costs_others_a_bounded_time needs Hold;
    "J10" tailing::j10_a_reader_anywhere_gets_the_next_event_or_waits;
    "J11" tailing::j11_a_tailing_reader_sees_each_event_once_and_in_order;
    "J12" order::j12_a_clock_set_back_changes_no_order;
    "J13" fidelity::j13_an_unknown_event_type_is_an_error_that_names_its_position;
    "J14" tailing::j14_a_waiting_reader_wakes_on_a_commit;
    "J14" tailing::j14_a_waiting_reader_wakes_on_a_commit_beside needs Share;
    "J14" tailing::j14_an_idle_store_polls_no_more_often_than_it_declares needs CountPolls;
    "J15" history::j15_history_as_of_a_version;
    "J15" history::j15_history_as_of_a_time;
};
