//! What readers see while a model is filled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use portolan_kernel::{PageRequest, Position, Query, ReadRepository};
use tokio::task::JoinHandle;

use crate::builders::{counter_id, incremented, opened};
use crate::counter::CounterView;
use crate::{OrBreach, ReadSubject, Verdict, ensure_eq, witness};

/// R18: a reader never sees half of one commit.
pub async fn r18_a_reader_never_sees_half_of_a_commit(subject: &mut ReadSubject) -> Verdict {
    let names = ["one", "two", "three", "four", "five"];
    subject.happen(names.map(|name| (counter_id(name), opened(name))).to_vec()).await?;
    let seen = Arc::new(Seen::default());
    let readers: Vec<_> = (0..2)
        .map(|_| tokio::spawn(watch(Arc::clone(&subject.model.repository), Arc::clone(&seen))))
        .collect();
    // It goes on until it was looked at as often as it has written.
    let rounds = subject.effort(1_000);
    let mut written = 0;
    while written < rounds
        || (seen.looks.load(Ordering::SeqCst) < rounds && !readers.iter().any(JoinHandle::is_finished))
    {
        subject.happen(names.map(|name| (counter_id(name), incremented(1))).to_vec()).await?;
        written += 1;
        tokio::task::yield_now().await;
    }
    seen.all_done.store(true, Ordering::SeqCst);
    for reader in readers {
        witness::within("a reader looks for the last time", reader).await?.ok().or_breach("a reader")??;
    }
    let last = Position(5 + 5 * written as u64);
    ensure_eq!(subject.model.repository.position().await?, last, "how far the model is");
    Ok(())
}

/// What readers and writer tell each other.
#[derive(Default)]
struct Seen {
    looks: AtomicUsize,
    all_done: AtomicBool,
}

/// Looks until it is told that all is done, and once more after that.
async fn watch(repository: Arc<dyn ReadRepository<CounterView>>, seen: Arc<Seen>) -> Verdict {
    let query = Query::default().page(PageRequest::everything());
    loop {
        let is_last = seen.all_done.load(Ordering::SeqCst);
        let page = repository.find(&query).await?;
        let counts: Vec<_> = page.rows.iter().map(|row| row.view.count).collect();
        let commits = (page.position.get() as i64 - 5) / 5;
        ensure_eq!(counts, vec![commits; 5], "the numbers at position {}", page.position);
        seen.looks.fetch_add(1, Ordering::SeqCst);
        if is_last {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}
