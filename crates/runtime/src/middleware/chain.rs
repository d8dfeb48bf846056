//! The chain: which middleware, in which order, and what comes after the last.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use portolan_kernel::{CommandError, Context, Receipt, Result};

use super::{CommandCall, CommandMiddleware, QueryCall, QueryMiddleware};

/// Middleware in order, the outermost first; empty by default.
#[derive(Clone, Default)]
pub struct Chain {
    commands: Vec<Arc<dyn CommandMiddleware>>,
    queries: Vec<Arc<dyn QueryMiddleware>>,
}

impl Chain {
    /// No middleware: a message goes straight to its handler.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// This chain with one more inside it, round commands only.
    #[must_use]
    pub fn around_commands(mut self, middleware: impl CommandMiddleware) -> Self {
        self.commands.push(Arc::new(middleware));
        self
    }

    /// This chain with one more inside it, round queries only.
    #[must_use]
    pub fn around_queries(mut self, middleware: impl QueryMiddleware) -> Self {
        self.queries.push(Arc::new(middleware));
        self
    }

    /// This chain with one more inside it, round commands and queries.
    #[must_use]
    pub fn around_both<M: CommandMiddleware + QueryMiddleware>(mut self, middleware: M) -> Self {
        let middleware = Arc::new(middleware);
        self.commands.push(Arc::clone(&middleware) as Arc<dyn CommandMiddleware>);
        self.queries.push(middleware);
        self
    }

    pub(crate) fn is_empty_for_commands(&self) -> bool {
        self.commands.is_empty()
    }

    pub(crate) fn is_empty_for_queries(&self) -> bool {
        self.queries.is_empty()
    }

    pub(crate) fn command<'a>(&'a self, decision: &'a dyn Decision) -> NextCommand<'a> {
        NextCommand { rest: &self.commands, decision }
    }

    pub(crate) fn query<'a>(&'a self, question: &'a dyn Question) -> NextQuery<'a> {
        NextQuery { rest: &self.queries, question }
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Chain({} round commands, {} round queries)",
            self.commands.len(),
            self.queries.len()
        )
    }
}

/// The rest of the chain and the handler behind it, with the command inside. It can be run again.
#[derive(Clone, Copy)]
pub struct NextCommand<'a> {
    rest: &'a [Arc<dyn CommandMiddleware>],
    decision: &'a dyn Decision,
}

impl NextCommand<'_> {
    /// Runs it. The context of `call` is the one that the handler gets.
    ///
    /// # Errors
    /// Those of the middleware further in, and of the handler.
    pub async fn run(self, call: CommandCall<'_>) -> Result<Receipt, CommandError> {
        match self.rest.split_first() {
            Some((middleware, rest)) => middleware.command(call, NextCommand { rest, ..self }).await,
            None => self.decision.decide(call.context).await,
        }
    }

    /// Whether the command is with the store, which has not answered yet: who leaves off now does not know whether
    /// it was done. Before that, and after an answer, nothing is in doubt.
    #[must_use]
    pub fn is_submitted(&self) -> bool {
        self.decision.is_submitted()
    }

    /// Whether another command about the same aggregate may be decided now: this one is with the store, and a load
    /// answers what it leaves behind.
    #[must_use]
    pub fn may_be_followed(&self) -> bool {
        self.decision.may_be_followed()
    }
}

/// The rest of the chain and the handler behind it, with the query inside. It can be run again.
#[derive(Clone, Copy)]
pub struct NextQuery<'a> {
    rest: &'a [Arc<dyn QueryMiddleware>],
    question: &'a dyn Question,
}

impl NextQuery<'_> {
    /// Runs it.
    ///
    /// # Errors
    /// Those of the middleware further in, and of the handler.
    pub async fn run(self, call: QueryCall) -> Result<()> {
        match self.rest.split_first() {
            Some((middleware, rest)) => middleware.query(call, NextQuery { rest, ..self }).await,
            None => self.question.ask().await,
        }
    }
}

/// The innermost step of a command: the handler in its unit of work.
#[async_trait]
pub(crate) trait Decision: Send + Sync {
    async fn decide(&self, context: &Context) -> Result<Receipt, CommandError>;

    /// Whether what was decided is with the store, without an answer; also once the future is dropped.
    fn is_submitted(&self) -> bool;

    /// Whether the next command about the same aggregate finds what this one has decided.
    fn may_be_followed(&self) -> bool;
}

/// The innermost step of a query: its handler; the answer is kept aside.
#[async_trait]
pub(crate) trait Question: Send + Sync {
    async fn ask(&self) -> Result<()>;
}
