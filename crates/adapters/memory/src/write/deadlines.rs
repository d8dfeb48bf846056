//! Times at which something is to happen, kept beside the checkpoint of the subscription that fills them.

use async_trait::async_trait;
use portolan_kernel::{Advance, Deadline, DeadlineChange, Deadlines, Result, Timestamp};

use super::MemoryStore;

#[async_trait]
impl Deadlines for MemoryStore {
    async fn apply(&self, advance: &Advance, changes: Vec<DeadlineChange>) -> Result<()> {
        let mut contents = self.look()?;
        // First, so that a refusal leaves nothing behind.
        contents.advance(advance)?;
        for change in changes {
            match change {
                DeadlineChange::Set(deadline) => {
                    contents.deadlines.insert((deadline.process.clone(), deadline.aggregate_id), deadline);
                }
                DeadlineChange::Clear { process, aggregate_id } => {
                    contents.deadlines.remove(&(process, aggregate_id));
                }
            }
        }
        Ok(())
    }

    async fn due(&self, process: &str, now: Timestamp, limit: usize) -> Result<Vec<Deadline>> {
        let contents = self.look()?;
        let mut due: Vec<&Deadline> = contents
            .deadlines
            .values()
            .filter(|deadline| deadline.process == process && deadline.due_at <= now)
            .collect();
        due.sort_unstable_by_key(|deadline| (deadline.due_at, deadline.aggregate_id));
        Ok(due.into_iter().take(limit).cloned().collect())
    }

    async fn next(&self, process: &str) -> Result<Option<Timestamp>> {
        let contents = self.look()?;
        let of_process = contents.deadlines.values().filter(|deadline| deadline.process == process);
        Ok(of_process.map(|deadline| deadline.due_at).min())
    }

    async fn complete(&self, deadline: &Deadline) -> Result<()> {
        let mut contents = self.look()?;
        let key = (deadline.process.clone(), deadline.aggregate_id);
        if contents.deadlines.get(&key) == Some(deadline) {
            contents.deadlines.remove(&key);
        }
        Ok(())
    }
}
