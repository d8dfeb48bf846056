//! Checkpoints, leases and deadlines in memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    Advance, Checkpoint, Checkpoints, Claim, Deadline, DeadlineChange, Deadlines, Epoch, Error, Lease,
    Leases, Position, Reset, Result, Status, SubscriptionId, Timestamp,
};
use tokio::time::Instant;
use uuid::Uuid;

#[derive(Default)]
pub struct FakeCheckpoints {
    rows: Mutex<BTreeMap<SubscriptionId, (Position, Status)>>,
    /// The epoch of each subscription's present owner, as far as a test tells.
    pub fenced_below: Mutex<BTreeMap<SubscriptionId, Epoch>>,
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

    async fn advance(&self, advance: &Advance) -> Result<()> {
        let Advance { subscription, epoch, from, to } = advance;
        self.saves.fetch_add(1, Ordering::SeqCst);
        if *epoch < self.fenced_below.lock().unwrap().get(subscription).copied().unwrap_or_default() {
            return Err(Error::Fenced(subscription.to_string()));
        }
        let mut rows = self.rows.lock().unwrap();
        let row = rows.get_mut(subscription).ok_or_else(|| Error::NotFound(subscription.to_string()))?;
        if row.0 != *from {
            let (expected, actual) = (from.get(), row.0.get());
            return Err(Error::Conflict { what: subscription.to_string(), expected, actual });
        }
        row.0 = *to;
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

    async fn stop(&self, subscription: &SubscriptionId, epoch: Epoch, reason: String) -> Result<()> {
        if epoch < self.fenced_below.lock().unwrap().get(subscription).copied().unwrap_or_default() {
            return Err(Error::Fenced(subscription.to_string()));
        }
        self.set_status(subscription, Status::Stopped { reason }).await
    }
}

/// Leases in memory, which end when they are given back; with a term also when they are not extended for so long.
#[derive(Default)]
pub struct FakeLeases {
    rows: Mutex<BTreeMap<SubscriptionId, Row>>,
    pub term: Option<Duration>,
    /// Extending fails while this is set.
    pub is_away: AtomicBool,
}

#[derive(Default)]
struct Row {
    epoch: Epoch,
    ends_at: Option<Instant>,
}

impl FakeLeases {
    pub fn lasting(term: Duration) -> Self {
        Self { term: Some(term), ..Self::default() }
    }

    fn end_of_term(&self) -> Instant {
        Instant::now() + self.term.unwrap_or(Duration::from_secs(86_400 * 365))
    }
}

#[async_trait]
impl Leases for FakeLeases {
    async fn claim(&self, subscription: &SubscriptionId) -> Result<Claim> {
        let mut rows = self.rows.lock().unwrap();
        let row = rows.entry(subscription.clone()).or_default();
        if row.ends_at.is_some_and(|ends_at| ends_at > Instant::now()) {
            return Ok(Claim::Taken { by: Some("process 42".to_owned()) });
        }
        *row = Row { epoch: Epoch(row.epoch.get() + 1), ends_at: Some(self.end_of_term()) };
        Ok(Claim::Granted(Lease::new(subscription.clone(), row.epoch)))
    }

    async fn extend(&self, lease: &Lease) -> Result<()> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(Error::unavailable("the leases are away"));
        }
        let mut rows = self.rows.lock().unwrap();
        match rows.get_mut(lease.subscription()) {
            Some(row) if row.epoch == lease.epoch() && row.ends_at.is_some() => {
                row.ends_at = Some(self.end_of_term());
                Ok(())
            }
            _ => Err(Error::Fenced(lease.subscription().to_string())),
        }
    }

    async fn release(&self, lease: Lease) -> Result<()> {
        let mut rows = self.rows.lock().unwrap();
        if let Some(row) = rows.get_mut(lease.subscription())
            && row.epoch == lease.epoch()
        {
            row.ends_at = None;
        }
        Ok(())
    }

    fn term(&self) -> Option<Duration> {
        self.term
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
    async fn apply(&self, advance: &Advance, changes: Vec<DeadlineChange>) -> Result<()> {
        self.checkpoints.advance(advance).await?;
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
