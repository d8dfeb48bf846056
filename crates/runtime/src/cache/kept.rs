//! The copies themselves, up to a weight.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use portolan_kernel::{
    AggregateKey, AggregateType, AnyState, Envelope, Expected, Registry, Replayed, Version, Watcher,
};
use quick_cache::Weighter;
use quick_cache::sync::{Cache, EntryAction, EntryResult};

/// For how many aggregates the cache's tables are made; they grow beyond it.
const MOST_EXPECTED: usize = 10_000;

/// The newest committed state that this process knows of each aggregate that is used most.
pub(super) struct Kept {
    registry: Registry,
    copies: Cache<AggregateKey, Copied, Weight>,
}

/// An aggregate as it is kept.
#[derive(Clone)]
pub(super) struct Copied {
    pub(super) version: Version,
    pub(super) state: AnyState,
    /// Taken when it was put in: the cache asks again when it takes it out, and the answers must agree.
    weight: u32,
}

impl Kept {
    pub(super) fn new(registry: Registry, capacity: u64) -> Self {
        let expected = usize::try_from(capacity).unwrap_or(usize::MAX).min(MOST_EXPECTED);
        Self { registry, copies: Cache::with_weighter(expected, capacity, Weight) }
    }

    /// How many there are, and what they weigh together.
    pub(super) fn size(&self) -> (usize, u64) {
        (self.copies.len(), self.copies.weight())
    }

    pub(super) fn get(&self, key: AggregateKey) -> Option<Copied> {
        self.copies.get(&key)
    }

    /// Keeps this state, unless a newer one is there.
    pub(super) fn put(&self, key: AggregateKey, version: Version, state: AnyState) {
        let weight = self.registry.get(key.aggregate_type).map_or(1, |registered| registered.weight(&state));
        let copied = Copied { version, state, weight: weight.max(1) };
        let place = self.copies.entry(&key, None, |_, kept: &mut Copied| {
            if kept.version >= copied.version {
                return EntryAction::Retain(());
            }
            if kept.weight != copied.weight {
                // Put in anew, because only that makes room for what it has grown by.
                return EntryAction::ReplaceWithGuard;
            }
            *kept = copied.clone();
            EntryAction::Retain(())
        });
        if let EntryResult::Vacant(vacant) | EntryResult::Replaced(vacant, _) = place {
            // Where it is too heavy, or was forgotten meanwhile, it is not kept: a load asks the store then.
            let _ = vacant.insert(copied);
        }
    }

    pub(super) fn remove(&self, key: AggregateKey) {
        self.copies.remove(&key);
    }

    /// Lets go of what may have been decided on; a later copy is not it.
    pub(super) fn doubt(&self, key: AggregateKey, expected: Expected) {
        let is_behind = |copied: &Copied| copied.version <= expected.version();
        self.copies.remove_if(&key, |copied| expected == Expected::Absent || is_behind(copied));
    }

    /// Brings the copy of one aggregate up to these events of it, which follow one another.
    fn follow(&self, events: &[Envelope]) {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return };
        // Of a type that is not registered nothing is kept.
        let Ok(known) = self.registry.get(&first.aggregate_type) else { return };
        let key = AggregateKey { aggregate_type: known.name(), id: first.aggregate_id };
        // Of most that others change there is none, and that is told without the lock that the rest is done under.
        if self.copies.peek(&key).is_none_or(|kept| kept.version >= last.version) {
            return;
        }
        let mut grown = None;
        let place = self.copies.entry(&key, None, |_, kept: &mut Copied| {
            if kept.version >= last.version {
                return EntryAction::Retain(());
            }
            // It is gone, or what happened to it is not known: a load asks the store.
            let Some(Copied { version, state, weight }) = followed(known, kept, events) else {
                return EntryAction::Remove;
            };
            (kept.version, kept.state) = (version, state);
            if kept.weight == weight {
                return EntryAction::Retain(());
            }
            grown = Some(Copied { weight, ..kept.clone() });
            EntryAction::ReplaceWithGuard
        });
        if let (EntryResult::Vacant(vacant) | EntryResult::Replaced(vacant, _), Some(grown)) = (place, grown)
        {
            let _ = vacant.insert(grown);
        }
    }
}

/// The copy behind those of these events that it does not know yet. Its state is taken out, so that it is changed where it is and
/// copied only where a command is deciding on it.
fn followed(known: &dyn AggregateType, kept: &mut Copied, events: &[Envelope]) -> Option<Copied> {
    let next = events.iter().position(|event| event.version.get() == kept.version.get() + 1)?;
    let state = std::mem::replace(&mut kept.state, Arc::new(()));
    let from = Replayed { state: Some(state), version: kept.version };
    let follow = || {
        let Replayed { state, version } = known.replay(from, events.get(next..).unwrap_or_default()).ok()?;
        let state = state?;
        let weight = known.weight(&state).max(1);
        Some(Copied { version, state, weight })
    };
    // What panics on an event of another process is to end neither the cache nor whoever brings the event.
    catch_unwind(AssertUnwindSafe(follow)).ok().flatten()
}

impl Watcher for Kept {
    fn committed_elsewhere(&self, events: &[Envelope]) {
        let is_same = |left: &Envelope, right: &Envelope| {
            left.aggregate_id == right.aggregate_id && left.aggregate_type == right.aggregate_type
        };
        events.chunk_by(is_same).for_each(|events| self.follow(events));
    }
}

#[derive(Clone)]
struct Weight;

impl Weighter<AggregateKey, Copied> for Weight {
    fn weight(&self, _: &AggregateKey, copied: &Copied) -> u64 {
        u64::from(copied.weight)
    }
}
