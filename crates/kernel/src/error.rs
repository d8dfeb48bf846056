//! What can go wrong: the ports' error kinds, the domain's refusals, and the two together.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{AggregateKey, Position, Version};

/// The result of a port.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error of every port. Adapters turn their driver's errors into these; a driver's type never leaves them.
///
/// Absence is not an error: ports answer `Ok(None)`. [`Error::NotFound`] is for an operation *on* something
/// that must be there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The thing to act on is not there.
    #[error("{0} was not found")]
    NotFound(String),
    /// The thing to make is there already.
    #[error("{0} already exists")]
    AlreadyExists(String),
    /// Somebody else was faster: load again and decide again.
    #[error("{what} is at version {actual}, not at {expected}")]
    Conflict {
        /// What was to change.
        what: String,
        /// The version (or position) that the caller took for granted; 0: that there is none.
        expected: u64,
        /// The one it has; 0: there is none.
        actual: u64,
    },
    /// What was asked for can never be answered.
    #[error("{0}")]
    Invalid(String),
    /// This adapter does not do that; no I/O was tried.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// The store cannot be reached, or cannot do it now.
    #[error("{message}{}", if *outcome_unknown { "; outcome unknown: ask again with the same command id" } else { "" })]
    Unavailable {
        /// What happened and what to do.
        message: String,
        /// Whether it may have been done all the same.
        outcome_unknown: bool,
    },
    /// The port was closed.
    #[error("{0} is closed")]
    Closed(String),
    /// Another owner has taken over.
    #[error("{0} was taken over by another owner")]
    Fenced(String),
    /// A bounded queue or store has no room: try again later.
    #[error("{0} is full")]
    Full(String),
    /// A read model has not come as far as was asked within the time allowed.
    #[error("the read model is at position {have}, not yet at {want}")]
    Stale {
        /// How far it is.
        have: Position,
        /// How far it was to be.
        want: Position,
    },
}

impl Error {
    /// The store cannot do it now, and has not done it.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::Unavailable { message: message.into(), outcome_unknown: false }
    }

    /// The store may or may not have done it.
    pub fn outcome_unknown(message: impl Into<String>) -> Self {
        Self::Unavailable { message: message.into(), outcome_unknown: true }
    }

    /// A version conflict on an aggregate.
    #[must_use]
    pub fn conflict(key: AggregateKey, expected: Option<Version>, actual: Option<Version>) -> Self {
        let number = |version: Option<Version>| version.map_or(0, Version::get);
        Self::Conflict { what: key.to_string(), expected: number(expected), actual: number(actual) }
    }

    /// The stable name of the kind, in snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::AlreadyExists(_) => "already_exists",
            Self::Conflict { .. } => "conflict",
            Self::Invalid(_) => "invalid",
            Self::Unsupported(_) => "unsupported",
            Self::Unavailable { .. } => "unavailable",
            Self::Closed(_) => "closed",
            Self::Fenced(_) => "fenced",
            Self::Full(_) => "full",
            Self::Stale { .. } => "stale",
        }
    }
}

/// The domain's no, as it is stored, printed and sent: a stable code, a sentence for people, and the numbers it
/// speaks of. The typed error of the aggregate turns into this at the end of its command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Stable, in snake case: `too_low`.
    pub code: std::borrow::Cow<'static, str>,
    /// A sentence for people.
    pub message: String,
    /// The numbers, by name.
    pub details: Map<String, Value>,
}

impl Refusal {
    /// The command is about an aggregate that does not exist.
    #[must_use]
    pub fn not_found(key: AggregateKey) -> Self {
        Self::about("not_found", format!("there is no {key}"), key)
    }

    /// The command is to make an aggregate that exists.
    #[must_use]
    pub fn already_exists(key: AggregateKey) -> Self {
        Self::about("already_exists", format!("{key} already exists"), key)
    }

    fn about(code: &'static str, message: String, key: AggregateKey) -> Self {
        let details = Map::from_iter([("id".to_owned(), Value::from(key.id.to_string()))]);
        Self { code: code.into(), message, details }
    }
}

/// An aggregate's typed errors name the parts of their [`Refusal`].
pub trait DomainError: std::error::Error + Send + Sync + 'static {
    /// Stable, in snake case.
    fn code(&self) -> &'static str;

    /// The numbers that the sentence speaks of, by name.
    fn details(&self) -> Map<String, Value>;
}

impl<E: DomainError> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self { code: error.code().into(), message: error.to_string(), details: error.details() }
    }
}

/// How a command can fail: the domain said no, the command's id says no, or a port failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The domain's no: an answer, kept for a repeat of the same command.
    #[error(transparent)]
    Refused(Refusal),
    /// The command's id was used before, with another payload.
    #[error("the command id {command_id} was used before, with another payload")]
    Reused {
        /// The id.
        command_id: Uuid,
    },
    /// The same command is still running in this process.
    #[error("the command {command_id} is still running")]
    InProgress {
        /// The command's id.
        command_id: Uuid,
    },
    /// No answer: never kept.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl<E: DomainError> From<E> for CommandError {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Refusal> for CommandError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
