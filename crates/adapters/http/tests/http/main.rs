//! What a client sees: the routes over stores in memory, and the server on a socket.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on ends")]

mod bodies;
mod concurrency;
mod document;
mod failures;
mod idempotency;
mod journey;
mod lists;
mod operation;
mod reads;
mod refusals;
mod server;
mod stream;
mod support;
