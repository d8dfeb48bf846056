//! What waits for what: a line for the earlier lines on its own aggregate, and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portolan_kernel::AggregateKey;
use tokio::sync::oneshot;

/// Hands each line a turn behind the earlier lines on its aggregate.
#[derive(Clone, Default)]
pub(super) struct Order(Arc<Mutex<LastOn>>);

/// The last line on each aggregate that is not done, and the signal that it is.
type LastOn = HashMap<AggregateKey, (u64, oneshot::Receiver<()>)>;

/// A line's place; dropping it lets the next line on the aggregate go on.
pub(super) struct Turn {
    order: Order,
    line: u64,
    key: Option<AggregateKey>,
    before: Option<oneshot::Receiver<()>>,
    _next: oneshot::Sender<()>,
}

impl Order {
    /// Takes a place for this line; called in the order of the file.
    #[must_use]
    pub(super) fn turn(&self, line: u64, key: Option<AggregateKey>) -> Turn {
        let (next, ended) = oneshot::channel();
        let before = key.and_then(|key| self.last_on().insert(key, (line, ended))).map(|(_, before)| before);
        Turn { order: self.clone(), line, key, before, _next: next }
    }

    fn last_on(&self) -> MutexGuard<'_, LastOn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Waits until the line before on the same aggregate is done.
    pub(super) async fn wait(&mut self) {
        if let Some(before) = self.before.take() {
            // The sender is dropped when the line before is done: that is the signal.
            let _ = before.await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        let mut last_on = self.order.last_on();
        if last_on.get(&key).is_some_and(|(line, _)| *line == self.line) {
            last_on.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn key(id: u128) -> Option<AggregateKey> {
        Some(AggregateKey { aggregate_type: "listing", id: Uuid::from_u128(id) })
    }

    async fn is_ready(future: impl Future<Output = ()>) -> bool {
        tokio::select! { biased; () = future => true, () = std::future::ready(()) => false }
    }

    #[tokio::test]
    async fn a_line_waits_for_its_own_aggregate_alone() {
        let order = Order::default();
        let mut first = order.turn(1, key(1));
        let mut second = order.turn(2, key(1));
        let mut other = order.turn(3, key(2));
        assert!(is_ready(first.wait()).await && is_ready(other.wait()).await);
        let waiting = tokio::spawn(async move { second.wait().await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        waiting.await.unwrap();
    }

    #[test]
    fn what_is_done_is_forgotten() {
        let order = Order::default();
        drop(order.turn(1, key(1)));
        assert!(order.last_on().is_empty());
    }
}
