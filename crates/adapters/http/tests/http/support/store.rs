//! A store that does what a test scripts, once, and what its port says otherwise.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, ChangeSet, Clock, Committed, Envelope, Error, Journal, Loaded, Metadata, Position,
    RecordedOutcome, Registry, Result, Selection, Until, Version, WriteStore,
};
use portolan_testkit::reference::ReferenceStore;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// What the next commit does.
pub(crate) enum Script {
    Fail(Error),
    Panic,
    /// Says that it has begun, and goes on when it may.
    Hold {
        begun: Arc<Semaphore>,
        may: Arc<Semaphore>,
    },
}

pub(crate) struct Scripted {
    store: ReferenceStore,
    commits: Mutex<VecDeque<Script>>,
    reads: Mutex<VecDeque<Error>>,
}

impl Scripted {
    pub(crate) fn new(registry: Registry, clock: Arc<dyn Clock>) -> Self {
        Self {
            store: ReferenceStore::new(registry, clock),
            commits: Mutex::default(),
            reads: Mutex::default(),
        }
    }

    pub(crate) fn next_commit(&self, script: Script) {
        self.commits.lock().unwrap().push_back(script);
    }

    pub(crate) fn next_read_of_the_journal(&self, error: Error) {
        self.reads.lock().unwrap().push_back(error);
    }

    /// The metadata of the last event.
    pub(crate) async fn last_metadata(&self) -> Metadata {
        let rows = self.store.read(Position::ZERO, 10_000).await.unwrap();
        rows.last().unwrap().metadata().unwrap()
    }

    fn read_fails(&self) -> Result<()> {
        self.reads.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }
}

#[async_trait]
impl WriteStore for Scripted {
    async fn load(&self, key: AggregateKey) -> Result<Option<Loaded>> {
        self.store.load(key).await
    }

    async fn select(&self, selection: Selection<'_>) -> Result<Vec<Loaded>> {
        self.store.select(selection).await
    }

    async fn commit(&self, change_set: ChangeSet) -> Result<Committed> {
        let script = self.commits.lock().unwrap().pop_front();
        match script {
            None => {}
            Some(Script::Fail(error)) => return Err(error),
            Some(Script::Panic) => panic!("a secret of the inside"),
            Some(Script::Hold { begun, may }) => {
                begun.add_permits(1);
                may.acquire().await.unwrap().forget();
            }
        }
        self.store.commit(change_set).await
    }

    async fn outcome(&self, command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        self.store.outcome(command_id).await
    }

    fn last_position(&self) -> Position {
        self.store.last_position()
    }
}

#[async_trait]
impl Journal for Scripted {
    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Envelope>> {
        self.read_fails()?;
        self.store.read(after, limit).await
    }

    async fn head(&self) -> Result<Position> {
        self.read_fails()?;
        self.store.head().await
    }

    async fn history(
        &self,
        key: AggregateKey,
        after: Version,
        until: Until,
        limit: usize,
    ) -> Result<Vec<Envelope>> {
        self.read_fails()?;
        self.store.history(key, after, until, limit).await
    }

    async fn changed(&self, after: Position) -> Result<Position> {
        self.store.changed(after).await
    }
}
