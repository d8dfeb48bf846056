//! The runtime on small in-memory ports.
#![expect(unreachable_pub, reason = "a test program has no callers outside")]

mod cache;
mod mediator;
mod middleware;
mod support;
