//! Read models: R1 to R18.

use portolan_kernel::{PageRequest, PageSize};

use crate::clause::clauses;
use crate::{Clause, ReadSubject, Verdict};

pub mod algebra;
pub mod atomicity;
pub mod filling;
pub mod freshness;
pub mod laws;
pub mod nulls;
pub mod order;
pub mod questions;
pub mod texts;
pub mod walks;

pub(super) const CLAUSES: &[Clause<ReadSubject>] = clauses! { ReadSubject;
    "R1" algebra::r01_random_specifications_select_what_memory_selects;
    "R2" laws::r02_de_morgan_and_double_negation_agree;
    "R3" nulls::r03_null_and_missing_have_one_truth_table;
    "R4" algebra::r04_nothing_is_nothing_and_no_part_widens;
    "R5" texts::r05_text_compares_by_code_point_and_literally;
    "R6" texts::r06_hostile_values_and_names_are_data_or_invalid;
    "R7" order::r07_rows_come_in_the_order_asked_for_and_then_by_id;
    "R7" order::r07_null_is_last_in_both_directions;
    "R8" walks::r08_a_walk_gives_each_row_once;
    "R9" walks::r09_changes_during_a_walk_move_no_other_row;
    "R10" walks::r10_a_cursor_of_something_else_is_invalid;
    "R11" questions::r11_a_page_has_between_one_row_and_its_limit;
    "R12" filling::r12_an_older_version_is_ignored;
    "R12" filling::r12_a_row_has_the_version_of_its_last_event;
    "R13" filling::r13_an_event_applied_twice_is_applied_once;
    "R14" freshness::r14_a_position_is_there_or_stale;
    "R14" freshness::r14_who_waits_for_a_position_wakes;
    "R15" questions::r15_what_can_never_be_answered_is_an_error;
    "R16" questions::r16_count_and_exists_agree_with_find;
    "R17" filling::r17_a_reset_empties_its_own_model_only;
    "R18" atomicity::r18_a_reader_never_sees_half_of_a_commit;
    "R18" atomicity::r18_a_page_and_its_count_are_of_one_state;
};

/// The first page of this many rows.
fn first(rows: usize) -> Verdict<PageRequest> {
    Ok(PageRequest::first(PageSize::new(rows)?))
}
