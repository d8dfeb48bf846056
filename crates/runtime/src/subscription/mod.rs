//! Everything that follows a write is a subscription on the journal, and one engine runs them all.
//!
//! - *Local*, in every process, without a lease: memory views ([`Engine::view`]) and handlers of domain events
//!   ([`Engine::handlers`]).
//! - *Shared*, in one process at a time, which holds the lease: processes that send commands
//!   ([`Engine::process`]), deadlines ([`Engine::deadlines`]) and views in a store ([`Engine::shared_view`]).
//!
//! # What the engine promises
//! - Nothing is skipped. An event that cannot be handled is tried again with growing waits, and when the attempts
//!   are spent the subscription stops in front of it, visibly: in its checkpoint, in [`EngineHandle::status`], in
//!   the log. A panic counts as a failure.
//! - A store that is away, for reading or for writing, is waited for without end, as
//!   [`Retrying`](SubscriptionState::Retrying): it is not the event's fault, and what was sent with an outcome that
//!   is unknown can be sent again. So [`Error::Unavailable`](portolan_kernel::Error::Unavailable),
//!   [`Error::Full`](portolan_kernel::Error::Full) and a command that is still running do not count as attempts.
//! - It wakes on a commit ([`Journal::changed`](portolan_kernel::Journal::changed)) and does not poll the journal.
//! - A batch never ends inside a commit, and is read and decoded once for all who are at the same place.
//! - Whoever pauses, resumes or resets a shared subscription in its store is obeyed: within
//!   [`Settings::save_every`] while it is busy, within [`Settings::obey_every`] while it is idle.
//! - A shared subscription whose lease is taken asks again each [`Settings::claim_every`]. An owner extends a lease
//!   that ends by time, three times in its term, and lets go of the subscription before the term is over where it
//!   cannot; what a former owner still writes is refused by the epoch that it names.

pub use engine::{Engine, Ports};
pub use handle::{EngineHandle, NotCaughtUp};
pub use handlers::EventMap;
pub use settings::{CatchUp, Settings};
pub use status::{SubscriptionKind, SubscriptionState, SubscriptionStatus};

mod attempt;
mod deadlines;
mod engine;
mod feed;
mod follower;
mod handle;
mod handlers;
mod process;
mod settings;
mod shared;
mod source;
mod status;
mod stop;
mod timer;
mod views;
