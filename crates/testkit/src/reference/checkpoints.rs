//! Checkpoints, and the deadlines that move with them.

use async_trait::async_trait;
use portolan_kernel::{
    Advance, Checkpoint, Checkpoints, Deadline, DeadlineChange, Deadlines, Epoch, Error, Position, Reset,
    Result, Status, SubscriptionId, Timestamp,
};

use super::ReferenceStore;
use super::data::Contents;

#[async_trait]
impl Checkpoints for ReferenceStore {
    async fn get(&self, subscription: &SubscriptionId) -> Result<Option<Checkpoint>> {
        Ok(self.data.look().checkpoints.get(subscription).cloned())
    }

    async fn list(&self) -> Result<Vec<Checkpoint>> {
        Ok(self.data.look().checkpoints.values().cloned().collect())
    }

    async fn initialise(&self, subscription: &SubscriptionId, at: Position) -> Result<()> {
        self.data.transaction(|contents| {
            if contents.checkpoints.contains_key(subscription) {
                return Err(Error::AlreadyExists(format!("the checkpoint {subscription}")));
            }
            let subscription = subscription.clone();
            let checkpoint =
                Checkpoint { subscription: subscription.clone(), position: at, status: Status::Running };
            contents.checkpoints.insert(subscription, checkpoint);
            Ok(())
        })
    }

    async fn advance(&self, advance: &Advance) -> Result<()> {
        // Others run in between, as they do round every store that does I/O.
        tokio::task::yield_now().await;
        self.data.transaction(|contents| contents.advance(advance))
    }

    async fn reset(&self, subscription: &SubscriptionId, reset: &Reset) -> Result<Position> {
        self.data.transaction(|contents| {
            let checkpoint = contents.checkpoint(subscription)?;
            let from = std::mem::replace(&mut checkpoint.position, reset.to);
            contents.resets.push((subscription.clone(), from, reset.clone()));
            Ok(from)
        })
    }

    async fn set_status(&self, subscription: &SubscriptionId, status: Status) -> Result<()> {
        self.data.transaction(|contents| {
            contents.checkpoint(subscription)?.status = status;
            Ok(())
        })
    }

    async fn stop(&self, subscription: &SubscriptionId, epoch: Epoch, reason: String) -> Result<()> {
        self.data.transaction(|contents| {
            contents.check_epoch(subscription, epoch)?;
            contents.checkpoint(subscription)?.status = Status::Stopped { reason };
            Ok(())
        })
    }
}

#[async_trait]
impl Deadlines for ReferenceStore {
    async fn apply(&self, advance: &Advance, changes: Vec<DeadlineChange>) -> Result<()> {
        self.data.transaction(|contents| {
            contents.advance(advance)?;
            for change in changes {
                match change {
                    DeadlineChange::Set(deadline) => {
                        contents
                            .deadlines
                            .insert((deadline.process.clone(), deadline.aggregate_id), deadline);
                    }
                    DeadlineChange::Clear { process, aggregate_id } => {
                        contents.deadlines.remove(&(process, aggregate_id));
                    }
                }
            }
            Ok(())
        })
    }

    async fn due(&self, process: &str, now: Timestamp, limit: usize) -> Result<Vec<Deadline>> {
        let mut due: Vec<Deadline> = self.data.look().deadlines.values().cloned().collect();
        due.retain(|deadline| deadline.process == process && deadline.due_at <= now);
        due.sort_by_key(|deadline| deadline.due_at);
        due.truncate(limit);
        Ok(due)
    }

    async fn next(&self, process: &str) -> Result<Option<Timestamp>> {
        let due = self.due(process, Timestamp::from_micros(i64::MAX), 1).await?;
        Ok(due.first().map(|deadline| deadline.due_at))
    }

    async fn complete(&self, deadline: &Deadline) -> Result<()> {
        self.data.transaction(|contents| {
            let key = (deadline.process.clone(), deadline.aggregate_id);
            if contents.deadlines.get(&key) == Some(deadline) {
                contents.deadlines.remove(&key);
            }
            Ok(())
        })
    }
}

impl Contents {
    fn checkpoint(&mut self, subscription: &SubscriptionId) -> Result<&mut Checkpoint> {
        let found = self.checkpoints.get_mut(subscription);
        found.ok_or_else(|| Error::NotFound(format!("the checkpoint {subscription}")))
    }

    fn check_epoch(&self, subscription: &SubscriptionId, epoch: Epoch) -> Result<()> {
        match self.leases.get(subscription).map_or(Epoch::ZERO, |held| held.epoch) == epoch {
            true => Ok(()),
            false => Err(Error::Fenced(format!("the subscription {subscription}"))),
        }
    }

    fn advance(&mut self, advance: &Advance) -> Result<()> {
        let Advance { subscription, epoch, from, to } = advance;
        self.check_epoch(subscription, *epoch)?;
        let conflict = |actual: Position| Error::Conflict {
            what: format!("the checkpoint {subscription}"),
            expected: from.get(),
            actual: actual.get(),
        };
        let checkpoint = self.checkpoints.get_mut(subscription).ok_or_else(|| conflict(Position::ZERO))?;
        if checkpoint.position != *from {
            return Err(conflict(checkpoint.position));
        }
        if to < from {
            return Err(Error::Invalid(format!(
                "{subscription} goes back from {from} to {to} only by a reset"
            )));
        }
        checkpoint.position = *to;
        Ok(())
    }
}
