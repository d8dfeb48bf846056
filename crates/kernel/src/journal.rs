//! The journal: every event of the store in the order of commits. Outbox, audit trail and source of every rebuild.

use async_trait::async_trait;

use crate::{AggregateKey, Envelope, Position, Result, Timestamp, Version};

/// The reading side of the journal; it is written by [`WriteStore::commit`](crate::WriteStore::commit) alone.
///
/// # Behaviour
/// Positions are dense, start at 1, and rise in the order of commits. A reader never passes a position whose
/// commit may still come.
#[async_trait]
pub trait Journal: Send + Sync + 'static {
    /// The events after this position, in order, about `limit` of them and at most [`READ_LIMIT`], and no more
    /// behind [`READ_BYTES`] of them: the answer never ends inside a commit, and goes past either bound to finish
    /// one. Empty at the head and nowhere else.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for a limit of 0 or over [`READ_LIMIT`];
    /// [`Error::Unavailable`](crate::Error::Unavailable) where the store cannot be read.
    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Envelope>>;

    /// The last position; 0 where there is no event.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) where the store cannot be read.
    async fn head(&self) -> Result<Position>;

    /// What happened to one aggregate, in the order of versions: those after version `after`, at most `limit`
    /// of them and no more behind [`READ_BYTES`], and none beyond `until`. Empty where there are no more, and for
    /// an aggregate that never was; an answer of fewer than `limit` says nothing of that.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    async fn history(
        &self,
        key: AggregateKey,
        after: Version,
        until: Until,
        limit: usize,
    ) -> Result<Vec<Envelope>>;

    /// Waits until the head is beyond this position, and answers the head. It wakes on a commit of this process
    /// at once, and on one of another process within 200 ms.
    ///
    /// # Errors
    /// As [`head`](Self::head); [`Error::Closed`](crate::Error::Closed) when the store closes.
    async fn changed(&self, after: Position) -> Result<Position>;
}

/// How many events one read of a journal answers at the most, the rest of a begun commit aside.
pub const READ_LIMIT: usize = 10_000;

/// From how many bytes on ([`Envelope::bytes`]) one read of a journal takes no further event, the rest of a begun
/// commit aside: so much memory, and that of one commit, is the most that an answer takes.
pub const READ_BYTES: usize = 4 * 1024 * 1024;

/// Up to where a history is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// All of it.
    Now,
    /// Up to this version.
    Version(Version),
    /// Up to the last event whose `occurred_at` is not later.
    Time(Timestamp),
}
