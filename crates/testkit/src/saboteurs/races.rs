//! Stores that are right for as long as nobody else is there.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use portolan_kernel::{
    Aggregate as _, AggregateKey, Change, ChangeSet, Committed, Envelope, Error, Expected, Journal as _,
    Loaded, Origin, Position, Result, WriteStore as _, downcast,
};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::inner::Inner;
use super::saboteurs;
use super::tamper::{Tamper, others_run};
use super::versions::commit_at_any_version;
use crate::counter::{Counter, Event};

saboteurs! {
    "checks versions before it has the lock" ChecksTooEarly,
        breaks [
            "w07_five_workers_with_ten_increments_make_fifty"
            "j03_of_two_writers_with_one_expectation_one_succeeds"
        ] also [
            "w08_one_of_twenty_takes_the_one_place"
        ]
        because "a place is taken by whoever comes, too";
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
    "writes event by event" WritesEventByEvent,
        breaks [
            "w11_a_dropped_commit_leaves_all_or_nothing"
        ] also [
            "j01_versions_and_positions_are_dense_and_rise"
            "j04_a_kill_leaves_whole_commits"
            "j04_the_events_of_a_commit_are_contiguous"
            "w20_two_aggregates_commit_together_or_not_at_all"
        ]
        because "a commit of two events is two, to whoever asks where it ends, looks or kills in between";
    "keeps its lock when its caller goes" KeepsItsLock(Mutex::new(free())),
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
    async fn commit(&self, inner: &Inner, change_set: ChangeSet) -> Result<Committed> {
        if change_set.changes.is_empty() || change_set.idempotency.is_some() {
            return inner.commit(change_set).await;
        }
        inner.check(&change_set).await?;
        others_run().await;
        commit_at_any_version(inner, change_set, |_| true).await
    }
}

#[derive(Default)]
struct ShowsEarly(Shown);

#[async_trait]
impl Tamper for ShowsEarly {
    async fn load(&self, inner: &Inner, key: AggregateKey) -> Result<Option<Loaded>> {
        match self.0.get(key) {
            Some(early) => Ok(Some(early)),
            None => inner.load(key).await,
        }
    }

    async fn commit(&self, inner: &Inner, change_set: ChangeSet) -> Result<Committed> {
        inner.check(&change_set).await?;
        let mut early = Vec::new();
        for change in &change_set.changes {
            if let (Expected::At(version), Some(state)) = (change.expected, &change.state) {
                let version = change.version_after(version);
                let (id, origin) = (change.key.id, Origin::Stored);
                early.push((change.key, Loaded { id, version, state: state.clone(), origin }));
            }
        }
        let _shown = self.0.show(early);
        others_run().await;
        inner.commit(change_set).await
    }
}

#[derive(Default)]
struct ShowsLate(Shown);

#[async_trait]
impl Tamper for ShowsLate {
    async fn load(&self, inner: &Inner, key: AggregateKey) -> Result<Option<Loaded>> {
        match self.0.get(key) {
            Some(late) => Ok(Some(late)),
            None => inner.load(key).await,
        }
    }

    async fn commit(&self, inner: &Inner, change_set: ChangeSet) -> Result<Committed> {
        let mut late = Vec::new();
        for change in &change_set.changes {
            late.extend(inner.load(change.key).await?.map(|loaded| (change.key, loaded)));
        }
        let _shown = self.0.show(late);
        let committed = inner.commit(change_set).await;
        others_run().await;
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

    /// Shows these until its caller has ended, or has gone away.
    fn show(&self, shown: Vec<(AggregateKey, Loaded)>) -> Showing<'_> {
        let keys = shown.iter().map(|(key, _)| *key).collect();
        self.lock().extend(shown);
        Showing(self, keys)
    }
}

struct Showing<'a>(&'a Shown, Vec<AggregateKey>);

impl Drop for Showing<'_> {
    fn drop(&mut self) {
        self.0.lock().retain(|key, _| !self.1.contains(key));
    }
}

struct WritesEventByEvent;

