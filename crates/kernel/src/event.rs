//! Events: facts, in the past tense; as an aggregate makes them, as the journal holds them, as a reader gets them.

use std::fmt;

use uuid::Uuid;

use crate::{Metadata, Position, Result, Timestamp, Version};

/// The event type that says an aggregate was removed; the same for every aggregate, with an empty payload.
pub const REMOVED: &str = "removed";

/// An event on its way into the journal, already serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Made once, here; later the message id.
    pub event_id: Uuid,
    /// Its stable name: `BidPlaced`.
    pub event_type: &'static str,
    /// The version of the payload's shape, from 1.
    pub schema_version: u16,
    /// JSON.
    pub payload: String,
}

/// A row of the journal, still serialised. Its text parts are as they were written.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Its place in the journal.
    pub position: Position,
    /// The last position of its commit: a batch never ends before it.
    pub commit_position: Position,
    /// Its id.
    pub event_id: Uuid,
    /// The type of the aggregate it happened to.
    pub aggregate_type: String,
    /// The id of the aggregate.
    pub aggregate_id: Uuid,
    /// The aggregate's version after it.
    pub version: Version,
    /// Its stable name.
    pub event_type: String,
    /// The version of the payload's shape.
    pub schema_version: u16,
    /// JSON.
    pub payload: String,
    /// [`Metadata`] as JSON.
    pub metadata: String,
    /// When it happened: the command's time.
    pub occurred_at: Timestamp,
    /// When it was written: the store's time.
    pub recorded_at: Timestamp,
}

impl Envelope {
    /// About how many bytes of memory it takes.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        std::mem::size_of::<Self>() + self.payload.len() + self.metadata.len()
    }
}

/// Without the payload: it may hold what no log is to hold.
impl fmt::Debug for NewEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewEvent")
            .field("event_id", &self.event_id)
            .field("event_type", &self.event_type)
            .field("schema_version", &self.schema_version)
            .finish_non_exhaustive()
    }
}

/// Without the payload, as [`NewEvent`].
impl fmt::Debug for Envelope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Envelope")
            .field("position", &self.position)
            .field("commit_position", &self.commit_position)
            .field("event_id", &self.event_id)
            .field("aggregate_type", &self.aggregate_type)
            .field("aggregate_id", &self.aggregate_id)
            .field("version", &self.version)
            .field("event_type", &self.event_type)
            .field("schema_version", &self.schema_version)
            .field("metadata", &self.metadata)
            .field("occurred_at", &self.occurred_at)
            .field("recorded_at", &self.recorded_at)
            .finish_non_exhaustive()
    }
}

impl Envelope {
    /// The metadata, parsed.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid), naming the position, where the stored text is not metadata.
    pub fn metadata(&self) -> Result<Metadata> {
        parse_metadata(self.position, &self.metadata)
    }
}

/// An event as a subscriber gets it: decoded, with its place, its aggregate and its times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded<E> {
    /// Its place in the journal.
    pub position: Position,
    /// Its id, the same on every delivery.
    pub event_id: Uuid,
    /// The id of the aggregate it happened to.
    pub aggregate_id: Uuid,
    /// The aggregate's version after it.
    pub version: Version,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// [`Metadata`] as JSON: most subscribers never look, so it is parsed on demand.
    pub metadata: String,
    /// What happened.
    pub event: E,
}

impl<E> Recorded<E> {
    /// The decoded event of this row, with the row's texts moved over.
    #[must_use]
    pub fn of(envelope: Envelope, event: E) -> Self {
        Self {
            position: envelope.position,
            event_id: envelope.event_id,
            aggregate_id: envelope.aggregate_id,
            version: envelope.version,
            occurred_at: envelope.occurred_at,
            recorded_at: envelope.recorded_at,
            metadata: envelope.metadata,
            event,
        }
    }

    /// The metadata, parsed.
    ///
    /// # Errors
    /// As [`Envelope::metadata`].
    pub fn metadata(&self) -> Result<Metadata> {
        parse_metadata(self.position, &self.metadata)
    }
}

fn parse_metadata(position: Position, text: &str) -> Result<Metadata> {
    serde_json::from_str(text).map_err(|error| {
        crate::Error::Invalid(format!(
            "the metadata of the event at position {position} does not parse: {error}"
        ))
    })
}

/// Turns rows of the journal into one service's events: the sum of what can happen to all its aggregates.
///
/// One decoder serves every subscription of a service, so a row is decoded once.
pub trait Decoder: Send + Sync + 'static {
    /// The sum of the events, with the removal of each aggregate.
    type Event: Send + Sync + 'static;

    /// The event in this row.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid), naming the position, for an unknown type, an unknown schema
    /// version or a payload that does not parse: a reader must not go past it.
    fn decode(&self, envelope: &Envelope) -> Result<Self::Event>;
}
