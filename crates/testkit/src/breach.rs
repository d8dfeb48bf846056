//! What a clause answers when an adapter breaks it.

use std::fmt;
use std::panic::Location;

use portolan_kernel::{CommandError, Error};

/// What a clause found: nothing, or how it was broken.
pub type Verdict<T = ()> = Result<T, Breach>;

/// How a clause was broken, and the line of the clause that saw it.
#[derive(Clone)]
pub struct Breach {
    message: String,
    seen_at: &'static Location<'static>,
}

impl Breach {
    /// A breach, seen where this is called.
    #[track_caller]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), seen_at: Location::caller() }
    }

    /// How it was broken.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\n  seen at {}", self.message, self.seen_at)
    }
}

impl fmt::Debug for Breach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl From<Error> for Breach {
    #[track_caller]
    fn from(error: Error) -> Self {
        Self::new(format!("the port failed with `{}`: {error}", error.code()))
    }
}

impl From<CommandError> for Breach {
    #[track_caller]
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Failed(error) => Self::from(error),
            other => Self::new(format!("the command is answered: {other}")),
        }
    }
}

/// What was to be there is; otherwise the breach says what is missing.
pub trait OrBreach<T> {
    /// The value.
    ///
    /// # Errors
    /// A breach that says that `what` is missing.
    fn or_breach(self, what: &str) -> Verdict<T>;
}

impl<T> OrBreach<T> for Option<T> {
    #[track_caller]
    fn or_breach(self, what: &str) -> Verdict<T> {
        match self {
            Some(value) => Ok(value),
            None => Err(Breach::new(format!("{what} is missing"))),
        }
    }
}

/// Ends the clause with a breach unless the condition holds.
#[macro_export]
#[doc(hidden)]
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return ::std::result::Result::Err($crate::Breach::new(::std::format!($($message)+)));
        }
    };
}

/// Ends the clause with a breach unless both are equal; the message says what they are.
#[macro_export]
#[doc(hidden)]
macro_rules! ensure_eq {
    ($actual:expr, $expected:expr, $($message:tt)+) => {
        match (&$actual, &$expected) {
            (actual, expected) => $crate::ensure!(
                *actual == *expected,
                "{}\n  expected {:?}\n  actual   {:?}",
                ::std::format_args!($($message)+),
                expected,
                actual
            ),
        }
    };
}
