//! What the routes work with.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use portolan_application::Market;
use portolan_application::wire::MarketDecoder;
use portolan_kernel::{
    Clock, Command, CommandError, CommandHandler, Error, IdSource, Journal, QueryHandler, QueryMessage,
    Receipt,
};
use portolan_runtime::Mediator;
use uuid::Uuid;

use crate::health::Health;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::request::Ticket;
use crate::server::{Limits, Shutdown};

/// What the routes stand on.
pub struct Http {
    /// Where commands and queries go.
    pub mediator: Mediator<Market>,
    /// For histories and the stream of events.
    pub journal: Arc<dyn Journal>,
    /// What time it is when a command comes in.
    pub clock: Arc<dyn Clock>,
    /// How the parts of the service are.
    pub health: Arc<dyn Health>,
    /// How long the outcome of a command with an `Idempotency-Key` is kept.
    pub outcomes_kept: Duration,
    /// How much one client may take.
    pub limits: Limits,
    /// Ends streams and readiness.
    pub shutdown: Shutdown,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Http").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// The state of the router; a clone is cheap.
#[derive(Clone)]
pub(crate) struct Shared(Arc<App>);

pub(crate) struct App {
    http: Http,
    pub(crate) decoder: MarketDecoder,
    pub(crate) metrics: Metrics,
}

impl Shared {
    pub(crate) fn new(http: Http) -> Self {
        Self(Arc::new(App { http, decoder: MarketDecoder, metrics: Metrics::new() }))
    }
}

impl Deref for Shared {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0
    }
}

impl Deref for App {
    type Target = Http;

    fn deref(&self) -> &Http {
        &self.http
    }
}

impl App {
    pub(crate) fn ids(&self) -> &dyn IdSource {
        self.mediator.write_side().ids()
    }

    /// Sends a command, counts its outcome, and answers its receipt.
    pub(crate) async fn send<C: Command>(&self, command: C, ticket: Ticket) -> Result<Receipt, Problem>
    where
        Market: CommandHandler<C>,
    {
        let name = command.name();
        let context = ticket.into_context();
        let if_match = context.if_match;
        let traceparent = context.traceparent.clone();
        let outcome = self.mediator.send(command, context).await;
        self.metrics.command(name, &outcome);
        outcome.map_err(|error| {
            note(name, &error);
            Problem::of_command(error, if_match)
                .unwrap_or_else(|bug| self.bug(&bug.to_string(), traceparent.as_deref()))
        })
    }

    /// Asks a query.
    pub(crate) async fn ask<Q: QueryMessage>(&self, query: Q) -> Result<Q::Answer, Problem>
    where
        Market: QueryHandler<Q>,
    {
        self.mediator.ask(query).await.map_err(|error| self.problem(error))
    }

    /// The problem that a failed read is.
    pub(crate) fn problem(&self, error: Error) -> Problem {
        if let Error::Unavailable { .. } = error {
            tracing::warn!(%error, "a read failed");
        }
        Problem::of_query(error).unwrap_or_else(|bug| self.bug(&bug.to_string(), None))
    }

    /// Tells the operator what happened and the caller where to find it.
    pub(crate) fn bug(&self, what: &str, traceparent: Option<&str>) -> Problem {
        let trace_id = match traceparent.and_then(|text| text.split('-').nth(1)) {
            Some(trace_id) => trace_id.to_owned(),
            None => Uuid::simple(self.ids().next_id()).to_string(),
        };
        tracing::error!(trace_id, what, "a fault of the service");
        Problem::bug(&trace_id)
    }
}

/// What the store says of itself is for the operator, not for the caller.
fn note(command: &str, error: &CommandError) {
    if let CommandError::Failed(error @ Error::Unavailable { .. }) = error {
        tracing::warn!(command, %error, "a command failed");
    }
}
