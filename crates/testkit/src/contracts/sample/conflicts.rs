//! Who comes too late changes nothing.

use std::sync::Arc;

use portolan_kernel::{CommandError, Committed, Context, Error, Expected, Version};

use super::caught::{caught, caught_at};
use super::{Sample, commit, found_nothing, get, happen, key, live, state, stored, version};
use crate::contracts::write::conflicts::is_conflict;
use crate::tasks::all;
use crate::{OrBreach, Subject, Verdict, ensure, ensure_eq, witness};

/// W3: add of an id that exists is refused; the first value is intact.
pub async fn w03_adding_what_exists_leaves_the_first_intact<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life[..2]).await?;
    let (before, head) = (stored::<S>(subject, "one").await?, subject.head().await?);
    let unit = subject.begin()?;
    unit.repository::<S::Aggregate>().add(life[0].clone())?;
    let refused = unit.finish(Ok(key::<S>("one"))).await;
    let is_refused =
        matches!(&refused, Err(CommandError::Refused(refusal)) if refusal.code == "already_exists");
    ensure!(is_refused, "the second add is answered {refused:?}");
    ensure_eq!(stored::<S>(subject, "one").await?, before, "the first value");
    ensure_eq!(subject.head().await?, head, "the journal's head");
    Ok(())
}

/// W5: commit at a stale version: `Conflict` with both versions; nothing is written.
pub async fn w05_a_stale_commit_conflicts_and_writes_nothing<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life[..2]).await?;
    let stale = subject.begin()?;
    happen::<S>(&get::<S>(&stale, "one").await?, life[2].clone())?;
    commit::<S>(subject, "one", false, life[2].clone()).await?;
    let (before, head) = (stored::<S>(subject, "one").await?, subject.head().await?);
    let refused = stale.commit(key::<S>("one")).await;
    let (at, now) = (version::<S>(&life[..2]).get(), version::<S>(&life[..3]).get());
    let conflicts = matches!(&refused,
        Err(CommandError::Failed(Error::Conflict { expected, actual, .. })) if (*expected, *actual) == (at, now));
    ensure!(conflicts, "a commit at version {at}, which is {now}, is answered {refused:?}");
    ensure_eq!(stored::<S>(subject, "one").await?, before, "the sample");
    ensure_eq!(subject.head().await?, head, "the journal's head");
    found_nothing(subject).await
}

/// W5: a change that builds on one that never was is a `Conflict`, though the version is the right one.
pub async fn w05_what_builds_on_a_change_that_never_was_conflicts<S: Sample>(
    subject: &mut Subject,
) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life[..2]).await?;
    let (before, head) = (stored::<S>(subject, "one").await?, subject.head().await?);
    let at = version::<S>(&life[..2]);
    let mut lost = caught::<S>(subject, "one", false, life[2].clone()).await?;
    lost.changes[0].expected = Expected::MadeBy(at, subject.next_id());
    let refused = subject.store()?.commit(lost).await;
    is_conflict(&refused.map_err(CommandError::Failed), at.get(), at.get())?;
    ensure_eq!(stored::<S>(subject, "one").await?, before, "the sample");
    ensure_eq!(subject.head().await?, head, "the journal's head");
    Ok(())
}

/// W6: a change to what is gone is a `Conflict`, never an insert.
pub async fn w06_a_change_to_what_is_gone_is_never_an_insert<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life[..2]).await?;
    let late = subject.begin()?;
    let sample = get::<S>(&late, "one").await?;
    happen::<S>(&sample, life[2].clone())?;
    remove::<S>(subject, "one").await?;
    is_conflict(&late.commit(sample.key()).await, version::<S>(&life[..2]).get(), 0)?;
    ensure_eq!(stored::<S>(subject, "one").await?, None, "the sample that was removed");
    found_nothing(subject).await
}

