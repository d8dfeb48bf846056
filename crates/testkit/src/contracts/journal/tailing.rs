//! Readers that follow the journal.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portolan_kernel::{Envelope, Journal, Position, Version};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::builders::{counter_id, incremented, opened};
use crate::contracts::raw;
use crate::tasks::all;
use crate::{OrBreach, Subject, Verdict, ensure, ensure_eq, witness};

/// J10: a reader that starts at, before or far beyond the head gets the next event, all, or waits: never a false
/// end.
pub async fn j10_a_reader_anywhere_gets_the_next_event_or_waits(subject: &mut Subject) -> Verdict {
    subject.add(vec![opened("one"), incremented(1)]).await?;
    let journal = subject.journal()?;
    let before = witness::within("a reader behind the head goes on", journal.changed(Position(1))).await??;
    ensure_eq!(before, Position(2), "the head that a reader behind it is told");
    let far = [Position(1_000), Position(i64::MAX as u64), Position(u64::MAX)];
    for after in far.iter().copied().chain([Position(2)]) {
        ensure_eq!(journal.read(after, 10).await?, [], "what is read after {after}");
    }
    let mut waiting = Vec::new();
    for after in far {
        waiting.push(waiting_reader(&journal, after).await?);
    }
    let at_head = waiting_reader(&journal, Position(2)).await?;
    subject.change(counter_id("one"), |counter| counter.increment(1)).await?;
    let told = witness::within("a reader at the head goes on", at_head).await?;
    ensure_eq!(told.ok().or_breach("the reader at the head")??, Position(3), "the head that it is told");
    let next = journal.read(Position(2), 10).await?;
    ensure_eq!(next.first().map(|event| event.position), Some(Position(3)), "what it reads then");
    for index in 0..3 {
        witness::position(&*journal, Position(3 + index)).await?;
        subject.change(counter_id("one"), |counter| counter.increment(1)).await?;
    }
    for (mut reader, after) in waiting.into_iter().zip(far) {
        let still = tokio::time::timeout(IDLE, &mut reader).await;
        ensure!(still.is_err(), "a reader beyond the head, after {after}, was let go: {still:?}");
        reader.abort();
    }
    Ok(())
}

/// How long a reader of an idle journal is watched before it is believed to wait.
const IDLE: Duration = Duration::from_millis(20);

/// A reader that has looked, found nothing, and waits: a commit from now on must wake it.
pub(super) async fn waiting_reader(
    journal: &Arc<dyn Journal>,
    after: Position,
) -> Verdict<JoinHandle<Verdict<Position>>> {
    let mut reader = tokio::spawn(changed(Arc::clone(journal), after));
    let woken = tokio::time::timeout(IDLE, &mut reader).await;
    ensure!(woken.is_err(), "a reader after {after} was let go without a commit: {woken:?}");
    Ok(reader)
}

async fn changed(journal: Arc<dyn Journal>, after: Position) -> Verdict<Position> {
    Ok(journal.changed(after).await?)
}

/// J11: ten concurrent writers and a tailing reader over ten thousand events: the reader sees each once, in
/// position order, and per aggregate in version order.
pub async fn j11_a_tailing_reader_sees_each_event_once_and_in_order(subject: &mut Subject) -> Verdict {
    let (writers, rounds, size) = (10, subject.effort(100), 10);
    let total = writers * rounds * size;
    let reader = tokio::spawn(tail(subject.journal()?, total));
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let name = format!("counter {writer}");
        let mut change_sets = Vec::new();
        let begun = [vec![opened(&name)], vec![incremented(1); size - 1]].concat();
        change_sets.push(raw::change_set(subject, vec![raw::begins(subject, &begun)?])?);
        let mut state = portolan_kernel::replay::<crate::counter::Counter>(&begun).or_breach("a counter")?;
        for round in 1..rounds {
            let events = vec![incremented(1); size];
            let change = raw::changes(subject, &state, Version((round * size) as u64), &events)?;
            change_sets.push(raw::change_set(subject, vec![change])?);
            state.count += size as i64;
        }
        let store = subject.store()?;
        tasks.push(async move {
            for change_set in change_sets {
                store.commit(change_set).await?;
            }
            Ok(())
        });
    }
    all(tasks).await?;
    let seen =
        witness::within("the reader comes to the end", reader).await?.ok().or_breach("the reader")??;
    let positions: Vec<_> = seen.iter().map(|(position, ..)| *position).collect();
    let expected: Vec<_> = (1..=total as u64).collect();
    ensure_eq!(positions, expected, "the positions that it saw");
    let mut versions: BTreeMap<Uuid, u64> = BTreeMap::new();
    for (position, aggregate, version) in seen {
        let last = versions.entry(aggregate).or_default();
        ensure_eq!(version, *last + 1, "the version at position {position}");
        *last = version;
    }
    Ok(())
}

