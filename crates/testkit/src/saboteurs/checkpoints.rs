//! Checkpoints that are lost, mixed up or alone.

use async_trait::async_trait;
use portolan_kernel::{
    Advance, Checkpoint, Checkpoints as _, Deadline, DeadlineChange, Deadlines as _, Epoch, Error, Position,
    Reset, Result, Status, SubscriptionId, Timestamp,
};

use super::inner::Inner;
use super::saboteurs;
use super::tamper::Tamper;

saboteurs! {
    "takes a missing checkpoint for one at the start" StartsByItself,
        breaks [
            "c01_a_missing_checkpoint_is_none"
        ] also [
            "c04_an_advance_from_a_stale_value_conflicts"
        ]
        because "what was never initialised is there to be advanced";
    "initialises over what is there" StartsAnew,
        breaks ["c02_initialising_twice_is_refused"];
    "keeps positions as floats" RoundsPositions,
        breaks ["c03_positions_are_exact_up_to_the_largest"];
    "advances from anywhere" AdvancesFromAnywhere,
        breaks ["c04_an_advance_from_a_stale_value_conflicts"];
    "advances backwards" AdvancesBackwards,
        breaks ["c05_only_a_reset_goes_backwards"];
    "resets without a record" ResetsInSilence,
        breaks ["c05_a_reset_is_recorded"];
    "writes deadlines before it looks at the checkpoint" AppliesFirst,
        breaks ["c06_checkpoint_and_read_model_move_in_one_transaction"];
    "answers deadlines in any order" ShufflesDeadlines,
        breaks ["c06_deadlines_come_due_in_order"];
    "takes all versions of a subscription for one" IgnoresVersions,
        breaks [
            "c14_subscriptions_and_their_versions_are_independent"
        ] also [
            "c05_a_reset_is_recorded"
            "c15_what_was_saved_survives_reopening"
        ]
        because "those clauses tell two versions apart, too";
}

struct StartsByItself;

#[async_trait]
impl Tamper for StartsByItself {
    async fn get(&self, inner: &Inner, subscription: &SubscriptionId) -> Result<Option<Checkpoint>> {
        let made = || Checkpoint {
            subscription: subscription.clone(),
            position: Position::ZERO,
            status: Status::Running,
        };
        Ok(Some(inner.get(subscription).await?.unwrap_or_else(made)))
    }
}

struct StartsAnew;

#[async_trait]
impl Tamper for StartsAnew {
    async fn initialise(&self, inner: &Inner, subscription: &SubscriptionId, at: Position) -> Result<()> {
        match inner.initialise(subscription, at).await {
            Err(Error::AlreadyExists(_)) => inner.reset(subscription, &by_itself(at)).await.map(drop),
            answer => answer,
        }
    }
}

struct RoundsPositions;

#[async_trait]
impl Tamper for RoundsPositions {
    async fn get(&self, inner: &Inner, subscription: &SubscriptionId) -> Result<Option<Checkpoint>> {
        let mut checkpoint = inner.get(subscription).await?;
        if let Some(checkpoint) = &mut checkpoint {
            checkpoint.position = Position(checkpoint.position.get() as f64 as u64);
        }
        Ok(checkpoint)
    }
}

struct AdvancesFromAnywhere;

#[async_trait]
impl Tamper for AdvancesFromAnywhere {
    async fn advance(&self, inner: &Inner, advance: &Advance) -> Result<()> {
        let mut advance = advance.clone();
        let at = inner.get(&advance.subscription).await?.map(|checkpoint| checkpoint.position);
        advance.from = at.filter(|at| *at <= advance.to).unwrap_or(advance.from);
        inner.advance(&advance).await
    }
}

struct AdvancesBackwards;

#[async_trait]
impl Tamper for AdvancesBackwards {
    async fn advance(&self, inner: &Inner, advance: &Advance) -> Result<()> {
        let Advance { subscription, from, to, .. } = advance;
        inner.advance(&Advance { to: *to.max(from), ..advance.clone() }).await?;
        if to < from {
            inner.reset(subscription, &by_itself(*to)).await?;
        }
        Ok(())
    }
}

/// A move that nobody asked for.
fn by_itself(to: Position) -> Reset {
    Reset { to, by: "the saboteur".to_owned(), reason: "none".to_owned() }
}

struct ResetsInSilence;

impl Tamper for ResetsInSilence {
    fn reset_records(&self, _: Vec<(Position, Reset)>) -> Vec<(Position, Reset)> {
        Vec::new()
    }
}

struct AppliesFirst;

#[async_trait]
impl Tamper for AppliesFirst {
    async fn apply(&self, inner: &Inner, advance: &Advance, changes: Vec<DeadlineChange>) -> Result<()> {
        if let Some(checkpoint) = inner.get(&advance.subscription).await? {
            let at = checkpoint.position;
            let set = changes.iter().filter(|change| matches!(change, DeadlineChange::Set(_)));
            inner.apply(&Advance { from: at, to: at, ..advance.clone() }, set.cloned().collect()).await?;
        }
        inner.apply(advance, changes).await
    }
}

struct ShufflesDeadlines;

#[async_trait]
impl Tamper for ShufflesDeadlines {
    async fn due(&self, inner: &Inner, process: &str, now: Timestamp, limit: usize) -> Result<Vec<Deadline>> {
        let mut due = inner.due(process, now, limit).await?;
        due.reverse();
        Ok(due)
    }
}

struct IgnoresVersions;

impl IgnoresVersions {
    fn first(subscription: &SubscriptionId) -> SubscriptionId {
        SubscriptionId { version: 1, ..subscription.clone() }
    }
}

#[async_trait]
impl Tamper for IgnoresVersions {
    async fn get(&self, inner: &Inner, subscription: &SubscriptionId) -> Result<Option<Checkpoint>> {
        inner.get(&Self::first(subscription)).await
    }

    async fn initialise(&self, inner: &Inner, subscription: &SubscriptionId, at: Position) -> Result<()> {
        match inner.initialise(&Self::first(subscription), at).await {
            Err(Error::AlreadyExists(_)) if subscription.version > 1 => Ok(()),
            answer => answer,
        }
    }

    async fn stop(
        &self,
        inner: &Inner,
        subscription: &SubscriptionId,
        epoch: Epoch,
        reason: String,
    ) -> Result<()> {
        inner.stop(&Self::first(subscription), epoch, reason).await
    }

    async fn set_status(&self, inner: &Inner, subscription: &SubscriptionId, status: Status) -> Result<()> {
        inner.set_status(&Self::first(subscription), status).await
    }

    async fn reset(&self, inner: &Inner, subscription: &SubscriptionId, reset: &Reset) -> Result<Position> {
        inner.reset(&Self::first(subscription), reset).await
    }
}