#[async_trait]
impl Tamper for WritesEventByEvent {
    async fn commit(&self, inner: &Inner, change_set: ChangeSet) -> Result<Committed> {
        let Some((first, rest)) = change_set.changes.split_first() else {
            return inner.commit(change_set).await;
        };
        let events = first.typed_events.downcast_ref::<Vec<Event>>().cloned().unwrap_or_default();
        let before = inner.load(first.key).await?;
        let (true, true, Some(before), None) = (
            rest.is_empty(),
            events.len() > 1 && events.len() == first.events.len(),
            before,
            change_set.idempotency,
        ) else {
            return inner.commit(change_set).await;
        };
        let mut state = downcast::<Counter>(&before.state)?.clone();
        let mut expected = first.expected;
        let mut committed = Err(Error::Invalid("a change without events".to_owned()));
        for (typed, event) in events.into_iter().zip(&first.events) {
            state.apply(&typed);
            let change = Change {
                expected,
                state: Some(Arc::new(state.clone())),
                events: vec![event.clone()],
                typed_events: Arc::new(vec![typed]),
                ..first.clone()
            };
            let one = inner.commit(ChangeSet { changes: vec![change], ..change_set.clone() }).await?;
            if let Committed::Done { versions, .. } = &one {
                expected = versions.first().map_or(expected, |version| Expected::At(*version));
            }
            committed = Ok(one);
            // Whoever drops it at some await point finds one here, however fast the store answers.
            others_run().await;
        }
        committed
    }
}

/// A lock that whoever opens the store finds free.
struct KeepsItsLock(Mutex<Arc<Semaphore>>);

impl KeepsItsLock {
    fn lock(&self) -> MutexGuard<'_, Arc<Semaphore>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Tamper for KeepsItsLock {
    fn opened(&self) {
        *self.lock() = free();
    }

    async fn commit(&self, inner: &Inner, change_set: ChangeSet) -> Result<Committed> {
        let lock = Arc::clone(&self.lock());
        if let Ok(permit) = lock.acquire().await {
            permit.forget();
        }
        let committed = inner.commit(change_set).await;
        lock.add_permits(1);
        committed
    }
}

fn free() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(1))
}

/// Shows every other commit late, and those between at once, until a reader that follows has passed one.
#[derive(Default)]
struct LetsReadersPass {
    commits: AtomicUsize,
    hidden: Mutex<HashSet<Uuid>>,
    is_passed: AtomicBool,
}

/// How often others run before a commit that nobody passes is shown all the same: there may be nobody who follows.
const LATE: usize = 24;

impl LetsReadersPass {
    fn hidden(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hides the events of this change set until its caller has ended, or has gone away.
    fn hide(&self, change_set: &ChangeSet) -> Hiding<'_> {
        let events = change_set.changes.iter().flat_map(|change| &change.events);
        let events: Vec<Uuid> = events.map(|event| event.event_id).collect();
        self.hidden().extend(&events);
        Hiding(self, events)
    }
}

struct Hiding<'a>(&'a LetsReadersPass, Vec<Uuid>);

impl Drop for Hiding<'_> {
    fn drop(&mut self) {
        self.0.hidden().retain(|event| !self.1.contains(event));
    }
}

#[async_trait]
impl Tamper for LetsReadersPass {
    async fn commit(&self, inner: &Inner, change_set: ChangeSet) -> Result<Committed> {
        if self.commits.fetch_add(1, Ordering::Relaxed) % 2 == 1 {
            return inner.commit(change_set).await;
        }
        let _hiding = self.hide(&change_set);
        let committed = inner.commit(change_set).await;
        for _ in 0..LATE {
            others_run().await;
            if self.is_passed.load(Ordering::Relaxed) {
                break;
            }
        }
        committed
    }

    async fn read(&self, inner: &Inner, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        loop {
            let mut events = inner.read(after, limit).await?;
            let (is_end, mut first_hidden) = (events.is_empty(), None);
            events.retain(|event| {
                let is_hidden = self.hidden().contains(&event.event_id);
                if is_hidden {
                    first_hidden.get_or_insert(event.position);
                }
                !is_hidden
            });
            // Where nothing came later there is nothing to pass.
            let last = events.last().map(|event| event.position);
            if first_hidden.is_some_and(|first| last > Some(first)) {
                self.is_passed.store(true, Ordering::Relaxed);
            }
            if is_end || last.is_some() {
                return Ok(events);
            }
            others_run().await;
        }
    }
}
