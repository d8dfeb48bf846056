//! What readers see while a model is filled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use portolan_kernel::{Page, PageRequest, Position, Query, ReadRepository};
use tokio::task::JoinHandle;

use super::first;
use crate::builders::{counter_id, incremented, opened};
use crate::counter::{CounterId, CounterView, Event};
use crate::{OrBreach, ReadSubject, Verdict, ensure_eq, witness};

/// R18: a reader never sees half of one commit.
pub async fn r18_a_reader_never_sees_half_of_a_commit(subject: &mut ReadSubject) -> Verdict {
    let names = ["one", "two", "three", "four", "five"];
    subject.happen(names.map(|name| (counter_id(name), opened(name))).to_vec()).await?;
    let query = Query::default().page(PageRequest::everything());
    let watched = Watched::begin(subject, query, |page| {
        let counts: Vec<_> = page.rows.iter().map(|row| row.view.count).collect();
        let commits = (page.position.get() as i64 - 5) / 5;
        ensure_eq!(counts, vec![commits; 5], "the numbers at position {}", page.position);
        Ok(())
    });
    let written = watched
        .while_written(subject, |_| names.map(|name| (counter_id(name), incremented(1))).to_vec())
        .await?;
    let last = Position(5 + 5 * written as u64);
    ensure_eq!(subject.model.repository.position().await?, last, "how far the model is");
    Ok(())
}

/// R18: a page and its count are of one state, which is that of its position.
pub async fn r18_a_page_and_its_count_are_of_one_state(subject: &mut ReadSubject) -> Verdict {
    let watched = Watched::begin(subject, Query::default().page(first(1)?).counted(), |page| {
        ensure_eq!(page.count, Some(page.position.get()), "the count at position {}", page.position);
        Ok(())
    });
    // Each commit adds a row, so that the position is the number of rows.
    watched
        .while_written(subject, |round| {
            let name = format!("counter {round}");
            vec![(counter_id(&name), opened(&name))]
        })
        .await?;
    Ok(())
}

/// Readers that look at pages all the while.
struct Watched {
    seen: Arc<Seen>,
    readers: Vec<JoinHandle<Verdict>>,
}

impl Watched {
    fn begin(subject: &ReadSubject, query: Query<CounterView>, look: Look) -> Self {
        let seen = Arc::new(Seen::default());
        let readers = (0..2)
            .map(|_| {
                let repository = Arc::clone(&subject.model.repository);
                tokio::spawn(watch(repository, query.clone(), look, Arc::clone(&seen)))
            })
            .collect();
        Self { seen, readers }
    }

    /// Commits until it was looked at as often as was written, and answers how often that was.
    async fn while_written(
        self,
        subject: &mut ReadSubject,
        commit: impl Fn(usize) -> Vec<(CounterId, Event)>,
    ) -> Verdict<usize> {
        let Self { seen, readers } = self;
        let rounds = subject.effort(1_000);
        let mut written = 0;
        while written < rounds
            || (seen.looks.load(Ordering::SeqCst) < rounds && !readers.iter().any(JoinHandle::is_finished))
        {
            subject.happen(commit(written)).await?;
            written += 1;
            tokio::task::yield_now().await;
        }
        seen.all_done.store(true, Ordering::SeqCst);
        for reader in readers {
            witness::within("a reader looks for the last time", reader)
                .await?
                .ok()
                .or_breach("a reader")??;
        }
        Ok(written)
    }
}

/// What is to be true of each page.
type Look = fn(&Page<CounterView>) -> Verdict;

/// What readers and writer tell each other.
#[derive(Default)]
struct Seen {
    looks: AtomicUsize,
    all_done: AtomicBool,
}

/// Looks until it is told that all is done, and once more after that.
async fn watch(
    repository: Arc<dyn ReadRepository<CounterView>>,
    query: Query<CounterView>,
    look: Look,
    seen: Arc<Seen>,
) -> Verdict {
    loop {
        let is_last = seen.all_done.load(Ordering::SeqCst);
        let page = repository.find(&query).await?;
        look(&page)?;
        seen.looks.fetch_add(1, Ordering::SeqCst);
        if is_last {
            return Ok(());
        }
        tokio::task::yield_now().await;
    }
}
