//! What goes round every command and every query: middleware as values in a chain.
//!
//! Each sees the message's name, its target and its context, never its payload nor a query's answer: so none of
//! them can leak a secret. [`standard`] is the chain that a service runs with; a middleware of one's own is a
//! type that implements [`CommandMiddleware`], [`QueryMiddleware`], or both.

pub use chain::{Chain, NextCommand, NextQuery};
pub use idempotency::Idempotency;
pub use one_at_a_time::OneAtATime;
pub use retry::Retry;
pub use standard::{Limits, standard};
pub use timeout::Timeout;
pub use trace::Trace;

use async_trait::async_trait;
use portolan_kernel::{AggregateKey, CommandError, Context, Receipt, Result};

pub(crate) use chain::{Decision, Question};

mod chain;
mod idempotency;
mod one_at_a_time;
mod retry;
mod standard;
mod timeout;
mod trace;

/// A command on its way to its handler, as middleware sees it.
#[derive(Debug, Clone, Copy)]
pub struct CommandCall<'a> {
    /// [`Command::name`](portolan_kernel::Command::name).
    pub name: &'static str,
    /// [`Command::target`](portolan_kernel::Command::target).
    pub target: Option<AggregateKey>,
    /// Its context.
    pub context: &'a Context,
    /// How often it was decided before: in vain, for somebody else was faster.
    pub attempts: u32,
}

/// A query on its way to its handler, as middleware sees it.
#[derive(Debug, Clone, Copy)]
pub struct QueryCall {
    /// [`QueryMessage::name`](portolan_kernel::QueryMessage::name).
    pub name: &'static str,
}

/// Goes round commands.
///
/// It calls `next` once, several times (a retry), or not at all (it answers by itself). What it holds while
/// `next` runs it gives back by dropping, so that a caller who goes away and a handler that panics leave nothing
/// held.
#[async_trait]
pub trait CommandMiddleware: Send + Sync + 'static {
    /// Takes the command on, or answers it.
    ///
    /// # Errors
    /// Those of `next`, and its own.
    async fn command(&self, call: CommandCall<'_>, next: NextCommand<'_>) -> Result<Receipt, CommandError>;
}

/// Goes round queries. As [`CommandMiddleware`]; the answer itself does not pass through it.
#[async_trait]
pub trait QueryMiddleware: Send + Sync + 'static {
    /// Takes the query on, or fails it.
    ///
    /// # Errors
    /// Those of `next`, and its own.
    async fn query(&self, call: QueryCall, next: NextQuery<'_>) -> Result<()>;
}
