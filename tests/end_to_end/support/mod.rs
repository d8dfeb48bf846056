//! What every end-to-end test needs: the program, a place for its store, a running server, and a way to wait.

pub(crate) mod http;
pub(crate) mod market;
pub(crate) mod place;
pub(crate) mod program;
pub(crate) mod server;
pub(crate) mod wait;
