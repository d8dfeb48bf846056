//! How the program fails: a sentence and an exit status.

use std::process::ExitCode;

use portolan_kernel::Error;

/// Why a command of the program did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Refused or failed: exit status 1.
    #[error("{0}")]
    Failed(String),
    /// Refused, and already said so on stdout: exit status 1.
    #[error("refused")]
    Refused,
    /// Wrong usage or configuration: exit status 2.
    #[error("{0}")]
    Usage(String),
    /// A backend cannot be reached: exit status 3.
    #[error("{0}")]
    Unreachable(String),
}

impl Failure {
    /// The exit status: 1 refused or failed, 2 wrong usage or configuration, 3 a backend cannot be reached.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) | Self::Refused => 1,
            Self::Usage(_) => 2,
            Self::Unreachable(_) => 3,
        })
    }
}

impl Failure {
    /// A store that does not fit what the configuration says of it is wrong usage.
    pub(crate) fn of_configuration(error: Error) -> Self {
        match error {
            Error::Invalid(text) | Error::Unsupported(text) => Self::Usage(text),
            other => other.into(),
        }
    }

    /// So is one that is asked to be what it is not; what is wrong with the store itself is none.
    pub(crate) fn of_opening(error: Error) -> Self {
        match error {
            Error::Unsupported(_) => Self::of_configuration(error),
            other => other.into(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable { .. } => Self::Unreachable(error.to_string()),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}
