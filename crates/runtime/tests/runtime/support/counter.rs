//! A counter: the aggregate, its stored form, its commands and its query.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_kernel::{
    Aggregate, AggregateKey, Codec, Command, CommandError, CommandHandler, DomainError, Encoded, Error,
    Handle, Id, QueryHandler, QueryMessage, Refusal, Result, UnitOfWork, WriteSide,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::FakeStore;

portolan_kernel::id_type! {
    pub struct CounterId;
}

#[derive(Debug, Clone, PartialEq)]
pub struct Counter {
    pub id: CounterId,
    pub value: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Happened {
    Started(CounterId),
    Added(i64),
}

impl Aggregate for Counter {
    const TYPE: &'static str = "counter";
    type Id = CounterId;
    type Event = Happened;

    fn create(event: &Happened) -> Option<Self> {
        match event {
            Happened::Started(id) => Some(Self { id: *id, value: 0 }),
            Happened::Added(_) => None,
        }
    }

    fn apply(&mut self, event: &Happened) {
        if let Happened::Added(amount) = event {
            self.value += amount;
        }
    }

    fn id(&self) -> CounterId {
        self.id
    }

    fn weight(&self) -> u32 {
        u32::try_from(self.value).unwrap_or(1)
    }
}

pub struct CounterCodec;

impl Codec<Counter> for CounterCodec {
    fn encode_event(&self, event: &Happened) -> Result<Encoded> {
        let (name, json) = match event {
            Happened::Started(id) => ("Started", format!("\"{id}\"")),
            Happened::Added(amount) => ("Added", amount.to_string()),
        };
        Ok(Encoded { name, schema_version: 1, json })
    }

    fn decode_event(&self, event_type: &str, _: u16, payload: &str) -> Result<Happened> {
        let wrong = |error: &dyn std::fmt::Display| Error::Invalid(error.to_string());
        match event_type {
            "Started" => serde_json::from_str(payload).map(Happened::Started).map_err(|error| wrong(&error)),
            "Added" => payload.parse().map(Happened::Added).map_err(|error| wrong(&error)),
            unknown => Err(Error::Invalid(format!("unknown event type `{unknown}`"))),
        }
    }

    fn encode_state(&self, state: &Counter) -> Result<Encoded> {
        Ok(Encoded { name: "", schema_version: 1, json: format!("[\"{}\",{}]", state.id, state.value) })
    }

    fn decode_state(&self, _: u16, json: &str) -> Result<Counter> {
        let (id, value) = serde_json::from_str(json).map_err(|error| Error::Invalid(error.to_string()))?;
        Ok(Counter { id, value })
    }
}

pub fn key(n: u128) -> AggregateKey {
    AggregateKey::of::<Counter>(CounterId::from_uuid(Uuid::from_u128(n)))
}

/// Starts the nth counter in the store.
pub async fn start(side: &WriteSide, n: u128) {
    let unit = side.begin(super::context(1_000_000 + n));
    unit.repository::<Counter>()
        .add(vec![Happened::Started(CounterId::from_uuid(Uuid::from_u128(n)))])
        .unwrap();
    unit.commit(key(n)).await.unwrap();
}

/// Adds to a counter; refused where the sum would be negative, a panic for `i64::MIN`.
#[derive(Clone, Copy)]
pub struct Add {
    pub counter: u128,
    pub amount: i64,
}

impl Command for Add {
    fn name(&self) -> &'static str {
        "add"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(key(self.counter))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a counter is never negative")]
pub struct Negative;

impl DomainError for Negative {
    fn code(&self) -> &'static str {
        "negative"
    }

    fn details(&self) -> Map<String, Value> {
        Map::new()
    }
}

/// The value of a counter.
pub struct Peek(pub u128);

impl QueryMessage for Peek {
    type Answer = i64;

    fn name(&self) -> &'static str {
        "peek"
    }
}

/// The handlers.
pub struct Service {
    pub store: Arc<FakeStore>,
}

#[async_trait]
impl CommandHandler<Add> for Service {
    async fn handle(&self, command: &Add, unit: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        assert!(command.amount != i64::MIN, "a bug in the handler");
        let key = key(command.counter);
        let found: Option<Handle<Counter>> = unit.repository().get(CounterId::from_uuid(key.id)).await?;
        let counter = found.ok_or_else(|| Refusal::not_found(key))?;
        counter.execute(|counter| match counter.value.checked_add(command.amount) {
            _ if command.amount == 0 => Ok(vec![]),
            Some(sum) if sum >= 0 => Ok(vec![Happened::Added(command.amount)]),
            _ => Err(Negative),
        })?;
        Ok(key)
    }
}

#[async_trait]
impl QueryHandler<Peek> for Service {
    async fn handle(&self, query: &Peek) -> Result<i64> {
        let slow = *self.store.slow_query.lock().unwrap();
        if slow {
            std::future::pending::<()>().await;
        }
        self.store.value(query.0).ok_or_else(|| Error::NotFound(key(query.0).to_string()))
    }
}
