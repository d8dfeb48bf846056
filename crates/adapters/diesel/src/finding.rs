//! What a check tells.

use std::fmt;

use portolan_kernel::{Position, Version};
use uuid::Uuid;

use crate::Orphan;

/// What a check tells as it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// It has come this far in the journal; what follows are the aggregates.
    Progress {
        /// The last position that was looked at.
        position: Position,
        /// The head as of the start.
        head: Position,
    },
    /// Something is wrong.
    Found(Finding),
}

/// What a check has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checked {
    /// How many events.
    pub events: u64,
    /// How many aggregates that ever had one.
    pub aggregates: u64,
    /// How much is wrong; 0: the store is sound.
    pub findings: u64,
}

/// Something that is wrong with a store. It names places, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// The engine finds its own structures damaged.
    Damaged(String),
    /// Events are missing between these positions.
    PositionGap {
        /// The last position before the gap.
        after: Position,
        /// The first behind it.
        before: Position,
    },
    /// An event does not agree with its neighbours on where their commit ends.
    TornCommit {
        /// The event.
        position: Position,
    },
    /// Events of one aggregate are missing or doubled.
    VersionGap {
        /// The aggregate's type.
        aggregate_type: String,
        /// Its id.
        id: Uuid,
        /// The version that should come.
        expected: Version,
        /// The one that does.
        found: Version,
    },
    /// Something stored cannot be read.
    Unreadable {
        /// What, with its position or id.
        what: String,
        /// Why.
        why: String,
    },
    /// The stored state is not what the journal makes of it.
    StateDiffers {
        /// The aggregate's type.
        aggregate_type: String,
        /// Its id.
        id: Uuid,
        /// The fields that differ, as paths into its document.
        fields: Vec<String>,
    },
    /// The stored state is of another version than the newest event.
    VersionDiffers {
        /// The aggregate's type.
        aggregate_type: String,
        /// Its id.
        id: Uuid,
        /// The version of the state.
        stored: Version,
        /// The version of the newest event.
        newest: Version,
    },
    /// A snapshot is not what the journal makes of its version.
    SnapshotDiffers {
        /// The aggregate's type.
        aggregate_type: String,
        /// Its id.
        id: Uuid,
        /// The version of the snapshot.
        version: Version,
        /// The fields that differ, as paths into its document.
        fields: Vec<String>,
    },
    /// The journal has an aggregate whose state is not stored.
    StateMissing {
        /// The aggregate's type.
        aggregate_type: String,
        /// Its id.
        id: Uuid,
    },
    /// A state is stored that no event made, or that an event removed.
    StateWithoutEvents {
        /// The aggregate's type.
        aggregate_type: String,
        /// Its id.
        id: Uuid,
    },
    /// A child row has no parent.
    Orphan(Orphan),
    /// The outcome of a command that has events, and whose time is not over, is not kept.
    RecordMissing {
        /// The command.
        command_id: Uuid,
        /// Its last event.
        position: Position,
    },
    /// The outcome of a command names another position than its events have.
    RecordDiffers {
        /// The command.
        command_id: Uuid,
        /// Its last event.
        position: Position,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(said) => write!(formatter, "the file is damaged: {said}"),
            Self::PositionGap { after, before } => {
                write!(formatter, "events are missing between the positions {after} and {before}")
            }
            Self::TornCommit { position } => {
                write!(formatter, "position {position}: the end of its commit is not that of its neighbours")
            }
            Self::VersionGap { aggregate_type, id, expected, found } => {
                write!(
                    formatter,
                    "{aggregate_type} {id}: version {expected} should come, version {found} does"
                )
            }
            Self::Unreadable { what, why } => write!(formatter, "{what} cannot be read: {why}"),
            Self::StateDiffers { aggregate_type, id, fields } => {
                let fields = fields.join("`, `");
                write!(
                    formatter,
                    "{aggregate_type} {id}: the stored state differs from the journal in `{fields}`"
                )
            }
            Self::VersionDiffers { aggregate_type, id, stored, newest } => write!(
                formatter,
                "{aggregate_type} {id}: the stored state is of version {stored}, the newest event of {newest}"
            ),
            Self::SnapshotDiffers { aggregate_type, id, version, fields } => write!(
                formatter,
                "{aggregate_type} {id}: its snapshot of version {version} differs from the journal in {}",
                fields.join(", ")
            ),
            Self::StateMissing { aggregate_type, id } => {
                write!(formatter, "{aggregate_type} {id}: the journal has it, its state is not stored")
            }
            Self::StateWithoutEvents { aggregate_type, id } => {
                write!(formatter, "{aggregate_type} {id}: a state is stored that no event accounts for")
            }
            Self::Orphan(orphan) => {
                write!(
                    formatter,
                    "a row of `{}` belongs to {}, which is not there",
                    orphan.table, orphan.parent
                )
            }
            Self::RecordMissing { command_id, position } => write!(
                formatter,
                "position {position}: the outcome of its command {command_id} is to be kept, and is not there"
            ),
            Self::RecordDiffers { command_id, position } => write!(
                formatter,
                "position {position}: the outcome of its command {command_id} names another position"
            ),
        }
    }
}
