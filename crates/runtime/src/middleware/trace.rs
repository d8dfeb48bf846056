//! A span for each message, and a W3C trace context for each command.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_kernel::{CommandError, Context, IdSource, Receipt, Result};
use tracing::{Instrument, debug, info_span};
use uuid::Uuid;

use super::{CommandCall, CommandMiddleware, NextCommand, NextQuery, QueryCall, QueryMiddleware};

/// Opens a span at level `info` round each command (its name, aggregate and id) and each query (its name), logs
/// the outcome's code at level `debug`, and gives a command without a W3C `traceparent` one of its own.
///
/// Payloads are in no span and no log.
pub struct Trace {
    ids: Arc<dyn IdSource>,
}

impl Trace {
    /// Spans whose trace ids come from this source.
    #[must_use]
    pub fn new(ids: Arc<dyn IdSource>) -> Self {
        Self { ids }
    }

    fn begin_trace(&self, context: &Context) -> Context {
        Context { traceparent: Some(traceparent(&*self.ids)), ..context.clone() }
    }
}

/// A new trace in the form of W3C Trace Context, version 00, sampled: `00-<32 hex digits>-<16 hex digits>-01`.
fn traceparent(ids: &dyn IdSource) -> String {
    // The trace is a whole id, the parent the random half of another; neither is zero, which the standard forbids.
    let (mut trace, mut parent) = (Uuid::encode_buffer(), Uuid::encode_buffer());
    let trace = ids.next_id().simple().encode_lower(&mut trace);
    let parent = &ids.next_id().simple().encode_lower(&mut parent)[16..];
    ["00-", trace, "-", parent, "-01"].concat()
}

#[async_trait]
impl CommandMiddleware for Trace {
    async fn command(&self, call: CommandCall<'_>, next: NextCommand<'_>) -> Result<Receipt, CommandError> {
        let traced = call.context.traceparent.is_none().then(|| self.begin_trace(call.context));
        let call = CommandCall { context: traced.as_ref().unwrap_or(call.context), ..call };
        let span = info_span!(
            "command",
            command = call.name,
            aggregate = call.target.map(tracing::field::display),
            command_id = %call.context.command_id,
            traceparent = call.context.traceparent,
        );
        if span.is_disabled() {
            return next.run(call).await;
        }
        async {
            let outcome = next.run(call).await;
            match &outcome {
                Ok(receipt) => debug!(
                    version = receipt.version.get(),
                    position = receipt.position.get(),
                    "command accepted"
                ),
                Err(error) => debug!(code = code(error), "command not accepted"),
            }
            outcome
        }
        .instrument(span)
        .await
    }
}

#[async_trait]
impl QueryMiddleware for Trace {
    async fn query(&self, call: QueryCall, next: NextQuery<'_>) -> Result<()> {
        let span = info_span!("query", query = call.name);
        if span.is_disabled() {
            return next.run(call).await;
        }
        async {
            let outcome = next.run(call).await;
            match &outcome {
                Ok(()) => debug!("query answered"),
                Err(error) => debug!(code = error.code(), "query not answered"),
            }
            outcome
        }
        .instrument(span)
        .await
    }
}

/// The stable code of a command's failure.
fn code(error: &CommandError) -> &str {
    match error {
        CommandError::Refused(refusal) => &refusal.code,
        CommandError::Reused { .. } => "reused",
        CommandError::InProgress { .. } => "in_progress",
        CommandError::Failed(error) => error.code(),
    }
}