/// Follows the journal until it has seen so many events: position, aggregate and version of each.
pub(super) async fn tail(journal: Arc<dyn Journal>, total: usize) -> Verdict<Vec<(u64, Uuid, u64)>> {
    let mut seen = Vec::with_capacity(total);
    let mut after = Position::ZERO;
    while seen.len() < total {
        journal.changed(after).await?;
        let page = journal.read(after, 73).await?;
        ensure!(!page.is_empty(), "the journal says that it goes on after {after}, and has nothing there");
        after = page.last().map_or(after, |event| event.position);
        seen.extend(page.iter().map(place));
    }
    Ok(seen)
}

fn place(event: &Envelope) -> (u64, Uuid, u64) {
    (event.position.get(), event.aggregate_id, event.version.get())
}

/// J14: a waiting reader wakes on a commit.
pub async fn j14_a_waiting_reader_wakes_on_a_commit(subject: &mut Subject) -> Verdict {
    subject.add(vec![opened("one")]).await?;
    let journal = subject.journal()?;
    wakes(subject, journal, Duration::from_millis(100)).await
}

/// J14: a waiting reader wakes on a commit of another process within 200 ms.
pub async fn j14_a_waiting_reader_wakes_on_a_commit_beside(subject: &mut Subject) -> Verdict {
    subject.add(vec![opened("one")]).await?;
    let beside = subject.open_beside().await?;
    wakes(subject, beside.journal, Duration::from_millis(200)).await
}

/// Whether readers wake at every commit, and the quickest of several as fast as this: one slow wake-up may be the
/// machine's fault, all of them are not.
async fn wakes(subject: &Subject, journal: Arc<dyn Journal>, promised: Duration) -> Verdict {
    let mut quickest = Duration::MAX;
    for _ in 0..5 {
        let head = witness::position(&*journal, subject.head().await?).await?;
        let reader = waiting_reader(&journal, head).await?;
        let timed = tokio::spawn(async move { (reader.await, Instant::now()) });
        let receipt = subject.change(counter_id("one"), |counter| counter.increment(1)).await?;
        let committed = Instant::now();
        let timed = witness::within("a waiting reader wakes", timed).await?;
        let (woken, at) = timed.ok().or_breach("the reader")?;
        let told = woken.ok().or_breach("the reader")??;
        ensure_eq!(told, receipt.position, "the head that the reader is told");
        quickest = quickest.min(at.saturating_duration_since(committed));
    }
    ensure!(quickest <= promised, "the quickest of five readers woke after {quickest:?}, not {promised:?}");
    Ok(())
}

/// J14: idle, a store polls no more often than it declares.
pub async fn j14_an_idle_store_polls_no_more_often_than_it_declares(subject: &mut Subject) -> Verdict {
    subject.add(vec![opened("one")]).await?;
    let polls =
        subject.ports()?.polls.clone().or_breach("the counter of polls, which the capabilities promise")?;
    let reader = tokio::spawn(changed(subject.journal()?, Position(1)));
    let watched = Duration::from_millis(500);
    let before = (polls.count)();
    let idle = tokio::time::timeout(watched, reader).await;
    ensure!(idle.is_err(), "a reader of an idle journal was let go: {idle:?}");
    let polled = (polls.count)() - before;
    let declared = polls.per_second.div_ceil(2) + 1;
    ensure!(polled <= declared, "it polled {polled} times in {watched:?}, and declares {declared}");
    Ok(())
}
