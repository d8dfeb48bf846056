//! What spans and logs hold, and what they do not. A program of its own, because the interest of a place in the
//! code in being logged is kept for the whole process.
#![cfg(test)]

use std::io;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, ChangeSet, Command, CommandError, CommandHandler, Committed, Context, Error, Loaded,
    Position, QueryHandler, QueryMessage, RecordedOutcome, Refusal, Registry, Result, Selection, Timestamp,
    UnitOfWork, WriteSide, WriteStore,
};
use portolan_runtime::middleware::{Chain, Trace};
use portolan_runtime::{Mediator, SystemIds};
use tracing_subscriber::fmt::MakeWriter;
use uuid::Uuid;

const LISTING: AggregateKey = AggregateKey { aggregate_type: "listing", id: Uuid::from_u128(1) };

/// A bid with a secret; refused where that is below 100.
#[derive(Debug)]
struct Bid {
    ceiling: i64,
}

impl Command for Bid {
    fn name(&self) -> &'static str {
        "bid"
    }

    fn target(&self) -> Option<AggregateKey> {
        Some(LISTING)
    }
}

#[derive(Debug)]
struct Ask {
    secret: i64,
}

impl QueryMessage for Ask {
    type Answer = i64;

    fn name(&self) -> &'static str {
        "ask"
    }
}

struct Service;

#[async_trait]
impl CommandHandler<Bid> for Service {
    async fn handle(&self, bid: &Bid, _: &UnitOfWork) -> Result<AggregateKey, CommandError> {
        if bid.ceiling < 100 {
            return Err(Refusal {
                code: "too_low".into(),
                message: String::new(),
                details: Default::default(),
            }
            .into());
        }
        Ok(LISTING)
    }
}

#[async_trait]
impl QueryHandler<Ask> for Service {
    async fn handle(&self, query: &Ask) -> Result<i64> {
        Ok(query.secret)
    }
}

/// A store that nothing is written to here.
struct NoStore;

#[async_trait]
impl WriteStore for NoStore {
    async fn load(&self, _: AggregateKey) -> Result<Option<Loaded>> {
        Ok(None)
    }

    async fn select(&self, _: Selection<'_>) -> Result<Vec<Loaded>> {
        Ok(vec![])
    }

    async fn commit(&self, _: ChangeSet) -> Result<Committed> {
        Err(Error::Unsupported("a commit".to_owned()))
    }

    async fn outcome(&self, _: Uuid) -> Result<Option<RecordedOutcome>> {
        Ok(None)
    }

    fn last_position(&self) -> Position {
        Position(7)
    }
}

/// Where the log goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn each_message_has_a_span_with_its_outcome_and_without_its_payload() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .init();
    let ids = Arc::new(SystemIds::new());
    let side = WriteSide::new(Arc::new(NoStore), Registry::new(), Arc::clone(&ids) as _);
    let mediator = Mediator::new(Service, side, Chain::new().around_both(Trace::new(ids)));
    let context = |n| Context::new(Uuid::from_u128(n), Timestamp::from_micros(0));
    mediator.send(Bid { ceiling: 424_242 }, context(0x00c0_ffee)).await.unwrap();
    mediator.send(Bid { ceiling: -999_999 }, context(2)).await.unwrap_err();
    mediator.ask(Ask { secret: 777_777 }).await.unwrap();
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    let fields = [
        r#"command="bid""#,
        "aggregate=listing 00000000-0000-0000-0000-000000000001",
        "command_id=00000000-0000-0000-0000-000000c0ffee",
        r#"traceparent="00-"#,
        "position=7",
    ];
    assert!(fields.iter().all(|field| lines[0].contains(field)), "{text}");
    assert!(lines[1].contains(r#"code="too_low""#) && lines[2].contains(r#"query="ask""#), "{text}");
    assert!(["424242", "999999", "777777"].iter().all(|secret| !text.contains(secret)), "{text}");
}
