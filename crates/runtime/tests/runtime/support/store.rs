//! A write store and its journal in memory, with counters, gates and faults.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, AnyState, ChangeSet, Committed, Envelope, Error, Expected, Journal, Loaded, Metadata,
    Origin, Position, RecordedOutcome, Result, Selection, Until, Version, Watcher, WriteStore,
    check_expected, downcast,
};
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use super::{Counter, key, noon};

pub struct FakeStore {
    tables: Mutex<Tables>,
    head: watch::Sender<Position>,
    /// How many commits may pass; as many as come, by default.
    pub gate: Semaphore,
    /// Whether change sets that are decided on one another may wait at the gate together.
    pub takes_followers: AtomicBool,
    /// What the next commits fail with.
    pub commit_faults: Mutex<VecDeque<Error>>,
    /// What the next reads of the journal fail with.
    pub read_faults: Mutex<VecDeque<Error>>,
    /// What the next waits for an event fail with.
    pub wait_faults: Mutex<VecDeque<Error>>,
    /// Whether queries hang.
    pub slow_query: Mutex<bool>,
    /// How often still somebody else commits an event just before the head is read.
    pub busy_heads: AtomicUsize,
    /// Who is to be told what others commit.
    pub watchers: Mutex<Vec<Arc<dyn Watcher>>>,
    pub loads: AtomicUsize,
    pub commits: AtomicUsize,
    pub reads: AtomicUsize,
}

#[derive(Default)]
struct Tables {
    aggregates: HashMap<AggregateKey, (AnyState, Version)>,
    outcomes: HashMap<Uuid, RecordedOutcome>,
    journal: Vec<Envelope>,
}

impl Default for FakeStore {
    fn default() -> Self {
        Self {
            tables: Mutex::default(),
            head: watch::Sender::new(Position::ZERO),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            takes_followers: AtomicBool::new(false),
            commit_faults: Mutex::default(),
            read_faults: Mutex::default(),
            wait_faults: Mutex::default(),
            slow_query: Mutex::default(),
            busy_heads: AtomicUsize::new(0),
            watchers: Mutex::default(),
            loads: AtomicUsize::new(0),
            commits: AtomicUsize::new(0),
            reads: AtomicUsize::new(0),
        }
    }
}

impl FakeStore {
    pub fn value(&self, n: u128) -> Option<i64> {
        let tables = self.tables();
        let (state, _) = tables.aggregates.get(&key(n))?;
        downcast::<Counter>(state).ok().map(|counter| counter.value)
    }

    pub fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }

    /// What the journal says about the command of each event.
    pub fn metadata(&self) -> Vec<Metadata> {
        self.tables().journal.iter().map(|envelope| envelope.metadata().unwrap()).collect()
    }

    pub fn journal(&self) -> Vec<Envelope> {
        self.tables().journal.clone()
    }

    /// Tells whoever watches these events of the journal, as what others have committed.
    pub fn tell(&self, events: std::ops::Range<usize>) {
        let events = self.journal()[events].to_vec();
        self.watchers.lock().unwrap().iter().for_each(|watcher| watcher.committed_elsewhere(&events));
    }

    /// Lets commits through only as [`gate`](Self::gate) gets permits.
    pub fn close_gate(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Puts an event into the journal as it is: for what no commit here would write.
    pub fn append(&self, event_type: &str, payload: &str) {
        let mut tables = self.tables();
        let position = Position(tables.journal.len() as u64 + 1);
        tables.journal.push(Envelope {
            position,
            commit_position: position,
            event_id: Uuid::from_u128(u128::from(position.get())),
            aggregate_type: "counter".to_owned(),
            aggregate_id: Uuid::from_u128(1),
            version: Version(position.get()),
            event_type: event_type.to_owned(),
            schema_version: 1,
            payload: payload.to_owned(),
            metadata: serde_json::to_string(&super::context(77).metadata()).unwrap(),
            occurred_at: noon(),
            recorded_at: noon(),
        });
        drop(tables);
        self.head.send_replace(position);
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap()
    }
}

impl Tables {
    fn check(&self, change_set: &ChangeSet) -> Result<()> {
        for (key, expected) in change_set.expectations() {
            let current = self.aggregates.get(&key).map(|(_, version)| *version);
            let creates = change_set.changes.iter().any(|change| change.key == key);
            if let Expected::MadeBy(_, event_id) = expected {
                let newest = self.journal.iter().rev().find(|envelope| envelope.aggregate_id == key.id);
                if newest.is_some_and(|newest| newest.event_id == event_id) {
                    continue;
                }
            }
            check_expected(key, expected, current, creates)?;
        }
        Ok(())
    }

