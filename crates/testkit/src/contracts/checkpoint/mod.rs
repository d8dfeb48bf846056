//! Checkpoints and leases: C1 to C15.

use crate::clause::clauses;
use crate::{Clause, Subject};

pub mod basics;
pub mod durability;
pub mod moves;
pub mod ownership;
pub mod together;

pub(super) const CLAUSES: &[Clause<Subject>] = clauses! { Subject;
    "C1" basics::c01_a_missing_checkpoint_is_none;
    "C2" basics::c02_initialising_twice_is_refused;
    "C3" basics::c03_positions_are_exact_up_to_the_largest;
    "C4" moves::c04_an_advance_from_a_stale_value_conflicts;
    "C5" moves::c05_only_a_reset_goes_backwards;
    "C5" moves::c05_a_reset_is_recorded needs ResetRecords;
    "C6" together::c06_checkpoint_and_read_model_move_in_one_transaction needs Deadlines;
    "C6" together::c06_deadlines_come_due_in_order needs Deadlines;
    "C7" ownership::c07_a_held_lease_refuses_a_second_owner;
    "C7" ownership::c07_a_held_lease_refuses_another_process needs Share;
    "C8" ownership::c08_of_twenty_claims_at_once_one_is_granted;
    "C9" ownership::c09_a_released_lease_is_claimable_at_once;
    "C10" ownership::c10_a_lease_is_stolen_only_after_its_end needs LeaseTerm;
    "C11" ownership::c11_a_former_owner_is_fenced;
    "C11" ownership::c11_a_former_owner_stops_nothing;
    "C11" ownership::c11_a_robbed_owners_change_is_rolled_back needs LeaseTerm Deadlines;
    "C12" ownership::c12_only_the_owner_extends;
    "C13" ownership::c13_the_stores_clock_decides needs LeaseTerm Share;
    "C14" basics::c14_subscriptions_and_their_versions_are_independent;
    "C15" durability::c15_what_was_saved_survives_a_kill needs Kill;
    "C15" durability::c15_what_was_saved_survives_reopening needs Reopen;
};
