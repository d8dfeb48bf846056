//! How an aggregate and its events look when they are stored: known to the application, used by every adapter.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::{Aggregate, Envelope, Error, REMOVED, Result, Version};

/// A text with the name and version of its shape.
#[derive(Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The stable name of an event type; empty for a state.
    pub name: &'static str,
    /// The version of the shape, from 1.
    pub schema_version: u16,
    /// JSON.
    pub json: String,
}

/// Without the text: it may hold what no log is to hold.
impl fmt::Debug for Encoded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Encoded")
            .field("name", &self.name)
            .field("schema_version", &self.schema_version)
            .finish_non_exhaustive()
    }
}

/// The serialised form of one aggregate: its events, and its state for stores that keep documents.
///
/// Old shapes are read for ever: `decode_*` takes every schema version ever written.
pub trait Codec<A: Aggregate>: Send + Sync + 'static {
    /// The event as it is stored from now on.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it has no JSON form.
    fn encode_event(&self, event: &A::Event) -> Result<Encoded>;

    /// The event in this payload.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an unknown type or schema version, or a payload that does not parse.
    fn decode_event(&self, event_type: &str, schema_version: u16, payload: &str) -> Result<A::Event>;

    /// The state as it is stored from now on.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it has no JSON form.
    fn encode_state(&self, state: &A) -> Result<Encoded>;

    /// The state in this document.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an unknown schema version or a document that does not parse.
    fn decode_state(&self, schema_version: u16, json: &str) -> Result<A>;
}

/// An aggregate's state whose type only its repository knows; shared, never changed in place.
pub type AnyState = Arc<dyn Any + Send + Sync>;

/// What a history has left of an aggregate; by default, before its first event, nothing at version 0.
#[derive(Clone, Default)]
pub struct Replayed {
    /// The state; none before an event has begun one, and after a removal.
    pub state: Option<AnyState>,
    /// The version of the last event.
    pub version: Version,
}

/// The aggregates of a service with their codecs: what a store is opened with.
#[derive(Clone, Default)]
pub struct Registry {
    types: BTreeMap<&'static str, Arc<dyn AggregateType>>,
}

impl Registry {
    /// No aggregates.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These, and `A` stored as `codec` says.
    #[must_use]
    pub fn with<A: Aggregate>(mut self, codec: impl Codec<A>) -> Self {
        self.types.insert(A::TYPE, Arc::new(Registered::<A> { codec: Arc::new(codec) }));
        self
    }

    /// The codec of `A`.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where `A` was not registered.
    pub fn codec<A: Aggregate>(&self) -> Result<Arc<dyn Codec<A>>> {
        self.get(A::TYPE)?
            .as_any()
            .downcast_ref::<Registered<A>>()
            .map(|registered| Arc::clone(&registered.codec))
            .ok_or_else(|| Error::Unsupported(format!("two aggregates are called `{}`", A::TYPE)))
    }

    /// The type of this name.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where it was not registered.
    pub fn get(&self, aggregate_type: &str) -> Result<&dyn AggregateType> {
        self.types.get(aggregate_type).map(|found| &**found).ok_or_else(|| {
            Error::Unsupported(format!(
                "aggregates of type `{aggregate_type}` are not registered with this store"
            ))
        })
    }

    /// All types, by name.
    pub fn types(&self) -> impl Iterator<Item = &dyn AggregateType> {
        self.types.values().map(|found| &**found)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.types.keys()).finish()
    }
}

/// What a store needs of an aggregate without knowing its type.
pub trait AggregateType: Send + Sync + 'static {
    /// [`Aggregate::TYPE`].
    fn name(&self) -> &'static str;

    /// What this history leaves, going on from what the events before it left: from [`Replayed::default`] for a
    /// whole history, from the last answer for the next page of one, from a kept state for what came since.
    /// The events are those of one aggregate behind `from.version`, in order.
    ///
    /// # Errors
    /// [`Error::Invalid`], naming the position, for an event that does not decode or begins nothing, and for a
    /// state of another type.
    fn replay(&self, from: Replayed, history: &[Envelope]) -> Result<Replayed>;

    /// The events of this history, typed as [`Change::typed_events`](crate::Change::typed_events) has them; a removal is
    /// none of the aggregate's own.
    ///
    /// # Errors
    /// [`Error::Invalid`], naming the position, for an event that does not decode.
    fn typed_events(&self, history: &[Envelope]) -> Result<Arc<dyn Any + Send + Sync>>;

    /// The state as a document.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a state of another type.
    fn encode_state(&self, state: &AnyState) -> Result<Encoded>;

    /// The state in a document.
    ///
    /// # Errors
    /// As [`Codec::decode_state`].
    fn decode_state(&self, schema_version: u16, json: &str) -> Result<AnyState>;

    /// What differs between two states of this type, in words; `None` where they are equal.
    fn difference(&self, stored: &AnyState, replayed: &AnyState) -> Option<String>;

    /// [`Aggregate::weight`]; 1 for a state of another type.
    fn weight(&self, state: &AnyState) -> u32;

    /// For finding the codec again.
    fn as_any(&self) -> &dyn Any;
}

