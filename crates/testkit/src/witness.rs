//! Waiting without sleeping: for something that must happen, with a deadline.

use std::future::Future;
use std::time::Duration;

use portolan_kernel::{Journal, Position};

use crate::{Breach, Verdict};

/// How long a witness may take. Long, because it is only ever waited out by an adapter that is broken.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// What the future answers, if it does so before [`DEADLINE`].
///
/// # Errors
/// A breach that says that `what` did not happen.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> Verdict<T> {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(answer) => Ok(answer),
        Err(_) => Err(Breach::new(format!("{what}: not within {DEADLINE:?}"))),
    }
}

/// Waits until the journal has come to this position, and answers its head.
///
/// # Errors
/// A breach where it does not come before [`DEADLINE`], or cannot be read.
pub async fn position(journal: &dyn Journal, wanted: Position) -> Verdict<Position> {
    let reached = async {
        let mut head = journal.head().await?;
        while head < wanted {
            head = journal.changed(head).await?;
        }
        Verdict::Ok(head)
    };
    within(&format!("the journal comes to position {wanted}"), reached).await?
}

/// Waits until the check answers something: for what has no wake-up of its own. Others run between two checks.
///
/// # Errors
/// A breach where it does not before [`DEADLINE`].
pub async fn eventually<T, F>(what: &str, mut check: impl FnMut() -> F) -> Verdict<T>
where
    F: Future<Output = Option<T>>,
{
    let seen = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(1));
        loop {
            if let Some(witness) = check().await {
                return witness;
            }
            ticks.tick().await;
        }
    };
    within(what, seen).await
}
