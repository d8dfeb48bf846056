//! What the kernel's errors are in HTTP. Only here does a code get its status.

use axum::http::StatusCode;
use portolan_kernel::{CommandError, Error, Refusal, Version};

use super::Problem;

/// How long a client waits before it asks again, in seconds.
const RETRY_AFTER_S: u32 = 1;

impl Problem {
    /// The problem that a failed command is; `Err` gives back an error that is a fault of the service.
    ///
    /// `if_match` is the version that the caller asked for: a conflict with it is a failed precondition.
    ///
    /// # Errors
    /// The error itself, where its text is not for the caller.
    pub fn of_command(error: CommandError, if_match: Option<Version>) -> Result<Self, Error> {
        match error {
            CommandError::Refused(refusal) => Ok(Self::of_refusal(refusal)),
            CommandError::Reused { .. } => Ok(Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "this Idempotency-Key was used before, with another request",
            )),
            CommandError::InProgress { .. } => Ok(Self::new(
                StatusCode::CONFLICT,
                "in_progress",
                "the first request with this Idempotency-Key is still running",
            )
            .retry_after(RETRY_AFTER_S)),
            CommandError::Failed(Error::Conflict { expected, actual, .. })
                if if_match.is_some_and(|version| version.get() == expected) =>
            {
                Ok(Self::precondition_failed().with("expected", expected).with("actual", actual))
            }
            // What a caller may have wrong in a command is a refusal of the domain, or was found before.
            CommandError::Failed(error @ Error::Invalid(_)) => Err(error),
            CommandError::Failed(error) => Self::of_port(error),
        }
    }

    /// The problem that a failed query is; `Err` gives back an error that is a fault of the service.
    ///
    /// # Errors
    /// The error itself, where its text is not for the caller.
    pub fn of_query(error: Error) -> Result<Self, Error> {
        match error {
            Error::Invalid(detail) => Ok(Self::invalid(detail)),
            error => Self::of_port(error),
        }
    }

    fn of_refusal(refusal: Refusal) -> Self {
        let status = match &*refusal.code {
            "not_found" => StatusCode::NOT_FOUND,
            "already_exists" => StatusCode::CONFLICT,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, refusal.code, refusal.message).with_all(refusal.details)
    }

    fn of_port(error: Error) -> Result<Self, Error> {
        let code = error.code();
        let unavailable = |detail: &'static str| {
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(RETRY_AFTER_S)
        };
        Ok(match error {
            Error::NotFound(_) => Self::not_found(error.to_string()),
            Error::AlreadyExists(_) => Self::new(StatusCode::CONFLICT, code, error.to_string()),
            Error::Conflict { expected, actual, .. } => {
                Self::new(StatusCode::CONFLICT, code, "somebody else was faster; try again")
                    .with("expected", expected)
                    .with("actual", actual)
            }
            Error::Full(_) => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                code,
                "too many commands are waiting; try again in a moment",
            )
            .retry_after(RETRY_AFTER_S),
            Error::Stale { have, want } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, code, error.to_string())
                    .with("have", have.get())
                    .with("want", want.get())
                    .retry_after(RETRY_AFTER_S)
            }
            // What the store says of itself is for the operator.
            Error::Unavailable { outcome_unknown: true, .. } => unavailable(
                "it is not known whether this was done; with the same Idempotency-Key it is safe to ask again",
            )
            .with("outcome_unknown", true),
            Error::Unavailable { .. } | Error::Closed(_) | Error::Fenced(_) => {
                unavailable("this cannot be done now; try again in a moment")
            }
            Error::Unsupported(detail) => Self::new(StatusCode::NOT_IMPLEMENTED, code, detail),
            bug => return Err(bug),
        })
    }
}