    fn write(&mut self, change_set: &ChangeSet) -> Vec<Version> {
        let written: usize = change_set.changes.iter().map(|change| change.events.len()).sum();
        let commit_position = Position((self.journal.len() + written) as u64);
        let mut versions = Vec::new();
        for change in &change_set.changes {
            let mut version = change.expected.version();
            for event in &change.events {
                version = version.plus(1);
                self.journal.push(Envelope {
                    position: Position(self.journal.len() as u64 + 1),
                    commit_position,
                    event_id: event.event_id,
                    aggregate_type: change.key.aggregate_type.to_owned(),
                    aggregate_id: change.key.id,
                    version,
                    event_type: event.event_type.to_owned(),
                    schema_version: event.schema_version,
                    payload: event.payload.clone(),
                    metadata: change_set.metadata.to_string(),
                    occurred_at: change_set.occurred_at,
                    recorded_at: noon(),
                });
            }
            match &change.state {
                Some(state) => self.aggregates.insert(change.key, (state.clone(), version)),
                None => self.aggregates.remove(&change.key),
            };
            versions.push(version);
        }
        versions
    }
}

#[async_trait]
impl WriteStore for FakeStore {
    async fn load(&self, key: AggregateKey) -> Result<Option<Loaded>> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        let found = self.tables().aggregates.get(&key).cloned();
        tokio::task::yield_now().await;
        Ok(found.map(|(state, version)| Loaded { id: key.id, version, state, origin: Origin::Stored }))
    }

    async fn select(&self, _: Selection<'_>) -> Result<Vec<Loaded>> {
        Err(Error::Unsupported("a search".to_owned()))
    }

    async fn commit(&self, change_set: ChangeSet) -> Result<Committed> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        if let Some(fault) = self.commit_faults.lock().unwrap().pop_front() {
            return Err(fault);
        }
        let mut tables = self.tables();
        if let Some(recorded) = tables.outcomes.get(&change_set.command_id) {
            return Ok(Committed::repeated(&change_set, recorded));
        }
        tables.check(&change_set)?;
        let versions = tables.write(&change_set);
        let position = Position(tables.journal.len() as u64);
        let outcome = change_set.outcome(&versions, position);
        if let Some(idempotency) = change_set.idempotency {
            let recorded =
                RecordedOutcome { fingerprint: idempotency.fingerprint.0, outcome: outcome.clone() };
            tables.outcomes.insert(change_set.command_id, recorded);
        }
        drop(tables);
        self.head.send_replace(position);
        Ok(Committed::Done { outcome, versions })
    }

    async fn outcome(&self, command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        Ok(self.tables().outcomes.get(&command_id).cloned())
    }

    fn takes_followers(&self) -> bool {
        self.takes_followers.load(Ordering::SeqCst)
    }

    fn watched_by(&self, watcher: Arc<dyn Watcher>) {
        self.watchers.lock().unwrap().push(watcher);
    }

    fn last_position(&self) -> Position {
        *self.head.borrow()
    }
}

#[async_trait]
impl Journal for FakeStore {
    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        if let Some(fault) = self.read_faults.lock().unwrap().pop_front() {
            return Err(fault);
        }
        let tables = self.tables();
        let from = usize::try_from(after.get()).unwrap().min(tables.journal.len());
        let mut to = (from + limit).min(tables.journal.len());
        while to > from && tables.journal[to - 1].commit_position > tables.journal[to - 1].position {
            to += 1;
        }
        Ok(tables.journal[from..to].to_vec())
    }

    async fn head(&self) -> Result<Position> {
        let busy = |left: usize| left.checked_sub(1);
        if self.busy_heads.fetch_update(Ordering::SeqCst, Ordering::SeqCst, busy).is_ok() {
            self.append("Started", &format!("\"{}\"", Uuid::from_u128(1)));
        }
        Ok(*self.head.borrow())
    }

    async fn history(&self, _: AggregateKey, _: Version, _: Until, _: usize) -> Result<Vec<Envelope>> {
        Err(Error::Unsupported("a history".to_owned()))
    }

    async fn changed(&self, after: Position) -> Result<Position> {
        if let Some(fault) = self.wait_faults.lock().unwrap().pop_front() {
            return Err(fault);
        }
        let mut head = self.head.subscribe();
        head.wait_for(|head| *head > after)
            .await
            .map(|head| *head)
            .map_err(|_| Error::Closed("the journal".to_owned()))
    }
}
