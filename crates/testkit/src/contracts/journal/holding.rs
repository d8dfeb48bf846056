//! Writers that have positions and have not committed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portolan_kernel::{ChangeSet, Committed, Error, Position, WriteStore};

use super::tailing::{tail, waiting_reader};
use crate::builders::{counter_id, incremented, opened};
use crate::child::Tell;
use crate::contracts::raw;
use crate::{Breach, Ending, OrBreach, Subject, Verdict, ensure, ensure_eq, witness};

pub(crate) const WORK: &str = "hold the next positions and tell of it";

/// How long others are watched while a writer holds positions: long enough for one that does not wait to pass it.
const WATCHED: Duration = Duration::from_millis(100);

/// J8: late commit: while a writer holds positions and has not committed, another waits or is refused, and no reader
/// passes; when it has ended, the other's follow.
pub async fn j08_nobody_passes_a_commit_that_is_still_to_come(subject: &mut Subject) -> Verdict {
    subject.add(vec![opened("before")]).await?;
    let (journal, head) = (subject.journal()?, Position(1));
    let held = begins(subject, "held", 2)?;
    let follower = tokio::spawn(tail(subject.journal()?, 4));
    let holder = subject.hold(&held).await?;
    let mut second = tokio::spawn(commit(subject.store()?, begins(subject, "second", 1)?));
    let early = tokio::time::timeout(WATCHED, &mut second).await;
    ensure!(early.is_err(), "a commit behind one that has not ended is answered {early:?}");
    ensure_eq!(journal.head().await?, head, "the head while a commit is still to come");
    ensure_eq!(journal.read(head, 10).await?, [], "what is behind it");
    let reader = waiting_reader(&journal, head).await?;
    holder.end(Ending::Commit)?;
    witness::within("a reader hears of the commit that came late", reader)
        .await?
        .ok()
        .or_breach("the reader")??;
    let committed = witness::within("the commit that waited goes on", second).await?;
    committed.ok().or_breach("the second writer")??;
    let seen = witness::within("a follower sees all", follower).await?.ok().or_breach("the follower")??;
    let (before, first, second) = (counter_id("before"), counter_id("held"), counter_id("second"));
    let expected = [(1, before, 1), (2, first, 1), (3, first, 2), (4, second, 1)]
        .map(|(position, id, version)| (position, portolan_kernel::Id::uuid(id), version));
    ensure_eq!(seen, expected, "position, aggregate and version of each event, as the follower saw them");
    Ok(())
}

/// J9: a writer that rolls back: its positions go to the next commit, and readers and writers go on.
pub async fn j09_the_positions_of_a_rollback_go_to_the_next_commit(subject: &mut Subject) -> Verdict {
    subject.add(vec![opened("before")]).await?;
    let holder = subject.hold(&begins(subject, "held", 3)?).await?;
    let mut second = tokio::spawn(commit(subject.store()?, begins(subject, "second", 2)?));
    // It may have to wait, and may not: what it waits for is never there.
    let early = tokio::time::timeout(WATCHED, &mut second).await;
    holder.end(Ending::RollBack)?;
    if early.is_err() {
        let committed = witness::within("the commit that waited goes on", second).await?;
        committed.ok().or_breach("the second writer")??;
    }
    goes_on_without(subject, 3).await
}

/// J9: a writer that dies: its positions go to the next commit, and readers and writers go on.
pub async fn j09_the_positions_of_a_killed_writer_go_to_the_next_commit(subject: &mut Subject) -> Verdict {
    subject.add(vec![opened("before")]).await?;
    let (child, harness) = (subject.child(WORK), subject.harness());
    let killing = tokio::spawn(async move { harness.kill_during(&child, 1).await });
    let mut commits = 0;
    while !killing.is_finished() {
        let change_set = begins(subject, &format!("counter {commits}"), 1)?;
        witness::within("a commit goes on beside one that dies", commit(subject.store()?, change_set))
            .await??;
        commits += 1;
    }
    let told = killing.await.map_err(|error| Breach::new(error.to_string()))??;
    ensure!(!told.is_empty(), "the child never held a position");
    witness::within("a commit goes on", commit(subject.store()?, begins(subject, "second", 1)?)).await??;
    goes_on_without(subject, commits + 2).await
}

