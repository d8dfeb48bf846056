//! Stores that are right for as long as nobody else is there.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, ChangeSet, Committed, Envelope, Journal as _, Loaded, Origin, Outcome, Position, Result,
    WriteStore as _,
};
use tokio::sync::Semaphore;

use super::saboteurs;
use super::tamper::{Tamper, others_run};
use crate::reference::ReferenceStore;

saboteurs! {
    "checks versions before it has the lock" ChecksTooEarly,
        breaks [
            "w07_five_workers_with_ten_increments_make_fifty"
            "j03_of_two_writers_with_one_expectation_one_succeeds"
        ] also [
            "j08_nobody_passes_a_commit_that_is_still_to_come"
            "w08_one_of_twenty_takes_the_one_place"
        ]
        because "it holds no lock at all, so a commit that is still to come does not stop it";
    "shows a state before its event" ShowsEarly::default(),
        breaks [
            "w10_a_reader_never_sees_state_without_event_nor_event_without_state"
        ] also [
            "w19_what_was_acknowledged_survives_reopening"
            "w21_a_repeat_in_a_race_is_written_once"
        ]
        because "its memory of states is its own, and does not outlive a call that races with another";
    "shows an event before its state" ShowsLate::default(),
        breaks ["w10_a_reader_never_sees_state_without_event_nor_event_without_state"];
    "writes the state, and then the events" WritesInTwoSteps,
        breaks [
            "w11_a_dropped_commit_leaves_all_or_nothing"
        ] also [
            "j04_a_kill_leaves_whole_commits"
            "j04_the_events_of_a_commit_are_contiguous"
            "j08_nobody_passes_a_commit_that_is_still_to_come"
            "j11_a_tailing_reader_sees_each_event_once_and_in_order"
            "w10_a_reader_never_sees_state_without_event_nor_event_without_state"
            "w19_what_was_acknowledged_survives_a_kill"
        ]
        because "a state without its events shows to whoever looks, kills or commits in between; and it holds no lock";
    "keeps its lock when its caller goes" KeepsItsLock(Semaphore::new(1)),
        breaks ["w11_a_dropped_commit_leaves_all_or_nothing"];
    "lets readers pass a commit that is still to come" LetsReadersPass::default(),
        breaks [
            "j11_a_tailing_reader_sees_each_event_once_and_in_order"
        ] also [
            "j08_nobody_passes_a_commit_that_is_still_to_come"
        ]
        because "a reader that follows a late commit is the same reader";
}

struct ChecksTooEarly;

#[async_trait]
impl Tamper for ChecksTooEarly {
    async fn commit(&self, inner: &ReferenceStore, change_set: ChangeSet) -> Result<Committed> {
        if change_set.changes.is_empty() || change_set.idempotency.is_some() {
            return inner.commit(change_set).await;
        }
        inner.data.look().check(&change_set)?;
        others_run().await;
        inner.data.transaction(|contents| {
            let versions = contents.write(&change_set, inner.clock.now());
            Ok(Committed::Done { outcome: change_set.outcome(&versions, contents.head()), versions })
        })
    }
}

#[derive(Default)]
struct ShowsEarly(Shown);

#[async_trait]
impl Tamper for ShowsEarly {
    async fn load(&self, inner: &ReferenceStore, key: AggregateKey) -> Result<Option<Loaded>> {
        match self.0.get(key) {
            Some(early) => Ok(Some(early)),
            None => inner.load(key).await,
        }
    }

    async fn commit(&self, inner: &ReferenceStore, change_set: ChangeSet) -> Result<Committed> {
        inner.data.look().check(&change_set)?;
        for change in &change_set.changes {
            if let (portolan_kernel::Expected::At(version), Some(state)) = (change.expected, &change.state) {
                let version = change.version_after(version);
                let early =
                    Loaded { id: change.key.id, version, state: state.clone(), origin: Origin::Stored };
                self.0.lock().insert(change.key, early);
            }
        }
        others_run().await;
        let keys: Vec<_> = change_set.changes.iter().map(|change| change.key).collect();
        let committed = inner.commit(change_set).await;
        self.0.lock().retain(|key, _| !keys.contains(key));
        committed
    }
}

#[derive(Default)]
struct ShowsLate(Shown);

#[async_trait]
impl Tamper for ShowsLate {
    async fn load(&self, inner: &ReferenceStore, key: AggregateKey) -> Result<Option<Loaded>> {
        match self.0.get(key) {
            Some(late) => Ok(Some(late)),
            None => inner.load(key).await,
        }
    }

    async fn commit(&self, inner: &ReferenceStore, change_set: ChangeSet) -> Result<Committed> {
        let keys: Vec<_> = change_set.changes.iter().map(|change| change.key).collect();
        for key in &keys {
            if let Some(late) = inner.load(*key).await? {
                self.0.lock().insert(*key, late);
            }
        }
        let committed = inner.commit(change_set).await;
        others_run().await;
        self.0.lock().retain(|key, _| !keys.contains(key));
        committed
    }
}

/// What is shown in place of what is stored.
#[derive(Default)]
struct Shown(Mutex<HashMap<AggregateKey, Loaded>>);

impl Shown {
    fn lock(&self) -> MutexGuard<'_, HashMap<AggregateKey, Loaded>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, key: AggregateKey) -> Option<Loaded> {
        self.lock().get(&key).cloned()
    }
}

struct WritesInTwoSteps;

#[async_trait]
impl Tamper for WritesInTwoSteps {
    async fn commit(&self, inner: &ReferenceStore, change_set: ChangeSet) -> Result<Committed> {
        if change_set.idempotency.is_some() || change_set.changes.is_empty() {
            return inner.commit(change_set).await;
        }
        let now = inner.clock.now();
        let (journal, committed) = {
            let mut contents = inner.data.look();
            contents.check(&change_set)?;
            let before = contents.journal.len();
            let versions = contents.write(&change_set, now);
            let outcome = change_set.outcome(&versions, contents.head());
            (contents.journal.split_off(before), Committed::Done { outcome, versions })
        };
        tokio::task::yield_now().await;
        inner.data.transaction(|contents| {
            contents.journal.extend(journal);
            Ok(())
        })?;
        Ok(committed)
    }
}

struct KeepsItsLock(Semaphore);

#[async_trait]
impl Tamper for KeepsItsLock {
    async fn commit(&self, inner: &ReferenceStore, change_set: ChangeSet) -> Result<Committed> {
        if let Ok(permit) = self.0.acquire().await {
            permit.forget();
        }
        let committed = inner.commit(change_set).await;
        self.0.add_permits(1);
        committed
    }
}

#[derive(Default)]
struct LetsReadersPass(Mutex<HashSet<Position>>);

#[async_trait]
impl Tamper for LetsReadersPass {
    async fn commit(&self, inner: &ReferenceStore, change_set: ChangeSet) -> Result<Committed> {
        let committed = inner.commit(change_set).await;
        if let Ok(Committed::Done { outcome: Outcome::Accepted(receipt), .. }) = &committed {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(receipt.position);
            others_run().await;
            self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&receipt.position);
        }
        committed
    }

    async fn read(&self, inner: &ReferenceStore, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        let mut events = inner.read(after, limit).await?;
        let hidden = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events.retain(|event| !hidden.contains(&event.commit_position));
        Ok(events)
    }
}
