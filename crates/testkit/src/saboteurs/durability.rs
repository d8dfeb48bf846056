//! Stores that acknowledge what is not yet there.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use portolan_kernel::{RecordedOutcome, Result, WriteStore as _};
use uuid::Uuid;

use super::saboteurs;
use super::tamper::{CLOSING, Tamper};
use crate::reference::{Data, ReferenceStore};

saboteurs! {
    "writes to the disk only when it is closed" Volatile::new(true),
        breaks [
            "w19_what_was_acknowledged_survives_a_kill"
            "j04_a_kill_leaves_whole_commits"
            "c15_what_was_saved_survives_a_kill"
        ] also [
            "c05_a_reset_is_recorded"
            "j08_nobody_passes_a_commit_that_is_still_to_come"
            "j14_a_waiting_reader_wakes_on_a_commit_beside"
            "c07_a_held_lease_refuses_another_process"
            "c13_the_stores_clock_decides"
        ]
        because "whoever opens the same place beside it, or after a kill, sees none of it";
    "never writes to the disk" Volatile::new(false),
        breaks [
            "w19_what_was_acknowledged_survives_reopening"
            "c15_what_was_saved_survives_reopening"
        ] also [
            "c05_a_reset_is_recorded"
            "c15_what_was_saved_survives_a_kill"
            "j04_a_kill_leaves_whole_commits"
            "j08_nobody_passes_a_commit_that_is_still_to_come"
            "j14_a_waiting_reader_wakes_on_a_commit_beside"
            "w11_a_dropped_commit_leaves_all_or_nothing"
            "w19_what_was_acknowledged_survives_a_kill"
            "w21_a_repeated_command_answers_its_first_outcome"
            "c07_a_held_lease_refuses_another_process"
            "c13_the_stores_clock_decides"
        ]
        because "nothing is there for whoever opens the same place, later or beside it";
}

/// Works on a copy, and puts that in the place of the store when it is closed, or never.
struct Volatile {
    writes_at_close: bool,
    disk: Mutex<Option<Arc<Data>>>,
}

impl Volatile {
    fn new(writes_at_close: bool) -> Self {
        Self { writes_at_close, disk: Mutex::default() }
    }
}

#[async_trait]
impl Tamper for Volatile {
    fn open(&self, store: ReferenceStore) -> ReferenceStore {
        let copy = Arc::new(store.data.copy());
        *self.disk.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&store.data));
        ReferenceStore { data: copy, ..store }
    }

    async fn outcome(&self, inner: &ReferenceStore, command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        let disk = self.disk.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let (CLOSING, true, Some(disk)) = (command_id, self.writes_at_close, disk) {
            disk.replace(&inner.data);
        }
        inner.outcome(command_id).await
    }
}
