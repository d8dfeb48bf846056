//! A store of counters in a file, and commits made by hand.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use portolan_diesel::Mappers;
use portolan_diesel::diesel::Connection as _;
use portolan_diesel::diesel::connection::SimpleConnection as _;
use portolan_diesel::sqlite::{Check, Config, Conn, Finding, OpenMode, Store};
use portolan_kernel::{
    Aggregate, AggregateKey, Answer, AnyState, Change, ChangeSet, Clock as _, Codec as _, Committed, Context,
    Error, Expected, Fingerprint, Id as _, IdSource as _, Kept, NewEvent, REMOVED, Result, Version,
    WriteStore as _, replay,
};
use portolan_testkit::builders::{counter_id, incremented, line_added, opened};
use portolan_testkit::counter::{Counter, CounterCodec, Event, registry};
use portolan_testkit::{ManualClock, SequentialIds};

use super::CounterMapper;

/// A folder with a store in it, and what is needed to write to it.
pub struct Fixture {
    pub folder: tempfile::TempDir,
    pub clock: ManualClock,
    pub ids: Arc<SequentialIds>,
}

impl Fixture {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, clock: ManualClock::default(), ids: Arc::new(SequentialIds::new(1)) }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    pub fn config(&self) -> Config {
        Config { busy_timeout: Duration::from_secs(20), ..Config::file(self.path()) }
    }

    pub fn open(&self) -> Store {
        self.try_open(&self.config(), OpenMode::ReadWrite).unwrap()
    }

    pub fn try_open(&self, config: &Config, mode: OpenMode) -> Result<Store> {
        let mappers = Mappers::new().with(CounterMapper);
        Store::open(config, mode, &registry(), &mappers, Arc::new(self.clock.clone()))
    }

    /// Another program's connection to the file.
    pub fn beside(&self) -> Conn {
        beside(&self.path())
    }

    /// Runs SQL on the file behind the back of every store.
    pub fn tamper(&self, sql: &str) {
        self.beside().batch_execute(sql).unwrap();
    }

    /// The change set that begins the counter of this name.
    pub fn begins(&self, name: &str) -> Work {
        let events = vec![opened(name)];
        let state = replay::<Counter>(&events).unwrap();
        self.work(AggregateKey::of::<Counter>(state.id), Expected::Absent, Some(state), events)
    }

    /// The change set that counts a counter on, which is at this version and this count.
    pub fn counts(&self, name: &str, at: u64, count: i64) -> Work {
        let mut state = replay::<Counter>(&[opened(name)]).unwrap();
        state.apply(&incremented(count + 1));
        let key = AggregateKey::of::<Counter>(counter_id(name));
        self.work(key, Expected::At(Version(at)), Some(state), vec![incremented(1)])
    }

    /// The change set that gives a counter this text, which is at this version and was given nothing else.
    pub fn sets_text(&self, name: &str, at: u64, text: &str) -> Work {
        let mut state = replay::<Counter>(&[opened(name)]).unwrap();
        let events: Vec<Event> = state.set_text(text).unwrap();
        events.iter().for_each(|event| state.apply(event));
        let key = AggregateKey::of::<Counter>(state.id);
        self.work(key, Expected::At(Version(at)), Some(state), events)
    }

    /// The change set that adds a line to a counter at version 1, which has none.
    pub fn adds_line(&self, name: &str, key: &str) -> Work {
        let events = vec![line_added(key)];
        let state = replay::<Counter>(&[opened(name), line_added(key)]).unwrap();
        let id = AggregateKey::of::<Counter>(state.id);
        self.work(id, Expected::At(Version(1)), Some(state), events)
    }

    /// The change set that adds a line to a counter at version 2, which has the line `one`.
    pub fn adds_line_anew(&self, name: &str, key: &str) -> Work {
        let events = vec![line_added(key)];
        let state = replay::<Counter>(&[opened(name), line_added("one"), line_added(key)]).unwrap();
        let id = AggregateKey::of::<Counter>(state.id);
        self.work(id, Expected::At(Version(2)), Some(state), events)
    }

    /// The change set that removes a counter, which is at this version.
    pub fn removes(&self, name: &str, at: u64) -> Work {
        let key = AggregateKey::of::<Counter>(counter_id(name));
        let mut work = self.work(key, Expected::At(Version(at)), None, Vec::new());
        work.0.changes[0].events = vec![NewEvent {
            event_id: self.ids.next_id(),
            event_type: REMOVED,
            schema_version: 1,
            payload: "{}".to_owned(),
        }];
        work
    }

    fn work(
        &self,
        key: AggregateKey,
        expected: Expected,
        state: Option<Counter>,
        events: Vec<Event>,
    ) -> Work {
        let encoded = events.iter().map(|event| {
            let encoded = CounterCodec.encode_event(event).unwrap();
            NewEvent {
                event_id: self.ids.next_id(),
                event_type: encoded.name,
                schema_version: 1,
                payload: encoded.json,
            }
        });
        let change = Change {
            key,
            expected,
            state: state.map(|state| Arc::new(state) as AnyState),
            events: encoded.collect(),
            typed_events: Arc::new(events),
        };
        let context = Context::new(self.ids.next_id(), self.clock.now());
        Work(ChangeSet {
            command_id: context.command_id,
            idempotency: None,
            occurred_at: context.occurred_at,
            metadata: serde_json::to_string(&context.metadata()).unwrap().into(),
            changes: vec![change],
            reads: Vec::new(),
            answer: Answer::Receipt { about: key, read_at: Version::ZERO },
        })
    }
}

