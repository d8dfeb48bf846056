//! Checkpoints of shared subscriptions.

use async_trait::async_trait;
use portolan_kernel::{
    Advance, Checkpoint, Checkpoints, Epoch, Error, Position, Reset, Result, Status, SubscriptionId,
};

use super::MemoryStore;
use super::contents::Contents;

impl MemoryStore {
    /// Who moved a checkpoint, from where, and why, in the order of time.
    ///
    /// # Errors
    /// [`Error::Closed`] where the store is closed.
    pub fn resets(&self, subscription: &SubscriptionId) -> Result<Vec<(Position, Reset)>> {
        let contents = self.look()?;
        let ours = contents.resets.iter().filter(|(whose, ..)| whose == subscription);
        Ok(ours.map(|(_, from, reset)| (*from, reset.clone())).collect())
    }
}

#[async_trait]
impl Checkpoints for MemoryStore {
    async fn get(&self, subscription: &SubscriptionId) -> Result<Option<Checkpoint>> {
        Ok(self.look()?.checkpoints.get(subscription).cloned())
    }

    async fn list(&self) -> Result<Vec<Checkpoint>> {
        Ok(self.look()?.checkpoints.values().cloned().collect())
    }

    async fn initialise(&self, subscription: &SubscriptionId, at: Position) -> Result<()> {
        let mut contents = self.look()?;
        if contents.checkpoints.contains_key(subscription) {
            return Err(Error::AlreadyExists(format!("the checkpoint {subscription}")));
        }
        let checkpoint =
            Checkpoint { subscription: subscription.clone(), position: at, status: Status::Running };
        contents.checkpoints.insert(subscription.clone(), checkpoint);
        Ok(())
    }

    async fn advance(&self, advance: &Advance) -> Result<()> {
        self.look()?.advance(advance)
    }

    async fn reset(&self, subscription: &SubscriptionId, reset: &Reset) -> Result<Position> {
        let mut contents = self.look()?;
        let from = std::mem::replace(&mut contents.checkpoint(subscription)?.position, reset.to);
        contents.resets.push((subscription.clone(), from, reset.clone()));
        Ok(from)
    }

    async fn set_status(&self, subscription: &SubscriptionId, status: Status) -> Result<()> {
        self.look()?.checkpoint(subscription)?.status = status;
        Ok(())
    }

    async fn stop(&self, subscription: &SubscriptionId, epoch: Epoch, reason: String) -> Result<()> {
        let mut contents = self.look()?;
        contents.check_epoch(subscription, epoch)?;
        contents.checkpoint(subscription)?.status = Status::Stopped { reason };
        Ok(())
    }
}

impl Contents {
    fn checkpoint(&mut self, subscription: &SubscriptionId) -> Result<&mut Checkpoint> {
        let found = self.checkpoints.get_mut(subscription);
        found.ok_or_else(|| Error::NotFound(format!("the checkpoint {subscription}")))
    }

    /// Refuses what was not done in the present epoch.
    fn check_epoch(&self, subscription: &SubscriptionId, epoch: Epoch) -> Result<()> {
        match self.leases.get(subscription).map_or(Epoch::ZERO, |held| held.epoch) == epoch {
            true => Ok(()),
            false => Err(Error::Fenced(format!("the subscription {subscription}"))),
        }
    }

    /// Moves a checkpoint on, or changes nothing.
    pub(super) fn advance(&mut self, advance: &Advance) -> Result<()> {
        let Advance { subscription, epoch, from, to } = advance;
        self.check_epoch(subscription, *epoch)?;
        if to < from {
            return Err(Error::Invalid(format!(
                "{subscription} goes back from {from} to {to} only by a reset"
            )));
        }
        let checkpoint = self.checkpoints.get_mut(subscription);
        let actual = checkpoint.as_ref().map_or(Position::ZERO, |checkpoint| checkpoint.position);
        match checkpoint {
            Some(checkpoint) if actual == *from => {
                checkpoint.position = *to;
                Ok(())
            }
            _ => Err(Error::Conflict {
                what: format!("the checkpoint {subscription}"),
                expected: from.get(),
                actual: actual.get(),
            }),
        }
    }
}
