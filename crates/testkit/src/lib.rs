//! The contracts of the ports, and what tests are made of.
pub use breach::{Breach, OrBreach, Verdict};
pub use clock::ManualClock;
pub use ids::SequentialIds;

mod breach;
pub mod builders;
mod clock;
pub mod counter;
mod ids;
pub mod scenario;
pub mod witness;
