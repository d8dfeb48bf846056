//! Stores that acknowledge what is not yet there.

use std::sync::Mutex;

use async_trait::async_trait;
use portolan_kernel::Result;
use tokio::sync::Mutex as AsyncMutex;

use super::saboteurs;
use super::tamper::Tamper;
use crate::{Place, WriteHarness};

saboteurs! {
    "keeps nothing that was not closed" Volatile::new(true),
        breaks [
            "w19_what_was_acknowledged_survives_a_kill"
            "j04_a_kill_leaves_whole_commits"
            "c15_what_was_saved_survives_a_kill"
        ] also [
            "j08_nobody_passes_a_commit_that_is_still_to_come"
            "j14_a_waiting_reader_wakes_on_a_commit_beside"
            "c07_a_held_lease_refuses_another_process"
            "c13_the_stores_clock_decides"
        ]
        because "whoever opens the same place beside it, or after a kill, sees none of it";
    "keeps nothing that was closed" Volatile::new(false),
        breaks [
            "w19_what_was_acknowledged_survives_reopening"
            "c15_what_was_saved_survives_reopening"
        ] also [
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

/// Opens an empty store in place of the one that was left: by somebody who did not close it, or by anybody.
struct Volatile {
    spares_the_closed: bool,
    /// The places that took the place of the one that is asked for.
    opened: AsyncMutex<Vec<Place>>,
    left: Mutex<Left>,
}

/// How the store was left.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    Never,
    Open,
    Closed,
}

impl Volatile {
    fn new(spares_the_closed: bool) -> Self {
        Self { spares_the_closed, opened: AsyncMutex::default(), left: Mutex::new(Left::Never) }
    }

    fn leave(&self, left: Left) -> Left {
        std::mem::replace(&mut *self.left.lock().unwrap_or_else(std::sync::PoisonError::into_inner), left)
    }
}

#[async_trait]
impl Tamper for Volatile {
    async fn address(&self, harness: &dyn WriteHarness, asked: &str) -> Result<String> {
        let mut opened = self.opened.lock().await;
        let is_kept = match self.leave(Left::Open) {
            Left::Never => true,
            Left::Closed => self.spares_the_closed,
            Left::Open => false,
        };
        if !is_kept {
            opened.push(harness.place().await?);
        }
        Ok(opened.last().map_or(asked, |place| &*place.address).to_owned())
    }

    fn closed(&self) {
        self.leave(Left::Closed);
    }
}
