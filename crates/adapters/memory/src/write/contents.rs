//! All that a store holds, and what a commit does to it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use portolan_kernel::{
    AggregateKey, Change, ChangeSet, Checkpoint, Committed, Deadline, Envelope, Epoch, Error, Kept, Position,
    RecordedOutcome, Reset, Result, SubscriptionId, Timestamp, Version, check_expected,
};
use uuid::Uuid;

use super::keeping::{Found, Stored};

/// All that a store holds.
#[derive(Default)]
pub(super) struct Contents {
    /// Every aggregate that ever was.
    pub(super) aggregates: BTreeMap<AggregateKey, Kin>,
    /// The event at position `n` is at index `n - 1`; shared, so that readers copy it without the lock.
    pub(super) journal: Vec<Arc<Envelope>>,
    event_ids: HashSet<Uuid>,
    outcomes: HashMap<Uuid, (RecordedOutcome, Kept)>,
    /// When which outcome is over.
    expiring: BTreeSet<(Timestamp, Uuid)>,
    pub(super) checkpoints: BTreeMap<SubscriptionId, Checkpoint>,
    pub(super) resets: Vec<(SubscriptionId, Position, Reset)>,
    pub(super) deadlines: BTreeMap<(String, Uuid), Deadline>,
    pub(super) leases: BTreeMap<SubscriptionId, Held>,
}

/// One aggregate: what it is, and where in the journal its events are.
#[derive(Default)]
pub(super) struct Kin {
    pub(super) version: Version,
    /// None after a removal.
    pub(super) stored: Option<Stored>,
    /// In the order of versions, which begin at 1.
    pub(super) events: Vec<Arc<Envelope>>,
}

impl Kin {
    /// What there is of it, unless it was removed.
    pub(super) fn found(&self, id: Uuid) -> Option<Found> {
        let stored = self.stored.clone()?;
        let events = if let Stored::Events = stored { self.events.clone() } else { Vec::new() };
        Some(Found { id, version: self.version, stored, events })
    }
}

/// The present owner of a subscription, or the last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Held {
    pub(super) epoch: Epoch,
    pub(super) is_held: bool,
}

impl Contents {
    pub(super) fn head(&self) -> Position {
        Position(self.journal.len() as u64)
    }

    /// The record of a command whose time is not over.
    pub(super) fn outcome(&self, command_id: Uuid, now: Timestamp) -> Option<&RecordedOutcome> {
        let (recorded, kept) = self.outcomes.get(&command_id)?;
        match kept {
            Kept::Until(until) if *until <= now => None,
            _ => Some(recorded),
        }
    }

    /// Writes the change set whole, or not at all: everything is looked at before anything is changed. `stored` is what
    /// is to be kept after each of its changes.
    pub(super) fn commit(
        &mut self,
        change_set: &ChangeSet,
        stored: Vec<Option<Stored>>,
        now: Timestamp,
    ) -> Result<Committed> {
        if let Some(recorded) = self.outcome(change_set.command_id, now) {
            return Ok(Committed::repeated(change_set, recorded));
        }
        self.check(change_set)?;
        self.remove_expired(now);
        let count: usize = change_set.changes.iter().map(|change| change.events.len()).sum();
        let end = self.head().plus(count as u64);
        let changes = change_set.changes.iter().zip(stored);
        let versions: Vec<Version> =
            changes.map(|(change, stored)| self.write(change_set, change, stored, end, now)).collect();
        let outcome = change_set.outcome(&versions, end);
        if let Some(idempotency) = change_set.idempotency {
            let recorded =
                RecordedOutcome { fingerprint: idempotency.fingerprint.0, outcome: outcome.clone() };
            self.outcomes.insert(change_set.command_id, (recorded, idempotency.kept));
            if let Kept::Until(until) = idempotency.kept {
                self.expiring.insert((until, change_set.command_id));
            }
        }
        Ok(Committed::Done { outcome, versions })
    }

    fn check(&self, change_set: &ChangeSet) -> Result<()> {
        for (index, (key, expected)) in change_set.expectations().enumerate() {
            let live = self.aggregates.get(&key).filter(|kin| kin.stored.is_some());
            let is_change = index < change_set.changes.len();
            check_expected(key, expected, live.map(|kin| kin.version), is_change)?;
        }
        let mut ids = change_set.changes.iter().flat_map(|change| &change.events);
        match ids.find(|event| self.event_ids.contains(&event.event_id)) {
            Some(event) => Err(Error::AlreadyExists(format!("the event {}", event.event_id))),
            None => Ok(()),
        }
    }

    fn write(
        &mut self,
        change_set: &ChangeSet,
        change: &Change,
        stored: Option<Stored>,
        commit_position: Position,
        recorded_at: Timestamp,
    ) -> Version {
        let kin = self.aggregates.entry(change.key).or_default();
        for event in &change.events {
            kin.version = kin.version.plus(1);
            let envelope = Arc::new(Envelope {
                position: Position(self.journal.len() as u64 + 1),
                commit_position,
                event_id: event.event_id,
                aggregate_type: change.key.aggregate_type.to_owned(),
                aggregate_id: change.key.id,
                version: kin.version,
                event_type: event.event_type.to_owned(),
                schema_version: event.schema_version,
                payload: event.payload.clone(),
                metadata: change_set.metadata.to_string(),
                occurred_at: change_set.occurred_at,
                recorded_at,
            });
            self.event_ids.insert(event.event_id);
            kin.events.push(Arc::clone(&envelope));
            self.journal.push(envelope);
        }
        kin.stored = stored;
        kin.version
    }

    fn remove_expired(&mut self, now: Timestamp) {
        while let Some((until, command_id)) =
            self.expiring.first().copied().filter(|(until, _)| *until <= now)
        {
            self.expiring.remove(&(until, command_id));
            // It may have been given again, for longer.
            if self.outcomes.get(&command_id).is_some_and(|(_, kept)| *kept == Kept::Until(until)) {
                self.outcomes.remove(&command_id);
            }
        }
    }
}
