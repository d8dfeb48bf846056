//! Checkpoints, leases and deadlines in memory.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use portolan_kernel::{
    Checkpoint, Checkpoints, Claim, Deadline, DeadlineChange, Deadlines, Error, Lease, Leases, Position,
    Reset, Result, Status, SubscriptionId, Timestamp,
};
use uuid::Uuid;

#[derive(Default)]
pub struct FakeCheckpoints {
    rows: Mutex<BTreeMap<SubscriptionId, (Position, Status)>>,
    pub saves: AtomicUsize,
}

impl FakeCheckpoints {
    pub fn position(&self, name: &str) -> Position {
        self.rows.lock().unwrap().get(&SubscriptionId::new(name, 1)).map(|row| row.0).unwrap_or_default()
    }

    pub fn status(&self, name: &str) -> Status {
        self.rows.lock().unwrap().get(&SubscriptionId::new(name, 1)).unwrap().1.clone()
    }
}

#[async_trait]
impl Checkpoints for FakeCheckpoints {
    async fn get(&self, subscription: &SubscriptionId) -> Result<Option<Checkpoint>> {
        let found = self.rows.lock().unwrap().get(subscription).cloned();
        Ok(found.map(|(position, status)| Checkpoint {
            subscription: subscription.clone(),
            position,
            status,
        }))
    }

    async fn list(&self) -> Result<Vec<Checkpoint>> {
        Err(Error::Unsupported("a list".to_owned()))
    }

    async fn initialise(&self, subscription: &SubscriptionId, at: Position) -> Result<()> {
        self.rows.lock().unwrap().entry(subscription.clone()).or_insert((at, Status::Running));
        Ok(())
    }

    async fn advance(&self, subscription: &SubscriptionId, from: Position, to: Position) -> Result<()> {
        self.saves.fetch_add(1, Ordering::SeqCst);
        let mut rows = self.rows.lock().unwrap();
        let row = rows.get_mut(subscription).ok_or_else(|| Error::NotFound(subscription.to_string()))?;
        if row.0 != from {
            let (expected, actual) = (from.get(), row.0.get());
            return Err(Error::Conflict { what: subscription.to_string(), expected, actual });
        }
        row.0 = to;
        Ok(())
    }

    async fn reset(&self, subscription: &SubscriptionId, reset: &Reset) -> Result<Position> {
        let mut rows = self.rows.lock().unwrap();
        let row = rows.get_mut(subscription).ok_or_else(|| Error::NotFound(subscription.to_string()))?;
        Ok(std::mem::replace(&mut row.0, reset.to))
    }

    async fn set_status(&self, subscription: &SubscriptionId, status: Status) -> Result<()> {
        let mut rows = self.rows.lock().unwrap();
        let row = rows.get_mut(subscription).ok_or_else(|| Error::NotFound(subscription.to_string()))?;
        row.1 = status;
        Ok(())
    }
}

#[derive(Default)]
pub struct FakeLeases(Arc<Mutex<HashSet<String>>>);

/// Gives a lease back when it is dropped.
struct Held(Arc<Mutex<HashSet<String>>>, String);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.lock().unwrap().remove(&self.1);
    }
}

#[async_trait]
impl Leases for FakeLeases {
    async fn claim(&self, name: &str) -> Result<Claim> {
        if self.0.lock().unwrap().insert(name.to_owned()) {
            return Ok(Claim::Granted(Lease::new(Held(Arc::clone(&self.0), name.to_owned()))));
        }
        Ok(Claim::Taken { by: Some("process 42".to_owned()) })
    }
}

/// Deadlines in memory; their subscription's checkpoint is in `checkpoints`.
pub struct FakeDeadlines {
    pub checkpoints: Arc<FakeCheckpoints>,
    rows: Mutex<BTreeMap<Uuid, Deadline>>,
    pub looks: AtomicUsize,
}

impl FakeDeadlines {
    pub fn new(checkpoints: Arc<FakeCheckpoints>) -> Self {
        Self { checkpoints, rows: Mutex::default(), looks: AtomicUsize::new(0) }
    }

    pub fn len(&self) -> usize {
        self.rows.lock().unwrap().len()
    }
}

#[async_trait]
impl Deadlines for FakeDeadlines {
    async fn apply(
        &self,
        subscription: &SubscriptionId,
        from: Position,
        to: Position,
        changes: Vec<DeadlineChange>,
    ) -> Result<()> {
        self.checkpoints.advance(subscription, from, to).await?;
        let mut rows = self.rows.lock().unwrap();
        for change in changes {
            match change {
                DeadlineChange::Set(deadline) => drop(rows.insert(deadline.aggregate_id, deadline)),
                DeadlineChange::Clear { aggregate_id, .. } => drop(rows.remove(&aggregate_id)),
            }
        }
        Ok(())
    }

    async fn due(&self, _: &str, now: Timestamp, limit: usize) -> Result<Vec<Deadline>> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        let rows = self.rows.lock().unwrap();
        let mut due: Vec<_> = rows.values().filter(|deadline| deadline.due_at <= now).cloned().collect();
        due.sort_by_key(|deadline| (deadline.due_at, deadline.aggregate_id));
        due.truncate(limit);
        Ok(due)
    }

    async fn next(&self, _: &str) -> Result<Option<Timestamp>> {
        Ok(self.rows.lock().unwrap().values().map(|deadline| deadline.due_at).min())
    }

    async fn complete(&self, deadline: &Deadline) -> Result<()> {
        let mut rows = self.rows.lock().unwrap();
        if rows.get(&deadline.aggregate_id) == Some(deadline) {
            rows.remove(&deadline.aggregate_id);
        }
        Ok(())
    }
}
