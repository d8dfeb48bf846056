//! Optimistic concurrency: the expected version decides.

use std::future::poll_fn;
use std::task::Poll;

use portolan_kernel::{CommandError, Error, Expected, Version};

use crate::builders::{counter_id, incremented, opened};
use crate::contracts::raw;
use crate::counter::{Counter, Event};
use crate::subject::{execute, get};
use crate::{OrBreach, Subject, Verdict, ensure, ensure_eq};

/// W5: commit at a stale version: `Conflict` with both versions; no row and no journal entry is written.
pub async fn w05_a_stale_commit_conflicts_and_writes_nothing(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one")]).await?;
    let stale = subject.begin()?;
    let counter = get(&stale, id).await?;
    execute(&counter, |counter| counter.increment(100))?;
    subject.change(id, |counter| counter.increment(1)).await?;
    subject.change(id, |counter| counter.increment(1)).await?;
    let (stored, head) = (subject.stored(id).await?, subject.head().await?);
    let refused = stale.commit(counter.key()).await;
    is_conflict(&refused, 1, 3)?;
    ensure_eq!(subject.stored(id).await?, stored, "the counter");
    ensure_eq!(subject.head().await?, head, "the journal's head");
    ensure_eq!(subject.history(id).await?.len(), 3, "the number of its events");

    let reader = subject.begin()?;
    let seen = get(&reader, id).await?;
    reader.must_not_change(&seen);
    let other = reader.repository::<Counter>().add(vec![opened("other")])?.key();
    subject.change(id, |counter| counter.increment(1)).await?;
    is_conflict(&reader.commit(other).await, 3, 4)?;
    ensure_eq!(
        subject.stored(counter_id("other")).await?,
        None,
        "what depended on a version that was only read"
    );
    Ok(())
}

/// W5, of a change that was decided on one which was not committed yet: another that leads to the same version is not
/// the one it builds on. Where the store takes followers, one that waits behind what it builds on is written.
pub async fn w05_what_builds_on_a_change_that_never_was_conflicts(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one")]).await?;
    let one = replayed(&[opened("one")])?;
    let other = raw::changes(subject, &one, Version(1), &[incremented(1)])?;
    let first = other.events.first().or_breach("an event")?.event_id;
    subject.store()?.commit(raw::change_set(subject, vec![other])?).await?;
    let (stored, head) = (subject.stored(id).await?, subject.head().await?);

    let never = replayed(&[opened("one"), incremented(1), incremented(100)])?;
    let mut lost = raw::changes(subject, &never, Version(2), &[incremented(1)])?;
    lost.expected = Expected::MadeBy(Version(2), subject.next_id());
    let refused = subject.store()?.commit(raw::change_set(subject, vec![lost])?).await;
    is_conflict(&refused.map_err(CommandError::Failed), 2, 2)?;
    ensure_eq!(subject.stored(id).await?, stored, "the counter");
    ensure_eq!(subject.head().await?, head, "the journal's head");
    if !subject.store()?.takes_followers() {
        return Ok(());
    }

    let store = subject.store()?;
    let before = replayed(&[opened("one"), incremented(1)])?;
    let mut second = raw::changes(subject, &before, Version(2), &[incremented(1)])?;
    second.expected = Expected::MadeBy(Version(2), first);
    let made_by = second.events.first().or_breach("an event")?.event_id;
    let after = replayed(&[opened("one"), incremented(1), incremented(1)])?;
    let mut third = raw::changes(subject, &after, Version(3), &[incremented(1)])?;
    third.expected = Expected::MadeBy(Version(3), made_by);
    let mut leading = store.commit(raw::change_set(subject, vec![second])?);
    let mut following = store.commit(raw::change_set(subject, vec![third])?);
    // Polled once, it has its place before the other one.
    let led = poll_fn(|context| Poll::Ready(leading.as_mut().poll(context))).await;
    let followed = poll_fn(|context| Poll::Ready(following.as_mut().poll(context))).await;
    for (begun, rest) in [(led, leading), (followed, following)] {
        match begun {
            Poll::Ready(committed) => committed?,
            Poll::Pending => rest.await?,
        };
    }
    ensure_eq!(subject.history(id).await?.len(), 4, "the number of its events");
    Ok(())
}

/// W6: a change to an id that does not exist is a `Conflict`, never an insert.
pub async fn w06_a_change_to_what_is_not_there_is_never_an_insert(subject: &mut Subject) -> Verdict {
    let (never, gone) = (counter_id("never"), counter_id("gone"));
    let ghost = replayed(&[opened("never")])?;
    for version in [1, 3] {
        let change = raw::changes(subject, &ghost, Version(version), &[incremented(1)])?;
        let refused = subject.store()?.commit(raw::change_set(subject, vec![change])?).await;
        is_conflict(&refused.map_err(CommandError::Failed), version, 0)?;
    }
    ensure_eq!(subject.stored(never).await?, None, "the counter that never was");

    subject.add(vec![opened("gone")]).await?;
    let late = subject.begin()?;
    let counter = get(&late, gone).await?;
    execute(&counter, |counter| counter.increment(1))?;
    subject.remove(gone).await?;
    is_conflict(&late.commit(counter.key()).await, 1, 0)?;
    ensure_eq!(subject.stored(gone).await?, None, "the counter that was removed");
    Ok(())
}

fn replayed(events: &[Event]) -> Verdict<Counter> {
    portolan_kernel::replay::<Counter>(events).or_breach("a first event that begins a counter")
}

/// Whether a commit was answered with a conflict of these versions.
#[track_caller]
pub(in crate::contracts) fn is_conflict<T: std::fmt::Debug>(
    answer: &Result<T, CommandError>,
    expected: u64,
    actual: u64,
) -> Verdict {
    let is = matches!(
        answer,
        Err(CommandError::Failed(Error::Conflict { expected: e, actual: a, .. })) if (*e, *a) == (expected, actual)
    );
    ensure!(is, "expected a conflict between {expected} and {actual}, answered {answer:?}");
    Ok(())
}
