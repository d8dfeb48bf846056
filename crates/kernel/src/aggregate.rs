//! Aggregates (Evans): the unit of consistency. State that changes only by what its events say.

use std::fmt;

use uuid::Uuid;

use crate::{Id, Version};

/// A cluster of state with one root, changed as a whole, whose state is what [`apply`](Self::apply) makes of
/// its events.
///
/// The methods that decide (`listing.place_bid(..)`) take `&self`, check the rules, and answer events or a
/// typed refusal; they change nothing. Whoever holds the aggregate applies the events
/// ([`Handle::execute`](crate::Handle::execute)). So replaying a history gives the state that was stored, and
/// storage by rows, by document and by events are interchangeable.
pub trait Aggregate: Clone + PartialEq + fmt::Debug + Send + Sync + Sized + 'static {
    /// The stable name of this type in the journal, in lower case: `listing`.
    const TYPE: &'static str;

    /// Its id.
    type Id: Id;

    /// What can happen to it.
    type Event: Clone + PartialEq + fmt::Debug + Send + Sync + 'static;

    /// The aggregate that this event begins; `None` for an event that does not begin one.
    fn create(event: &Self::Event) -> Option<Self>;

    /// Takes over what the event says. Total: it has no rules, no errors, and knows no clock.
    fn apply(&mut self, event: &Self::Event);

    /// Its id.
    fn id(&self) -> Self::Id;

    /// How much memory it takes, its texts and elements included: about, in units of [`WEIGHT_UNIT_BYTES`], from 1
    /// ([`weight_of_bytes`]). A cache is bounded by it. By default what the type itself takes, without what it
    /// points to: to be written for an aggregate with texts or elements.
    fn weight(&self) -> u32 {
        weight_of_bytes(size_of::<Self>())
    }

    /// Its name across all types.
    fn key(&self) -> AggregateKey {
        AggregateKey::of::<Self>(self.id())
    }
}

/// The unit of [`Aggregate::weight`]: 256 bytes.
pub const WEIGHT_UNIT_BYTES: u64 = 256;

/// The [`Aggregate::weight`] of so many bytes: rounded up, and never 0.
#[must_use]
pub fn weight_of_bytes(bytes: usize) -> u32 {
    let units = (bytes as u64).div_ceil(WEIGHT_UNIT_BYTES).max(1);
    u32::try_from(units).unwrap_or(u32::MAX)
}

/// The state that a history leaves: `None` where the first event begins nothing.
pub fn replay<'a, A: Aggregate>(history: impl IntoIterator<Item = &'a A::Event>) -> Option<A> {
    let mut history = history.into_iter();
    let mut state = A::create(history.next()?)?;
    history.for_each(|event| state.apply(event));
    Some(state)
}

/// The name of one aggregate across all types.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AggregateKey {
    /// [`Aggregate::TYPE`].
    pub aggregate_type: &'static str,
    /// Its id.
    pub id: Uuid,
}

impl AggregateKey {
    /// The key of the aggregate of type `A` with this id.
    pub fn of<A: Aggregate>(id: A::Id) -> Self {
        Self { aggregate_type: A::TYPE, id: id.uuid() }
    }
}

impl fmt::Display for AggregateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.aggregate_type, self.id)
    }
}

impl fmt::Debug for AggregateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// What a change, or a decision that only read, takes for granted about an aggregate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// There is none with this id now (there may have been one, removed since).
    Absent,
    /// It is at this version.
    At(Version),
    /// It is at this version, and this event made it so. Said of a state that was with the store and not committed yet
    /// when it was decided on ([`Origin::Submitted`](crate::Origin::Submitted)): where that change came to nothing, another
    /// may have led to the same version.
    MadeBy(Version, Uuid),
}

impl Expected {
    /// The version; 0 for one that is not there.
    #[must_use]
    pub const fn version(self) -> Version {
        match self {
            Self::At(version) | Self::MadeBy(version, _) => version,
            Self::Absent => Version::ZERO,
        }
    }
}
