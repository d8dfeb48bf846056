//! Aggregates, and the records of commands: everything of one commit in one transaction.

use async_trait::async_trait;
use portolan_kernel::{
    AggregateKey, ChangeSet, Committed, Loaded, Position, RecordedOutcome, Result, Selection, WriteStore,
};
use uuid::Uuid;

use crate::Store;

#[async_trait]
impl WriteStore for Store {
    async fn load(&self, _key: AggregateKey) -> Result<Option<Loaded>> {
        self.unsupported("load")
    }

    async fn select(&self, _selection: Selection<'_>) -> Result<Vec<Loaded>> {
        self.unsupported("select")
    }

    async fn commit(&self, _change_set: ChangeSet) -> Result<Committed> {
        self.unsupported("commit")
    }

    async fn outcome(&self, _command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        self.unsupported("outcome")
    }

    fn last_position(&self) -> Position {
        Position::ZERO
    }
}
