//! kernel
pub use aggregate::{Aggregate, AggregateKey, Expected, replay};
pub use codec::{AggregateType, AnyState, Codec, Encoded, Registry, downcast};
pub use context::{Context, Fingerprint, Idempotency, Kept, Metadata};
pub use error::{CommandError, DomainError, Error, Refusal, Result};
pub use event::{Decoder, Envelope, NewEvent, REMOVED, Recorded};
pub use id::{Id, IdSource, Position, Version};
pub use money::{Currency, Money, MoneyError, ParseMoneyError, UnknownCurrency};
pub use time::{Clock, ParseTimestampError, Timestamp};


mod aggregate;
mod codec;
mod context;
mod error;
mod event;
mod id;
mod money;
mod time;

/// What the crate's macros name.
#[doc(hidden)]
pub mod reexport {
    pub use serde;
    pub use uuid::{Error as UuidError, Uuid};
}
