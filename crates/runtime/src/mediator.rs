//! The mediator: takes each command and each query to its handler.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use portolan_kernel::{
    Command, CommandError, CommandHandler, Context, Error, QueryHandler, QueryMessage, Receipt, Result,
    UnitOfWork, WriteSide,
};

use crate::middleware::{Chain, CommandCall, Decision, QueryCall, Question};

/// Takes commands and queries to the handlers that `S` implements, through a [`Chain`] of middleware.
///
/// It is typed: what `S` does not handle does not compile. A clone is a handle on the same mediator.
///
/// # Behaviour
/// A command is decided in a unit of work of its own: begun before the handler, committed after it, and thrown
/// away where the handler fails, panics, or its caller goes away.
pub struct Mediator<S>(Arc<Parts<S>>);

struct Parts<S> {
    service: S,
    write_side: WriteSide,
    chain: Chain,
}

impl<S> Mediator<S> {
    /// A mediator in front of this service's handlers, whose units of work are of this write side.
    #[must_use]
    pub fn new(service: S, write_side: WriteSide, chain: Chain) -> Self {
        Self(Arc::new(Parts { service, write_side, chain }))
    }

    /// The service with the handlers.
    #[must_use]
    pub fn service(&self) -> &S {
        &self.0.service
    }

    /// Where commands are committed.
    #[must_use]
    pub fn write_side(&self) -> &WriteSide {
        &self.0.write_side
    }

    /// Sends a command and answers its receipt, once what it changed is durable.
    ///
    /// # Errors
    /// - [`CommandError::Refused`]: the domain's no.
    /// - [`CommandError::Reused`], [`CommandError::InProgress`]: the command's id says no.
    /// - [`CommandError::Failed`]: no outcome, and none was kept; with `outcome_unknown` it may have been done.
    pub fn send<C: Command>(
        &self,
        command: C,
        context: Context,
    ) -> impl Future<Output = Result<Receipt, CommandError>> + Send
    where
        S: CommandHandler<C>,
    {
        // Begun before the future is made: a unit is a pointer, a context would be copied with the future.
        let unit = self.0.write_side.begin(context).about(command.target());
        async move {
            if self.0.chain.is_empty_for_commands() {
                return self.0.decide(&command, unit).await;
            }
            let (name, target, context) = (command.name(), command.target(), unit.context());
            let call = CommandCall { name, target, context, attempts: 0 };
            let decision = Deciding { parts: &*self.0, command: &command, stage: AtomicU8::new(DECIDING) };
            self.0.chain.command(&decision).run(call).await
        }
    }

    /// Asks a query and answers what its handler says.
    ///
    /// # Errors
    /// Those of the handler and of the middleware: [`Error::Unavailable`] where it took too long.
    pub async fn ask<Q: QueryMessage>(&self, query: Q) -> Result<Q::Answer>
    where
        S: QueryHandler<Q>,
    {
        if self.0.chain.is_empty_for_queries() {
            return QueryHandler::handle(&self.0.service, &query).await;
        }
        let name = query.name();
        let asking = Asking { service: &self.0.service, query: &query, answer: Mutex::new(None) };
        self.0.chain.query(&asking).run(QueryCall { name }).await?;
        let answer = asking.answer.into_inner().unwrap_or_else(PoisonError::into_inner);
        answer.ok_or_else(|| Error::Invalid(format!("a middleware let nobody answer the query `{name}`")))
    }
}

impl<S> Parts<S> {
    async fn decide<C: Command>(&self, command: &C, unit: UnitOfWork) -> Result<Receipt, CommandError>
    where
        S: CommandHandler<C>,
    {
        let decided = CommandHandler::handle(&self.service, command, &unit).await;
        unit.finish(decided).await
    }
}

impl<S> Clone for Mediator<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> fmt::Debug for Mediator<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Mediator").field("chain", &self.0.chain).finish_non_exhaustive()
    }
}

/// The innermost step of a command.
struct Deciding<'a, S, C> {
    parts: &'a Parts<S>,
    command: &'a C,
    /// How far it is.
    stage: AtomicU8,
}

/// The handler decides, or the store has answered.
const DECIDING: u8 = 0;

/// The store has a change, and has not answered yet.
const SUBMITTED: u8 = 1;

/// The store has a refusal, and has not answered yet: whatever comes of it, the aggregate stays as it is.
const REFUSED: u8 = 2;

#[async_trait]
impl<S: CommandHandler<C>, C: Command> Decision for Deciding<'_, S, C> {
    async fn decide(&self, context: &Context) -> Result<Receipt, CommandError> {
        let unit = self.parts.write_side.begin(context.clone()).about(self.command.target());
        let decided = CommandHandler::handle(&self.parts.service, self.command, &unit).await;
        // A decision that failed is not shipped; an attempt that the store answered is over.
        let stage = match &decided {
            Ok(_) => SUBMITTED,
            Err(CommandError::Refused(_)) => REFUSED,
            Err(_) => DECIDING,
        };
        self.stage.store(stage, Ordering::Relaxed);
        let outcome = unit.finish(decided).await;
        self.stage.store(DECIDING, Ordering::Relaxed);
        outcome
    }

    fn is_submitted(&self) -> bool {
        self.stage.load(Ordering::Relaxed) != DECIDING
    }

    fn may_be_followed(&self) -> bool {
        match self.stage.load(Ordering::Relaxed) {
            DECIDING => false,
            REFUSED => true,
            _ => {
                let store = self.parts.write_side.store();
                self.command.target().is_some_and(|key| store.tells_submitted(key))
            }
        }
    }
}

/// The innermost step of a query; its answer stays here, out of the middleware's sight.
struct Asking<'a, S, Q: QueryMessage> {
    service: &'a S,
    query: &'a Q,
    answer: Mutex<Option<Q::Answer>>,
}

#[async_trait]
impl<S: QueryHandler<Q>, Q: QueryMessage> Question for Asking<'_, S, Q> {
    async fn ask(&self) -> Result<()> {
        let answer = QueryHandler::handle(self.service, self.query).await?;
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        Ok(())
    }
}
