//! The server below the routes: connections, their limits, and how they end.

mod connection;
mod limits;
mod serve;
mod shutdown;

pub use limits::Limits;
pub use serve::serve;
pub use shutdown::Shutdown;
