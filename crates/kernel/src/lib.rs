//! The modelling blocks of Portolan, and every port.
//!
//! An application is written with what stands here and runs on whatever implements the ports: aggregates and
//! their events ([`Aggregate`]), commands and queries with their handlers ([`CommandHandler`], [`QueryHandler`]),
//! the unit of work with its repositories ([`UnitOfWork`], [`Repository`]), specifications
//! ([`Specification`]), and what follows the journal ([`Process`], [`EventHandler`]).
//!
//! This crate never knows: a business, a database, a network, an asynchronous runtime, the clock, a random
//! source. Times and ids are passed in ([`Clock`], [`IdSource`]).
//!
//! Reading order: [`Aggregate`], [`Handle`], [`UnitOfWork`], [`ChangeSet`], [`WriteStore`], [`Journal`]; then the
//! read side. A new port is one file here with one trait, its errors taken from [`Error`], and its clauses in the
//! test kit.

pub use aggregate::{Aggregate, AggregateKey, Expected, WEIGHT_UNIT_BYTES, replay, weight_of_bytes};
pub use change_set::{
    Answer, Change, ChangeSet, Committed, Outcome, Receipt, RecordedOutcome, check_expected,
};
pub use checkpoint::{Advance, Checkpoint, Checkpoints, RecordedReset, Reset, Status, SubscriptionId};
pub use codec::{AggregateType, AnyState, Codec, Encoded, Registry, Replayed, downcast};
pub use command::{Command, CommandHandler, QueryHandler, QueryMessage};
pub use compound::Compound;
pub use context::{Context, Fingerprint, Idempotency, Kept, Metadata};
pub use error::{CommandError, DomainError, Error, Refusal, Result};
pub use event::{Decoder, Envelope, NewEvent, REMOVED, Recorded};
pub use handle::Handle;
pub use id::{Epoch, Id, IdSource, Position, Version};
pub use journal::{Journal, READ_BYTES, READ_LIMIT, Until};
pub use lease::{Claim, Lease, Leases};
pub use money::{Currency, Money, MoneyError, ParseMoneyError, UnknownCurrency};
pub use process::{
    Deadline, DeadlineChange, DeadlineProcess, Deadlines, EventHandler, Process, Schedule, reaction_id,
};
pub use read::{
    Batch, CheckedQuery, Cursor, Direction, Explanation, Index, IndexKind, Page, PageRequest, PageSize,
    Projection, Projector, Query, ReadRepository, ReadRepositoryExt, Restored, Row, Sort, SortKey, StoredRow,
    StoredView, Taken, View,
};
pub use repository::Repository;
pub use specification::{Candidate, Enumeration, Specification};
pub use storage::Storage;
pub use store::{Loaded, Origin, Selection, Watcher, WriteStore};
pub use time::{Clock, ParseTimestampError, Timestamp};
pub use transfer::{KeptOutcome, Moved, Named, OutcomeTotals, Part, Transfer, follows};
pub use unit_of_work::{FIND_LIMIT, UnitOfWork, WriteSide};

mod aggregate;
mod change_set;
mod checkpoint;
mod codec;
mod command;
mod compound;
mod context;
mod error;
mod event;
mod handle;
mod id;
mod journal;
mod lease;
mod money;
mod process;
pub mod read;
mod repository;
pub mod specification;
mod storage;
mod store;
mod text;
mod time;
mod transfer;
mod unit_of_work;

/// What the crate's macros name.
#[doc(hidden)]
pub mod reexport {
    pub use serde;
    pub use uuid::{Error as UuidError, Uuid};
}
