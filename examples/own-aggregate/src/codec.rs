//! How a loan and its events look when they are stored. The domain's types serialise nothing by themselves, so that a
//! change of theirs cannot change the journal by accident.

use std::sync::Arc;

use portolan_kernel::{Codec, Encoded, Error, Registry, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::loan::{Event, Loan, LoanId};

/// What a store is opened with: the aggregates of this service, each with its codec.
#[must_use]
pub fn registry() -> Registry {
    Registry::new().with::<Loan>(LoanCodec)
}

/// The serialised form of loans, all of schema version 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoanCodec;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BookLent {
    loan: LoanId,
    title: Arc<str>,
    reader: Arc<str>,
    due_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LoanExtended {
    due_at: Timestamp,
    extensions: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BookReturned {
    returned_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    id: LoanId,
    title: Arc<str>,
    reader: Arc<str>,
    due_at: Timestamp,
    extensions: u32,
    returned_at: Option<Timestamp>,
}

impl Codec<Loan> for LoanCodec {
    fn encode_event(&self, event: &Event) -> Result<Encoded> {
        match event.clone() {
            Event::BookLent { loan, title, reader, due_at } => {
                encoded("BookLent", &BookLent { loan, title, reader, due_at })
            }
            Event::LoanExtended { due_at, extensions } => {
                encoded("LoanExtended", &LoanExtended { due_at, extensions })
            }
            Event::BookReturned { returned_at } => encoded("BookReturned", &BookReturned { returned_at }),
        }
    }

    fn decode_event(&self, event_type: &str, schema_version: u16, payload: &str) -> Result<Event> {
        match (event_type, schema_version) {
            ("BookLent", 1) => {
                let BookLent { loan, title, reader, due_at } = decoded(event_type, payload)?;
                Ok(Event::BookLent { loan, title, reader, due_at })
            }
            ("LoanExtended", 1) => {
                let LoanExtended { due_at, extensions } = decoded(event_type, payload)?;
                Ok(Event::LoanExtended { due_at, extensions })
            }
            ("BookReturned", 1) => {
                let BookReturned { returned_at } = decoded(event_type, payload)?;
                Ok(Event::BookReturned { returned_at })
            }
            _ => Err(unknown(event_type, schema_version)),
        }
    }

    fn encode_state(&self, state: &Loan) -> Result<Encoded> {
        let Loan { id, title, reader, due_at, extensions, returned_at } = state.clone();
        encoded("", &Document { id, title, reader, due_at, extensions, returned_at })
    }

    fn decode_state(&self, schema_version: u16, json: &str) -> Result<Loan> {
        if schema_version != 1 {
            return Err(unknown("a loan", schema_version));
        }
        let Document { id, title, reader, due_at, extensions, returned_at } = decoded("loan", json)?;
        Ok(Loan { id, title, reader, due_at, extensions, returned_at })
    }
}

fn encoded(name: &'static str, payload: &impl Serialize) -> Result<Encoded> {
    let json = serde_json::to_string(payload)
        .map_err(|error| Error::Invalid(format!("`{name}` has no JSON form: {error}")))?;
    Ok(Encoded { name, schema_version: 1, json })
}

fn decoded<'a, T: Deserialize<'a>>(what: &str, json: &'a str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|error| Error::Invalid(format!("the stored {what} does not parse: {error}")))
}

fn unknown(what: &str, schema_version: u16) -> Error {
    Error::Invalid(format!("schema version {schema_version} of {what} is not known here"))
}

#[cfg(test)]
mod tests {
    use portolan_kernel::replay;

    use super::*;

    /// What is stored today must be read for ever, so its text stands here.
    #[test]
    fn the_stored_form_is_pinned() {
        let loan = LoanId::from(uuid::Uuid::from_u128(1));
        let at = Timestamp::from_micros(0);
        let history = [
            Event::BookLent { loan, title: "Emma".into(), reader: "Ada".into(), due_at: at },
            Event::LoanExtended { due_at: at, extensions: 1 },
            Event::BookReturned { returned_at: at },
        ];
        let texts = [
            r#"{"loan":"00000000-0000-0000-0000-000000000001","title":"Emma","reader":"Ada","due_at":"1970-01-01T00:00:00Z"}"#,
            r#"{"due_at":"1970-01-01T00:00:00Z","extensions":1}"#,
            r#"{"returned_at":"1970-01-01T00:00:00Z"}"#,
        ];
        for (event, text) in history.iter().zip(texts) {
            let Encoded { name, schema_version, json } = LoanCodec.encode_event(event).unwrap();
            assert_eq!(json, text);
            assert_eq!(&LoanCodec.decode_event(name, schema_version, &json).unwrap(), event);
        }
        let state = replay::<Loan>(&history).unwrap();
        let Encoded { schema_version, json, .. } = LoanCodec.encode_state(&state).unwrap();
        assert_eq!(LoanCodec.decode_state(schema_version, &json), Ok(state));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for (event_type, version, payload) in [
            ("BookEaten", 1, "{}"),
            ("BookReturned", 2, "{}"),
            ("BookReturned", 1, r#"{"returned_at": "today"}"#),
        ] {
            assert_eq!(LoanCodec.decode_event(event_type, version, payload).unwrap_err().code(), "invalid");
        }
        assert_eq!(LoanCodec.decode_state(2, "{}").unwrap_err().code(), "invalid");
    }
}
