//! Stores that are wrong about writers which have not ended.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_kernel::{ChangeSet, Committed, Error, Result, WriteStore as _};

use super::saboteurs;
use super::tamper::Tamper;
use crate::reference::ReferenceStore;
use crate::{Ending, Holder};

saboteurs! {
    "does not wait for who came first" PassesTheFirst,
        breaks ["j08_nobody_passes_a_commit_that_is_still_to_come"];
    "takes a rollback for a commit" CommitsARollback,
        breaks [
            "j09_the_positions_of_a_rollback_go_to_the_next_commit"
        ] also [
            "j09_a_writer_that_hangs_costs_others_a_bounded_time"
        ]
        because "the writer that hangs is rolled back at the end";
    "keeps the lock of a writer that died" KeepsTheLockOfTheDead,
        breaks ["j09_the_positions_of_a_killed_writer_go_to_the_next_commit"];
    "waits for ever for a writer that hangs" WaitsForEver,
        breaks ["j09_a_writer_that_hangs_costs_others_a_bounded_time"];
}

struct PassesTheFirst;

#[async_trait]
impl Tamper for PassesTheFirst {
    async fn commit(&self, inner: &ReferenceStore, change_set: ChangeSet) -> Result<Committed> {
        if inner.data.turn.available_permits() > 0 {
            return inner.commit(change_set).await;
        }
        inner.commit_now(&change_set, inner.clock.now())
    }
}

struct CommitsARollback;

#[async_trait]
impl Tamper for CommitsARollback {
    async fn hold(&self, inner: &ReferenceStore, change_set: &ChangeSet) -> Result<Holder> {
        let holder = inner.hold(change_set).await?;
        Ok(Holder::new(move |_| holder.end(Ending::Commit)))
    }
}

struct KeepsTheLockOfTheDead;

#[async_trait]
impl Tamper for KeepsTheLockOfTheDead {
    async fn hold(&self, inner: &ReferenceStore, change_set: &ChangeSet) -> Result<Holder> {
        let held = Held(Some(inner.hold(change_set).await?));
        Ok(Holder::new(move |ending| held.end(ending)))
    }
}

/// What stays where it is when its owner goes.
struct Held(Option<Holder>);

impl Held {
    fn end(mut self, ending: Ending) -> Result<()> {
        self.0.take().map_or(Ok(()), |holder| holder.end(ending))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        std::mem::forget(self.0.take());
    }
}

struct WaitsForEver;

#[async_trait]
impl Tamper for WaitsForEver {
    async fn commit(&self, inner: &ReferenceStore, change_set: ChangeSet) -> Result<Committed> {
        let turn = Arc::clone(&inner.data.turn).acquire_owned().await;
        let _turn = turn.map_err(|_| Error::Closed("the reference store".to_owned()))?;
        inner.commit_now(&change_set, inner.clock.now())
    }
}
