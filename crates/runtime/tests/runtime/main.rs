//! The runtime on small in-memory ports.
#![cfg(test)]
#![expect(unreachable_pub, reason = "a test program has no callers outside")]

mod cache;
mod following;
mod mediator;
mod middleware;
mod subscription;
mod support;
mod switchable;
mod switchable_view;
