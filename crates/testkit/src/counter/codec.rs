//! How a counter and its events look when they are stored.

use portolan_kernel::{Aggregate, Codec, Decoder, Encoded, Envelope, Error, REMOVED, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Counter, Event};

/// The serialised form of a counter: each event's payload is its struct as JSON, all of schema version 1.
#[derive(Debug, Clone, Copy)]
pub struct CounterCodec;

macro_rules! payloads {
    ($($name:ident),+) => {
        fn encoded(event: &Event) -> Result<Encoded> {
            match event {
                $(Event::$name(payload) => encode(stringify!($name), payload),)+
            }
        }

        fn decoded(event_type: &str, payload: &str) -> Result<Event> {
            match event_type {
                $(stringify!($name) => decode(payload).map(Event::$name),)+
                unknown => Err(Error::Invalid(format!("`{unknown}` is no event of a counter"))),
            }
        }
    };
}

payloads!(
    Opened,
    Incremented,
    TextSet,
    PriceSet,
    MomentSet,
    LineAdded,
    LineRemoved,
    LinesReordered,
    PlaceTaken
);

impl Codec<Counter> for CounterCodec {
    fn encode_event(&self, event: &Event) -> Result<Encoded> {
        encoded(event)
    }

    fn decode_event(&self, event_type: &str, schema_version: u16, payload: &str) -> Result<Event> {
        known(schema_version)?;
        decoded(event_type, payload)
    }

    fn encode_state(&self, state: &Counter) -> Result<Encoded> {
        encode("", state)
    }

    fn decode_state(&self, schema_version: u16, json: &str) -> Result<Counter> {
        known(schema_version)?;
        decode(json)
    }
}

/// What a subscriber to a store of counters gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CounterEvent {
    /// Something happened to a counter.
    Happened(Event),
    /// A counter was removed.
    Removed,
}

/// Turns rows of the journal into [`CounterEvent`]s.
#[derive(Debug, Clone, Copy)]
pub struct CounterDecoder;

impl Decoder for CounterDecoder {
    type Event = CounterEvent;

    fn decode(&self, envelope: &Envelope) -> Result<CounterEvent> {
        let Envelope { position, aggregate_type, event_type, schema_version, payload, .. } = envelope;
        if aggregate_type != Counter::TYPE {
            return Err(Error::Invalid(format!("position {position}: `{aggregate_type}` is no counter")));
        }
        if event_type == REMOVED {
            return Ok(CounterEvent::Removed);
        }
        CounterCodec
            .decode_event(event_type, *schema_version, payload)
            .map(CounterEvent::Happened)
            .map_err(|error| Error::Invalid(format!("position {position}: {error}")))
    }
}

fn known(schema_version: u16) -> Result<()> {
    match schema_version {
        1 => Ok(()),
        other => Err(Error::Invalid(format!("schema version {other} of a counter is not known"))),
    }
}

fn encode(name: &'static str, payload: &impl Serialize) -> Result<Encoded> {
    let json = serde_json::to_string(payload)
        .map_err(|error| Error::Invalid(format!("`{name}` has no JSON form: {error}")))?;
    Ok(Encoded { name, schema_version: 1, json })
}

fn decode<T: DeserializeOwned>(payload: &str) -> Result<T> {
    serde_json::from_str(payload)
        .map_err(|error| Error::Invalid(format!("the payload does not parse: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builders::{counter_id, history_of_everything};
    use portolan_kernel::replay;

    #[test]
    fn every_event_and_the_state_come_back_as_they_were() {
        let history = history_of_everything(counter_id("one"));
        for event in &history {
            let encoded = CounterCodec.encode_event(event).unwrap();
            let decoded = CounterCodec.decode_event(encoded.name, encoded.schema_version, &encoded.json);
            assert_eq!(decoded.as_ref(), Ok(event));
        }
        let state = replay::<Counter>(&history).unwrap();
        let encoded = CounterCodec.encode_state(&state).unwrap();
        assert_eq!(CounterCodec.decode_state(encoded.schema_version, &encoded.json), Ok(state));
    }

    #[test]
    fn what_is_not_known_is_invalid() {
        let unknown = |event_type, schema_version, payload| {
            CounterCodec.decode_event(event_type, schema_version, payload).unwrap_err().code()
        };
        assert_eq!(unknown("Exploded", 1, "{}"), "invalid");
        assert_eq!(unknown("Incremented", 2, r#"{"by": 1}"#), "invalid");
        assert_eq!(unknown("Incremented", 1, r#"{"by": "one"}"#), "invalid");
        assert_eq!(unknown("Incremented", 1, r#"{"by": 1, "twice": true}"#), "invalid");
    }
}
