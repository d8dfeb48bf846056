//! Stores that are wrong about writers which have not ended.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use portolan_kernel::{
    ChangeSet, Committed, Envelope, Error, Journal as _, Position, Result, WriteStore as _,
};

use super::inner::Inner;
use super::saboteurs;
use super::tamper::Tamper;
use crate::contracts::raw;
use crate::{Ending, Holder};

saboteurs! {
    "acknowledges behind a commit that is still to come" AcknowledgesBehind::default(),
        breaks [
            "j08_nobody_passes_a_commit_that_is_still_to_come"
        ] also [
            "j09_the_positions_of_a_rollback_go_to_the_next_commit"
            "j09_the_positions_of_a_killed_writer_go_to_the_next_commit"
            "j09_a_writer_that_hangs_costs_others_a_bounded_time"
        ]
        because "what it has acknowledged is not there yet when somebody looks";
    "shows what is not committed" ShowsWhatIsHeld::default(),
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
    "waits for ever for a writer that hangs" WaitsForEver::default(),
        breaks ["j09_a_writer_that_hangs_costs_others_a_bounded_time"];
}

/// How many writers there are that have not ended.
#[derive(Default)]
struct Holders(Arc<AtomicUsize>);

impl Holders {
    fn are_there(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }

    /// The same writer, which is counted until it ends, however it does.
    fn counting(&self, holder: Holder) -> Holder {
        self.0.fetch_add(1, Ordering::SeqCst);
        let counted = Counted(Arc::clone(&self.0));
        Holder::new(move |ending| {
            let _counted = counted;
            holder.end(ending)
        })
    }
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Default)]
struct AcknowledgesBehind(Holders);

#[async_trait]
impl Tamper for AcknowledgesBehind {
    fn hold(&self, holder: Holder, _: &ChangeSet) -> Holder {
        self.0.counting(holder)
    }

    async fn commit(&self, inner: &Inner, change_set: ChangeSet) -> Result<Committed> {
        if !self.0.are_there() {
            return inner.commit(change_set).await;
        }
        let changes = change_set.changes.iter();
        let versions: Vec<_> =
            changes.map(|change| change.version_after(change.expected.version())).collect();
        let outcome = change_set.outcome(&versions, inner.last_position());
        let inner = inner.clone();
        tokio::spawn(async move { inner.commit(change_set).await });
        Ok(Committed::Done { outcome, versions })
    }
}

/// What each writer holds that has not ended.
#[derive(Default)]
struct ShowsWhatIsHeld(Arc<Mutex<Vec<ChangeSet>>>);

/// Forgets the change set of a writer that ends.
struct Shown(Arc<Mutex<Vec<ChangeSet>>>, ChangeSet);

impl Drop for Shown {
    fn drop(&mut self) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.retain(|held| held.command_id != self.1.command_id);
    }
}

#[async_trait]
impl Tamper for ShowsWhatIsHeld {
    fn hold(&self, holder: Holder, held: &ChangeSet) -> Holder {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(held.clone());
        let shown = Shown(Arc::clone(&self.0), held.clone());
        Holder::new(move |ending| {
            drop(shown);
            holder.end(ending)
        })
    }

    async fn read(&self, inner: &Inner, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        let mut events = inner.read(after, limit).await?;
        let head = inner.head().await?;
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = held.iter().flat_map(|held| raw::envelopes(held, head));
        events.extend(shown.filter(|event| event.position > after));
        Ok(events)
    }
}

struct CommitsARollback;

impl Tamper for CommitsARollback {
    fn hold(&self, holder: Holder, _: &ChangeSet) -> Holder {
        Holder::new(move |_| holder.end(Ending::Commit))
    }
}

struct KeepsTheLockOfTheDead;

impl Tamper for KeepsTheLockOfTheDead {
    fn hold(&self, holder: Holder, _: &ChangeSet) -> Holder {
        let held = Held(Some(holder));
        Holder::new(move |ending| held.end(ending))
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

#[derive(Default)]
struct WaitsForEver(Holders);

#[async_trait]
impl Tamper for WaitsForEver {
    fn hold(&self, holder: Holder, _: &ChangeSet) -> Holder {
        self.0.counting(holder)
    }

    async fn commit(&self, inner: &Inner, change_set: ChangeSet) -> Result<Committed> {
        loop {
            match inner.commit(change_set.clone()).await {
                Err(Error::Unavailable { .. }) if self.0.are_there() => tokio::task::yield_now().await,
                answer => return answer,
            }
        }
    }
}