/// A change set on its way.
pub struct Work(pub ChangeSet);

impl Work {
    /// The same, whose outcome is kept for this long.
    pub fn kept(mut self, kept: Kept) -> Self {
        let context =
            Context::new(self.0.command_id, self.0.occurred_at).idempotent(Fingerprint::of(b"payload"), kept);
        self.0.idempotency = context.idempotency;
        self.0.metadata = serde_json::to_string(&context.metadata()).unwrap().into();
        self
    }

    /// The same, decided on what that one leaves behind and is not committed yet.
    pub fn behind(mut self, before: &Self) -> Self {
        let change = &mut self.0.changes[0];
        change.expected = Expected::MadeBy(change.expected.version(), before.0.changes[0].events[0].event_id);
        self
    }

    pub async fn commit(self, store: &Store) -> Result<Committed> {
        store.commit(self.0).await
    }
}

/// Another program's connection to a file.
pub fn beside(path: &Path) -> Conn {
    let mut conn = Conn::establish(path.to_str().unwrap()).unwrap();
    conn.batch_execute("pragma busy_timeout = 20000").unwrap();
    conn
}

/// What the check of a store finds.
pub async fn findings(store: &Store) -> Vec<Finding> {
    let mut findings = Vec::new();
    let tell = |check| {
        if let Check::Found(finding) = check {
            findings.push(finding);
        }
    };
    store.check(tell).await.unwrap();
    findings
}

/// The version that a commit led to.
pub fn version(committed: Result<Committed>) -> u64 {
    match committed {
        Ok(Committed::Done { versions, .. }) => versions[0].get(),
        other => panic!("not committed: {other:?}"),
    }
}

/// The state of a counter and its version.
pub async fn stored(store: &Store, name: &str) -> Option<(i64, u64)> {
    let loaded = store.load(AggregateKey::of::<Counter>(counter_id(name))).await.unwrap()?;
    let counter = loaded.state.downcast::<Counter>().unwrap();
    assert_eq!(counter.id().uuid(), loaded.id);
    Some((counter.count, loaded.version.get()))
}

/// The sentence of a refused opening.
pub fn sentence(opened: Result<Store>) -> String {
    match opened {
        Err(error @ (Error::Invalid(_) | Error::Unsupported(_) | Error::Unavailable { .. })) => {
            error.to_string()
        }
        other => panic!("not refused: {other:?}"),
    }
}
