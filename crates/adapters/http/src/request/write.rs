//! A write: its body, and the context that its command travels with.

use axum::extract::{FromRequest, Request};
use axum::http::request::Parts;
use portolan_kernel::{Context, IdSource, Kept};
use uuid::Uuid;

use super::body::{RequestBody, decode, read};
use super::conditions::if_match;
use super::idempotency::{command_id, fingerprint};
use super::{Parameters, traceparent};
use crate::http::Shared;
use crate::problem::Problem;

/// A request to change something, read whole. Nothing of it has been done.
pub(crate) struct Write<T> {
    /// What the body says.
    pub(crate) body: T,
    /// What the command travels with.
    pub(crate) ticket: Ticket,
}

/// The context of a write's command.
pub(crate) struct Ticket(Context);

impl Ticket {
    /// As the mediator takes it.
    pub(crate) fn into_context(self) -> Context {
        self.0
    }

    /// The id of what the write makes: the one that the caller gives, or a new one. A retry with the same key makes
    /// the same.
    ///
    /// # Errors
    /// `precondition_failed` where the caller expects a version of what is yet to be made.
    pub(crate) fn id_of_new(&self, given: Option<Uuid>, ids: &dyn IdSource) -> Result<Uuid, Problem> {
        if self.0.if_match.is_some() {
            return Err(Problem::precondition_failed());
        }
        Ok(given.unwrap_or_else(|| match self.0.idempotency {
            Some(_) => Uuid::new_v5(&self.0.command_id, b"id"),
            None => ids.next_id(),
        }))
    }

    fn of(parts: &Parts, body: &[u8], http: &Shared) -> Result<Self, Problem> {
        let now = http.clock.now();
        let mut context = match command_id(&parts.headers)? {
            Some(command_id) => {
                let fingerprint = fingerprint(&parts.method, parts.uri.path(), body);
                let kept = Kept::Until(now.plus(http.outcomes_kept));
                Context::new(command_id, now).idempotent(fingerprint, kept)
            }
            None => Context::new(http.ids().next_id(), now),
        };
        context.if_match = if_match(&parts.headers)?;
        context.traceparent = traceparent(&parts.headers).map(str::to_owned);
        Ok(Self(context))
    }
}

impl<T: RequestBody> FromRequest<Shared> for Write<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, http: &Shared) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        Parameters::of(&parts.uri, &[])?;
        let bytes = read(&parts.headers, body, http.limits.body_bytes, http.limits.body_timeout).await?;
        let body = decode(&parts.headers, &bytes)?;
        let ticket = Ticket::of(&parts, &bytes, http)?;
        Ok(Self { body, ticket })
    }
}
