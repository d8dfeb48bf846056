//! The hand-written twins: the same rows, the same promises, no architecture.

pub(crate) mod batched;
mod events;
pub(crate) mod plain;
pub(crate) mod schema;