struct Registered<A: Aggregate> {
    codec: Arc<dyn Codec<A>>,
}

impl<A: Aggregate> Registered<A> {
    fn event(&self, envelope: &Envelope) -> Result<A::Event> {
        let Envelope { event_type, schema_version, payload, .. } = envelope;
        self.codec
            .decode_event(event_type, *schema_version, payload)
            .map_err(|error| at_position(envelope, &error))
    }
}

fn at_position(envelope: &Envelope, error: &Error) -> Error {
    Error::Invalid(format!("position {}: {error}", envelope.position))
}

impl<A: Aggregate> AggregateType for Registered<A> {
    fn name(&self) -> &'static str {
        A::TYPE
    }

    fn replay(&self, from: Replayed, history: &[Envelope]) -> Result<Replayed> {
        let mut state: Option<A> = from.state.map(owned).transpose()?;
        let mut version = from.version;
        for envelope in history {
            version = envelope.version;
            if envelope.event_type == REMOVED {
                state = None;
                continue;
            }
            let event = self.event(envelope)?;
            match &mut state {
                Some(state) => state.apply(&event),
                None => {
                    let begun = A::create(&event).ok_or_else(|| {
                        let begins_nothing =
                            format!("`{}` does not begin a {}", envelope.event_type, A::TYPE);
                        at_position(envelope, &Error::Invalid(begins_nothing))
                    })?;
                    state = Some(begun);
                }
            }
        }
        Ok(Replayed { state: state.map(|state| Arc::new(state) as AnyState), version })
    }

    fn typed_events(&self, history: &[Envelope]) -> Result<Arc<dyn Any + Send + Sync>> {
        let own = history.iter().filter(|envelope| envelope.event_type != REMOVED);
        let events: Vec<A::Event> = own.map(|envelope| self.event(envelope)).collect::<Result<_>>()?;
        Ok(Arc::new(events))
    }

    fn encode_state(&self, state: &AnyState) -> Result<Encoded> {
        self.codec.encode_state(downcast::<A>(state)?)
    }

    fn decode_state(&self, schema_version: u16, json: &str) -> Result<AnyState> {
        self.codec.decode_state(schema_version, json).map(|state| Arc::new(state) as AnyState)
    }

    fn difference(&self, stored: &AnyState, replayed: &AnyState) -> Option<String> {
        match (downcast::<A>(stored), downcast::<A>(replayed)) {
            (Ok(stored), Ok(replayed)) if stored == replayed => None,
            (Ok(stored), Ok(replayed)) => Some(format!("stored {stored:?}, replayed {replayed:?}")),
            (Err(error), _) | (_, Err(error)) => Some(error.to_string()),
        }
    }

    fn weight(&self, state: &AnyState) -> u32 {
        downcast::<A>(state).map_or(1, Aggregate::weight)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The state as what it is.
///
/// # Errors
/// [`Error::Invalid`] for a state of another type: the store and the registry do not fit.
pub fn downcast<A: Aggregate>(state: &AnyState) -> Result<&A> {
    state.downcast_ref::<A>().ok_or_else(of_another_type::<A>)
}

/// The state as what it is, to change it: copied where others share it.
fn owned<A: Aggregate>(state: AnyState) -> Result<A> {
    state.downcast().map(Arc::unwrap_or_clone).map_err(|_| of_another_type::<A>())
}

fn of_another_type<A: Aggregate>() -> Error {
    Error::Invalid(format!("the store answered a state that is not a {}", A::TYPE))
}
