//! What every end-to-end test needs: the program, a place for its store, a running server and its client, a look
//! into the store from outside, and a way to wait.

pub(crate) mod database;
pub(crate) mod http;
pub(crate) mod load;
pub(crate) mod market;
pub(crate) mod mount;
pub(crate) mod place;
pub(crate) mod program;
pub(crate) mod server;
pub(crate) mod store;
pub(crate) mod stream;
pub(crate) mod trade;
pub(crate) mod wait;