/// W7: workers who all want the next step of a life, and retry: each step is written once, in order.
pub async fn w07_of_workers_in_a_race_each_step_is_written_once<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = Arc::new(S::life("one"));
    live::<S>(subject, "one", &life[..1]).await?;
    let worker = |_| {
        let (life, context) = (Arc::clone(&life), subject.context());
        let side = subject.side();
        async move {
            let side = side?;
            loop {
                let context = Context { command_id: side.ids().next_id(), ..context.clone() };
                let unit = side.begin(context);
                let sample = get::<S>(&unit, "one").await?;
                let lived = (0..=life.len()).find(|lived| version::<S>(&life[..*lived]) == sample.version());
                let lived = lived.or_breach("a version between two commits of its life")?;
                let Some(events) = life.get(lived) else { return Ok(()) };
                happen::<S>(&sample, events.clone())?;
                match unit.commit(sample.key()).await {
                    Ok(_) | Err(CommandError::Failed(Error::Conflict { .. })) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
    };
    let workers: Vec<_> = (0..5).map(worker).collect();
    witness::within("five workers come to the end of a life", all(workers)).await??;
    let expected = Some((state::<S>(&life)?, version::<S>(&life)));
    ensure_eq!(stored::<S>(subject, "one").await?, expected, "the sample at the end of its life");
    found_nothing(subject).await
}

/// W14: a stale removal is a `Conflict`.
pub async fn w14_a_stale_removal_conflicts<S: Sample>(subject: &mut Subject) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life[..2]).await?;
    let stale = subject.begin()?;
    let sample = get::<S>(&stale, "one").await?;
    stale.repository::<S::Aggregate>().remove(&sample);
    commit::<S>(subject, "one", false, life[2].clone()).await?;
    let (before, head) = (stored::<S>(subject, "one").await?, subject.head().await?);
    let (at, now) = (version::<S>(&life[..2]).get(), version::<S>(&life[..3]).get());
    is_conflict(&stale.commit(sample.key()).await, at, now)?;
    ensure_eq!(stored::<S>(subject, "one").await?, before, "the sample");
    ensure_eq!(subject.head().await?, head, "the journal's head");
    found_nothing(subject).await
}

/// J2: a wrong expected version: `Conflict`, and no rows.
pub async fn j02_a_wrong_expected_version_conflicts_and_writes_no_rows<S: Sample>(
    subject: &mut Subject,
) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life[..2]).await?;
    let (now, before) = (version::<S>(&life[..2]).get(), subject.all_events().await?);
    for wrong in [now - 1, now + 1, i64::MAX.unsigned_abs()] {
        let change_set = caught_at::<S>(subject, "one", Version(wrong), life[2].clone()).await?;
        let refused = subject.store()?.commit(change_set).await;
        is_conflict(&refused.map_err(CommandError::Failed), wrong, now)?;
        ensure_eq!(subject.all_events().await?, before, "the journal");
    }
    found_nothing(subject).await
}

/// J3: two writers with one expectation: exactly one succeeds.
pub async fn j03_of_two_writers_with_one_expectation_one_succeeds<S: Sample>(
    subject: &mut Subject,
) -> Verdict {
    let life = S::life("one");
    live::<S>(subject, "one", &life[..1]).await?;
    for lived in 1..life.len() {
        let mut writers = Vec::new();
        for _ in 0..2 {
            let change_set = caught::<S>(subject, "one", false, life[lived].clone()).await?;
            let store = subject.store()?;
            writers.push(async move { Ok(store.commit(change_set).await) });
        }
        let answers = all(writers).await?;
        let won = answers.iter().filter(|answer| matches!(answer, Ok(Committed::Done { .. }))).count();
        let lost = answers.iter().filter(|answer| matches!(answer, Err(Error::Conflict { .. }))).count();
        ensure_eq!((won, lost), (1, 1), "how many won and lost: {answers:?}");
        let expected = Some((state::<S>(&life[..=lived])?, version::<S>(&life[..=lived])));
        ensure_eq!(stored::<S>(subject, "one").await?, expected, "the sample after commit {lived}");
    }
    found_nothing(subject).await
}

/// Removes it in a unit of work of its own.
async fn remove<S: Sample>(subject: &Subject, name: &str) -> Verdict {
    let unit = subject.begin()?;
    let sample = get::<S>(&unit, name).await?;
    unit.repository::<S::Aggregate>().remove(&sample);
    unit.commit(sample.key()).await?;
    Ok(())
}
