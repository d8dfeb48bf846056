//! How the service is.

use serde::Serialize;
use utoipa::ToSchema;

/// The process lives.
#[derive(Serialize, ToSchema)]
#[schema(as = Live)]
pub(crate) struct LiveBody {
    #[schema(example = "live")]
    pub(crate) status: &'static str,
}

/// Whether the service takes requests, and how its parts are.
#[derive(Serialize, ToSchema)]
#[schema(as = Ready)]
pub(crate) struct ReadyBody {
    /// `ready`, `not_ready` or `ending`.
    #[schema(example = "ready")]
    pub(crate) status: &'static str,
    /// The journal's last position; null where it cannot be read.
    #[schema(required = true)]
    pub(crate) head: Option<u64>,
    pub(crate) parts: Vec<PartBody>,
}

/// How one part is.
#[derive(Serialize, ToSchema)]
#[schema(as = Part)]
pub(crate) struct PartBody {
    pub(crate) name: String,
    pub(crate) state: String,
    /// Whether the service can take requests as far as this part goes.
    pub(crate) ready: bool,
    /// How far it has come in the journal, where that says something.
    #[schema(required = true)]
    pub(crate) position: Option<u64>,
    /// How far that is behind the head.
    #[schema(required = true)]
    pub(crate) lag: Option<u64>,
}
