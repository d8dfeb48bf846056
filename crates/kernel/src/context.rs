//! What travels with a command: who, when, why, and how to answer it if it is asked again.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Timestamp, Version};

/// What travels with one command, from the edge to the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The command's id, made once; a repeat carries the same.
    pub command_id: Uuid,
    /// The time the command was given: the domain's "now", and its events' `occurred_at`.
    pub occurred_at: Timestamp,
    /// The conversation that the command belongs to; its own id where it begins one.
    pub correlation_id: Uuid,
    /// The event that made a process or a deadline send the command.
    pub causation_id: Option<Uuid>,
    /// W3C Trace Context.
    pub traceparent: Option<String>,
    /// On whose behalf.
    pub actor: Option<String>,
    /// The version that the caller saw (`If-Match`); another one is a conflict and no retry can help.
    pub if_match: Option<Version>,
    /// Set where a repeat of the command must answer the first outcome.
    pub idempotency: Option<Idempotency>,
}

impl Context {
    /// A command given now by nobody in particular, that is not to be repeated.
    #[must_use]
    pub const fn new(command_id: Uuid, occurred_at: Timestamp) -> Self {
        Self {
            command_id,
            occurred_at,
            correlation_id: command_id,
            causation_id: None,
            traceparent: None,
            actor: None,
            if_match: None,
            idempotency: None,
        }
    }

    /// The same command, whose repeat with the same `fingerprint` answers the first outcome.
    #[must_use]
    pub const fn idempotent(mut self, fingerprint: Fingerprint, kept: Kept) -> Self {
        self.idempotency = Some(Idempotency { fingerprint, kept });
        self
    }

    /// The part of the context that is stored with each event.
    #[must_use]
    pub fn metadata(&self) -> Metadata {
        Metadata {
            command_id: self.command_id,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            traceparent: self.traceparent.clone(),
            actor: self.actor.clone(),
            kept: self.idempotency.map(|idempotency| idempotency.kept),
        }
    }
}

/// How a repeat of a command is known, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idempotency {
    /// Of the payload: the same id with another payload is a mistake of the caller's.
    pub fingerprint: Fingerprint,
    /// How long the outcome is kept.
    pub kept: Kept,
}

/// A digest of a command's payload; two payloads with one digest are taken for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 16]);

impl Fingerprint {
    /// The digest of these bytes (the hash of a UUID version 5).
    #[must_use]
    pub fn of(payload: &[u8]) -> Self {
        Self(Uuid::new_v5(&Uuid::NAMESPACE_OID, payload).into_bytes())
    }
}

/// How long the outcome of a command is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// For ever, like an import's.
    Forever,
    /// Until this time, by the store's clock.
    Until(Timestamp),
}

/// What is stored with each event about the command that caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The command's id.
    pub command_id: Uuid,
    /// The conversation.
    pub correlation_id: Uuid,
    /// The event that made a process or a deadline send the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// W3C Trace Context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// On whose behalf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// How long the command's outcome is kept; absent where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}
