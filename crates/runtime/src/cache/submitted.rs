//! What this process has handed to the store and is not committed yet.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use portolan_kernel::{AggregateKey, AnyState, Change, Expected, Loaded, Origin, Version};
use uuid::Uuid;

/// Maps that aggregates are spread over, so that commits seldom wait for each other's lock.
const SHARDS: usize = 16;

/// The newest state of each aggregate that a commit is writing.
///
/// Its size has the bound of the store's queue: an aggregate is in it as long as a change set of it waits there.
#[derive(Default)]
pub(super) struct Submitted {
    shards: [Mutex<HashMap<AggregateKey, State>>; SHARDS],
    chains: AtomicU64,
}

struct State {
    version: Version,
    state: AnyState,
    event_id: Uuid,
    /// The changes that were decided on one another, back to one that was decided on a committed state: they stand and
    /// fall together.
    chain: u64,
}

/// A change that was told of, until its outcome is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    key: AggregateKey,
    event_id: Uuid,
    chain: u64,
}

impl Submitted {
    /// The state that a commit is writing.
    pub(super) fn load(&self, key: AggregateKey) -> Option<Loaded> {
        self.lock(key).get(&key).map(|State { version, state, event_id, .. }| Loaded {
            id: key.id,
            version: *version,
            state: AnyState::clone(state),
            origin: Origin::Submitted { event_id: *event_id },
        })
    }

    pub(super) fn contains(&self, key: AggregateKey) -> bool {
        self.lock(key).contains_key(&key)
    }

    /// Tells of this change, which the store has: not of a removal, and not beside another one that it does not build on.
    pub(super) fn tell(&self, change: &ToTell) -> Option<Told> {
        let ToTell { key, expected, version, ref state, event_id } = *change;
        let mut shard = self.lock(key);
        let entry = shard.entry(key);
        let chain = match (&entry, expected) {
            (Entry::Occupied(before), Expected::MadeBy(_, event)) if before.get().event_id == event => {
                before.get().chain
            }
            (Entry::Occupied(_), _) => return None,
            (Entry::Vacant(_), _) => self.chains.fetch_add(1, Ordering::Relaxed),
        };
        entry.insert_entry(State { version, state: AnyState::clone(state), event_id, chain });
        Some(Told { key, event_id, chain })
    }

    /// It is committed, or its outcome will not be heard of: the next one tells of itself.
    pub(super) fn settle(&self, told: Told) {
        self.remove_if(told.key, |state| state.event_id == told.event_id);
    }

    /// It was not committed, and neither will be what was decided on it.
    pub(super) fn withdraw(&self, told: Told) {
        self.remove_if(told.key, |state| state.chain == told.chain);
    }

    /// No longer answers it.
    pub(super) fn forget(&self, key: AggregateKey) {
        self.lock(key).remove(&key);
    }

    fn remove_if(&self, key: AggregateKey, is_it: impl FnOnce(&State) -> bool) {
        if let Entry::Occupied(found) = self.lock(key).entry(key)
            && is_it(found.get())
        {
            found.remove();
        }
    }

    fn lock(&self, key: AggregateKey) -> MutexGuard<'_, HashMap<AggregateKey, State>> {
        let shard = usize::from(key.id.as_bytes()[15]) % SHARDS;
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change of a change set, as far as others may decide on it.
pub(super) struct ToTell {
    pub(super) key: AggregateKey,
    expected: Expected,
    version: Version,
    pub(super) state: AnyState,
    event_id: Uuid,
}

impl ToTell {
    /// None of a removal, nor of what is made: where its id was used before, only the store knows the version.
    pub(super) fn of(change: &Change) -> Option<Self> {
        let (state, event) = (change.state.as_ref()?, change.events.last()?);
        if change.expected == Expected::Absent {
            return None;
        }
        let version = change.version_after(change.expected.version());
        Some(Self {
            key: change.key,
            expected: change.expected,
            version,
            state: AnyState::clone(state),
            event_id: event.event_id,
        })
    }
}