/// The child's part: holds positions until it is killed.
pub(crate) async fn work(subject: &Subject, tell: &Tell) -> Verdict {
    let _holder = subject.hold(&begins(subject, "held", 3)?).await?;
    tell(1);
    std::future::pending().await
}

/// J9: a writer that hangs: whoever waits for it is answered within the bound that the adapter declares, readers go on
/// all the while, and when it has ended, so do writers.
pub async fn j09_a_writer_that_hangs_costs_others_a_bounded_time(subject: &mut Subject) -> Verdict {
    subject.add(vec![opened("before")]).await?;
    let holder = subject.hold(&begins(subject, "held", 2)?).await?;
    let (store, journal, change_set) = (subject.store()?, subject.journal()?, begins(subject, "second", 1)?);
    let begun = Instant::now();
    let mut second = tokio::spawn(async move { store.commit(change_set).await });
    let bound = subject.harness().patience() + SLACK;
    let answered = loop {
        let read = witness::within("a reader goes on", journal.read(Position::ZERO, 10)).await??;
        ensure!(!read.is_empty(), "a reader beside a writer that hangs reads nothing");
        if let Ok(answered) = tokio::time::timeout(WATCHED, &mut second).await {
            break answered;
        }
        ensure!(begun.elapsed() < bound, "who waits for a writer that hangs has no answer after {bound:?}");
    };
    let answer = answered.map_err(|error| Breach::new(error.to_string()))?;
    let is_bounded = matches!(&answer, Ok(_) | Err(Error::Unavailable { outcome_unknown: false, .. }));
    ensure!(is_bounded, "who waits for a writer that hangs is answered {answer:?}");
    // An adapter that ended the writer that hangs has nothing left to roll back.
    drop(holder.end(Ending::RollBack));
    if answer.is_err() {
        let change_set = begins(subject, "second", 1)?;
        witness::within("a commit goes on", commit(subject.store()?, change_set)).await??;
    }
    goes_on_without(subject, 2).await
}

/// What a bound may be passed by on a machine that is busy.
const SLACK: Duration = Duration::from_secs(5);

/// A change set that begins a counter with so many events.
fn begins(subject: &Subject, name: &str, events: i64) -> Verdict<ChangeSet> {
    let events: Vec<_> = std::iter::once(opened(name)).chain((1..events).map(incremented)).collect();
    raw::change_set(subject, vec![raw::begins(subject, &events)?])
}

/// Commits, again where it was refused because another writer was there for too long.
async fn commit(store: Arc<dyn WriteStore>, change_set: ChangeSet) -> Verdict<Committed> {
    loop {
        match store.commit(change_set.clone()).await {
            Err(Error::Unavailable { outcome_unknown: false, .. }) => tokio::task::yield_now().await,
            answer => return Ok(answer?),
        }
    }
}

/// Whether the journal has so many events, on positions without a gap, none of which is of the counter that was held,
/// and goes on.
async fn goes_on_without(subject: &Subject, count: u64) -> Verdict {
    let held = portolan_kernel::Id::uuid(counter_id("held"));
    let of_held: Vec<_> =
        subject.all_events().await?.into_iter().filter(|event| event.aggregate_id == held).collect();
    ensure_eq!(of_held, [], "the events of what was never committed");
    let receipt = subject.change(counter_id("before"), |counter| counter.increment(1)).await?;
    ensure_eq!(receipt.position, Position(count + 1), "the position of the next event");
    let positions: Vec<_> = subject.all_events().await?.iter().map(|event| event.position.get()).collect();
    ensure_eq!(positions, (1..=count + 1).collect::<Vec<_>>(), "the positions");
    Ok(())
}
