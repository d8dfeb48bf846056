//! The write store: the outbound port below every repository.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    AggregateKey, AnyState, ChangeSet, Committed, Envelope, Expected, Position, RecordedOutcome, Result,
    Version,
};

/// An aggregate as a store has it.
#[derive(Clone)]
pub struct Loaded {
    /// Its id.
    pub id: Uuid,
    /// Its version.
    pub version: Version,
    /// Its state, shared.
    pub state: AnyState,
    /// Where the state comes from, and so how far it can be trusted.
    pub origin: Origin,
}

impl Loaded {
    /// What a decision on it takes for granted.
    #[must_use]
    pub const fn expected(&self) -> Expected {
        match self.origin {
            Origin::Submitted { event_id } => Expected::MadeBy(self.version, event_id),
            Origin::Stored | Origin::Kept => Expected::At(self.version),
        }
    }
}

/// Where a loaded state comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Straight from the store.
    Stored,
    /// A copy that was kept in memory. It may be behind, so that a refusal computed from it is checked against the store
    /// before it is answered.
    Kept,
    /// A change that this process has handed to the store, and that is not committed yet. It may come to nothing, so that
    /// whatever is decided on it names the event that made it, and is written behind it or not at all.
    Submitted {
        /// The newest event of the state.
        event_id: Uuid,
    },
}

/// What a store is asked to look for.
#[derive(Clone, Copy)]
pub struct Selection<'a> {
    /// [`Aggregate::TYPE`](crate::Aggregate::TYPE).
    pub aggregate_type: &'static str,
    /// A [`Specification`](crate::Specification) of that aggregate, for a store that can narrow by it.
    pub criteria: &'a (dyn Any + Send + Sync),
    /// Only ids beyond this one.
    pub after: Option<Uuid>,
    /// At most this many.
    pub limit: usize,
}

/// Somebody who keeps copies in front of a store that other processes write to as well.
pub trait Watcher: Send + Sync + 'static {
    /// Other processes have committed these events. Those of one aggregate come in the order of their positions, of several
    /// aggregates in any: first of those that somebody waits for. Each event is told of at most once, and not each one is told
    /// of. It is called while the store writes nothing else, so that it must be quick and must not wait.
    fn committed_elsewhere(&self, events: &[Envelope]);
}

/// Where aggregates are kept: the port that every way of storing implements, by rows, by document or by events.
///
/// # Behaviour
/// - A commit is one transaction: state, events and the command's record. It is acknowledged only when it is
///   durable, and a dropped future leaves all of it or nothing.
/// - Positions are dense, start at 1 and rise in the order of commits.
/// - Commits that do not touch the same aggregates do not fail each other.
/// - The queue in front of the store is bounded; past the bound it answers [`Error::Full`](crate::Error::Full).
#[async_trait]
pub trait WriteStore: Send + Sync + 'static {
    /// The aggregate, read in one consistent snapshot; `None` where there is none, or it was removed.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) where the store cannot be read,
    /// [`Error::Unsupported`](crate::Error::Unsupported) for a type that the store was not opened with.
    async fn load(&self, key: AggregateKey) -> Result<Option<Loaded>>;

    /// Committed aggregates in the order of their ids. None that satisfies the criteria is left out below the
    /// last one answered; the store may narrow or not, so that the caller tests each again. Fewer than `limit`
    /// means that there are no more.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    async fn select(&self, selection: Selection<'_>) -> Result<Vec<Loaded>>;

    /// Writes the change set whole, or not at all.
    ///
    /// The command's id is looked at first: a repeat answers the first outcome and writes nothing. Then the
    /// versions of everything that the change set takes for granted.
    ///
    /// # Errors
    /// - [`Error::Conflict`](crate::Error::Conflict) at another version,
    ///   [`Error::AlreadyExists`](crate::Error::AlreadyExists) where the aggregate was to be made;
    /// - [`Error::Full`](crate::Error::Full) where the queue has no room;
    /// - [`Error::Unavailable`](crate::Error::Unavailable), with `outcome_unknown` where it may have been
    ///   written all the same.
    async fn commit(&self, change_set: ChangeSet) -> Result<Committed>;

    /// The record of a command; `None` where there is none, or its time is over.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    async fn outcome(&self, command_id: Uuid) -> Result<Option<RecordedOutcome>>;

    /// Whether change sets that are decided on one another may wait together. Such a store takes change sets in the order in
    /// which their commits are first polled, sees those before it in a transaction as if they were committed, and
    /// compares [`Expected::MadeBy`](crate::Expected::MadeBy) with the newest event. In front of any other nobody is told of a
    /// state that is not committed.
    fn takes_followers(&self) -> bool {
        false
    }

    /// Whether a load of this aggregate would answer what a commit of this process is just writing
    /// ([`Origin::Submitted`]), so that the next command about it need not wait until that is durable.
    fn tells_submitted(&self, key: AggregateKey) -> bool {
        let _ = key;
        false
    }

    /// Drops the copy of this aggregate that is kept in front of the store, so that the next load is fresh.
    /// A decorator hands it on; a store that keeps no copies has nothing to do.
    fn forget(&self, key: AggregateKey) {
        let _ = key;
    }

    /// Tells this one from now on what other processes have committed, as far as the store comes to know of it by the way. A
    /// store that one process writes to, or that would have to look for it, tells nothing.
    fn watched_by(&self, watcher: Arc<dyn Watcher>) {
        let _ = watcher;
    }

    /// The last position that this process knows to be committed. No I/O.
    fn last_position(&self) -> Position;
}

/// So that one store serves as a write store, as a journal and below a decorator at once.
#[async_trait]
impl<S: WriteStore + ?Sized> WriteStore for Arc<S> {
    async fn load(&self, key: AggregateKey) -> Result<Option<Loaded>> {
        (**self).load(key).await
    }

    async fn select(&self, selection: Selection<'_>) -> Result<Vec<Loaded>> {
        (**self).select(selection).await
    }

    async fn commit(&self, change_set: ChangeSet) -> Result<Committed> {
        (**self).commit(change_set).await
    }

    async fn outcome(&self, command_id: Uuid) -> Result<Option<RecordedOutcome>> {
        (**self).outcome(command_id).await
    }

    fn takes_followers(&self) -> bool {
        (**self).takes_followers()
    }

    fn tells_submitted(&self, key: AggregateKey) -> bool {
        (**self).tells_submitted(key)
    }

    fn forget(&self, key: AggregateKey) {
        (**self).forget(key);
    }

    fn watched_by(&self, watcher: Arc<dyn Watcher>) {
        (**self).watched_by(watcher);
    }

    fn last_position(&self) -> Position {
        (**self).last_position()
    }
}
