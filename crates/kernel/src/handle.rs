//! Handles: the only way to change an aggregate inside a unit of work.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    Aggregate, AggregateKey, AnyState, Change, Codec, Error, Expected, IdSource, NewEvent, REMOVED, Result,
    Version,
};

/// A cheap, shared handle on one aggregate of a unit of work. Clones, and further gets of the same id, are handles
/// on the same copy.
pub struct Handle<A: Aggregate>(Arc<Slot<A>>);

impl<A: Aggregate> Handle<A> {
    pub(crate) fn new(
        key: AggregateKey,
        expected: Expected,
        state: Arc<A>,
        codec: Arc<dyn Codec<A>>,
    ) -> Self {
        let tracked = Tracked { state, events: Vec::new(), removed: false, must_not_change: false };
        Self(Arc::new(Slot { key, expected, codec, tracked: Mutex::new(tracked) }))
    }

    pub(crate) fn begun(
        key: AggregateKey,
        state: A,
        events: Vec<A::Event>,
        codec: Arc<dyn Codec<A>>,
    ) -> Self {
        let tracked = Tracked { state: Arc::new(state), events, removed: false, must_not_change: false };
        Self(Arc::new(Slot { key, expected: Expected::Absent, codec, tracked: Mutex::new(tracked) }))
    }

    pub(crate) fn from_any(slot: &Arc<dyn AnySlot>) -> Option<Self> {
        Arc::clone(slot).as_any().downcast::<Slot<A>>().ok().map(Self)
    }

    pub(crate) fn slot(&self) -> Arc<dyn AnySlot> {
        Arc::clone(&self.0) as Arc<dyn AnySlot>
    }

    /// Lets the aggregate decide, and applies the events of its decision; a refusal changes nothing.
    ///
    /// ```text
    /// listing.execute(|listing| listing.place_bid(bidder, ceiling, now))?;
    /// ```
    ///
    /// # Errors
    /// The aggregate's refusal.
    pub fn execute<E>(&self, decide: impl FnOnce(&A) -> Result<Vec<A::Event>, E>) -> Result<(), E> {
        let mut tracked = self.0.lock();
        let events = decide(&tracked.state)?;
        if !events.is_empty() {
            // Copies the state where somebody else still holds it, and changes it in place otherwise.
            let state = Arc::make_mut(&mut tracked.state);
            events.iter().for_each(|event| state.apply(event));
            tracked.events.extend(events);
        }
        Ok(())
    }

    /// What `look` sees in the current state, the unit's own changes included.
    pub fn read<R>(&self, look: impl FnOnce(&A) -> R) -> R {
        look(&self.0.lock().state)
    }

    /// The current state; later changes do not show in it.
    #[must_use]
    pub fn state(&self) -> Arc<A> {
        Arc::clone(&self.0.lock().state)
    }

    /// The version that it was read at; 0 for one that the unit of work added.
    #[must_use]
    pub fn version(&self) -> Version {
        self.0.version()
    }

    /// Its name across all types.
    #[must_use]
    pub fn key(&self) -> AggregateKey {
        self.0.key
    }

    pub(crate) fn remove(&self) {
        self.0.lock().removed = true;
    }

    pub(crate) fn must_not_change(&self) {
        self.0.lock().must_not_change = true;
    }
}

impl<A: Aggregate> Clone for Handle<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A: Aggregate> fmt::Debug for Handle<A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Handle({} at version {})", self.key(), self.version())
    }
}

/// One aggregate of a unit of work: an entry of its identity map.
struct Slot<A: Aggregate> {
    key: AggregateKey,
    expected: Expected,
    codec: Arc<dyn Codec<A>>,
    tracked: Mutex<Tracked<A>>,
}

struct Tracked<A: Aggregate> {
    state: Arc<A>,
    events: Vec<A::Event>,
    removed: bool,
    must_not_change: bool,
}

impl<A: Aggregate> Slot<A> {
    /// A decision that panicked changed nothing, so a poisoned lock guards a good state.
    fn lock(&self) -> MutexGuard<'_, Tracked<A>> {
        self.tracked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn version(&self) -> Version {
        self.expected.version()
    }
}

/// An entry of the identity map whose type only its repository knows.
pub(crate) trait AnySlot: Send + Sync {
    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;

    fn expected(&self) -> Expected;

    fn version_read(&self) -> Version;

    fn must_not_change(&self) -> bool;

    fn is_removed(&self) -> bool;

    /// What to write for it; `None` where nothing happened to it. Takes the events, so it is asked once.
    fn take_change(&self, ids: &dyn IdSource) -> Result<Option<Change>>;
}

impl<A: Aggregate> AnySlot for Slot<A> {
    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn expected(&self) -> Expected {
        self.expected
    }

    fn version_read(&self) -> Version {
        self.version()
    }

    fn must_not_change(&self) -> bool {
        self.lock().must_not_change
    }

    fn is_removed(&self) -> bool {
        self.lock().removed
    }

    fn take_change(&self, ids: &dyn IdSource) -> Result<Option<Change>> {
        let mut tracked = self.lock();
        let typed = std::mem::take(&mut tracked.events);
        if typed.is_empty() && !tracked.removed {
            return Ok(None);
        }
        if tracked.removed && !typed.is_empty() {
            return Err(Error::Invalid(format!("{} was changed and removed in one unit of work", self.key)));
        }
        let mut events = Vec::with_capacity(typed.len() + 1);
        for event in &typed {
            let encoded = self.codec.encode_event(event)?;
            events.push(NewEvent {
                event_id: ids.next_id(),
                event_type: encoded.name,
                schema_version: encoded.schema_version,
                payload: encoded.json,
            });
        }
        if tracked.removed {
            let payload = "{}".to_owned();
            events.push(NewEvent {
                event_id: ids.next_id(),
                event_type: REMOVED,
                schema_version: 1,
                payload,
            });
        }
        let state = (!tracked.removed).then(|| Arc::clone(&tracked.state) as AnyState);
        Ok(Some(Change {
            key: self.key,
            expected: self.expected,
            state,
            events,
            typed_events: Arc::new(typed),
        }))
    }
}
