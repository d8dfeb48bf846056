//! What waits for what: a line for the earlier lines on its own aggregate, and nothing else.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portolan_kernel::AggregateKey;
use tokio::sync::{oneshot, watch};

/// Hands each line a turn behind the earlier lines on its aggregate.
#[derive(Clone)]
pub(super) struct Order(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Rises with every line that is done.
    done: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    running: BTreeSet<u64>,
    last_on: HashMap<AggregateKey, (u64, oneshot::Receiver<()>)>,
}

/// A line's place; dropping it lets the next line on the aggregate go on.
pub(super) struct Turn {
    order: Order,
    line: u64,
    key: Option<AggregateKey>,
    before: Option<oneshot::Receiver<()>>,
    _next: oneshot::Sender<()>,
}

impl Order {
    /// Nothing runs.
    #[must_use]
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared { state: Mutex::default(), done: watch::Sender::new(0) }))
    }

    /// Takes a place for this line; called in the order of the file.
    #[must_use]
    pub(super) fn turn(&self, line: u64, key: Option<AggregateKey>) -> Turn {
        let (next, ended) = oneshot::channel();
        let mut state = self.state();
        state.running.insert(line);
        let before = key.and_then(|key| state.last_on.insert(key, (line, ended))).map(|(_, before)| before);
        Turn { order: self.clone(), line, key, before, _next: next }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Waits until every earlier line of the file is done.
    pub(super) async fn wait_for_all_before(&self) {
        let mut done = self.order.0.done.subscribe();
        loop {
            done.borrow_and_update();
            if self.order.state().running.first().is_none_or(|first| *first >= self.line) {
                return;
            }
            if done.changed().await.is_err() {
                return;
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.order.state();
        state.running.remove(&self.line);
        if let Some(key) = self.key
            && state.last_on.get(&key).is_some_and(|(line, _)| *line == self.line)
        {
            state.last_on.remove(&key);
        }
        drop(state);
        self.order.0.done.send_modify(|count| *count += 1);
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
        let order = Order::new();
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

    #[tokio::test]
    async fn a_line_can_wait_for_all_before_it() {
        let order = Order::new();
        let first = order.turn(1, key(1));
        let second = order.turn(2, key(2));
        let third = order.turn(3, key(3));
        assert!(!is_ready(second.wait_for_all_before()).await);
        drop(first);
        assert!(is_ready(second.wait_for_all_before()).await);
        assert!(!is_ready(third.wait_for_all_before()).await);
    }

    #[test]
    fn what_is_done_is_forgotten() {
        let order = Order::new();
        drop(order.turn(1, key(1)));
        let state = order.state();
        assert!(state.running.is_empty() && state.last_on.is_empty());
    }
}
