//! Optimistic concurrency: the expected version decides.

use portolan_kernel::{CommandError, Error, Version};

use crate::builders::{counter_id, incremented, opened};
use crate::contracts::raw;
use crate::counter::Counter;
use crate::subject::{execute, get};
use crate::{Subject, Verdict, ensure, ensure_eq};

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

/// W6: a change to an id that does not exist is a `Conflict`, never an insert.
pub async fn w06_a_change_to_what_is_not_there_is_never_an_insert(subject: &mut Subject) -> Verdict {
    let (never, gone) = (counter_id("never"), counter_id("gone"));
    let ghost = portolan_kernel::replay::<Counter>(&[opened("never")]);
    let ghost = crate::OrBreach::or_breach(ghost, "a counter")?;
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

/// Whether a commit was answered with a conflict of these versions.
#[track_caller]
pub(super) fn is_conflict<T: std::fmt::Debug>(
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
