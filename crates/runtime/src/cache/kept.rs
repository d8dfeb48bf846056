//! The copies themselves, up to a weight.

use portolan_kernel::{AggregateKey, AnyState, Envelope, Expected, Registry, Replayed, Version, Watcher};
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
        let copied = self.get(key).filter(|copied| copied.version < last.version);
        let Some(Copied { version, state, .. }) = copied else { return };
        let is_next = |event: &Envelope| event.version.get() == version.get() + 1;
        let missing = events.iter().position(is_next).and_then(|next| events.get(next..));
        let followed = match missing {
            Some(missing) => known.replay(Replayed { state: Some(state), version }, missing),
            None => Ok(Replayed::default()),
        };
        match followed {
            Ok(Replayed { state: Some(state), version }) => self.put(key, version, state),
            // It is gone, or what happened to it is not known: a load asks the store.
            _ => self.doubt(key, Expected::At(version)),
        }
    }
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
