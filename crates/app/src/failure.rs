//! How the program fails: a sentence and an exit status.

use std::process::ExitCode;

use portolan_kernel::Error;

use crate::signals::Asked;

/// Why a command of the program did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Refused or failed: exit status 1.
    #[error("{0}")]
    Failed(String),
    /// Refused, and already said so on stdout: exit status 1.
    #[error("refused")]
    Refused,
    /// Nobody reads stdout any more, as of `portolan events | head`: said to nobody, and exit status 0.
    #[error("nobody reads stdout")]
    Unread,
    /// Wrong usage or configuration: exit status 2.
    #[error("{0}")]
    Usage(String),
    /// A backend cannot be reached: exit status 3.
    #[error("{0}")]
    Unreachable(String),
    /// Asked to end a second time while it ended: exit status 130 or 143, as of a program that the signal ends.
    #[error("ended at once, as it was asked twice; what was not answered may be done or not")]
    CutOff(Asked),
}

impl Failure {
    /// Whether it is not to be said on stderr.
    pub(crate) const fn is_silent(&self) -> bool {
        matches!(self, Self::Refused | Self::Unread)
    }

    /// The exit status: 1 refused or failed, 2 wrong usage or configuration, 3 a backend cannot be reached; of a program
    /// that did not end cleanly because it was asked twice, 130 or 143.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Unread => 0,
            Self::Failed(_) | Self::Refused => 1,
            Self::Usage(_) => 2,
            Self::Unreachable(_) => 3,
            Self::CutOff(asked) => asked.exit_status(),
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
