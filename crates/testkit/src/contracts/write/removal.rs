//! Removing, and beginning again.

use portolan_kernel::{AggregateKey, REMOVED, Version};

use super::conflicts::is_conflict;
use crate::builders::{counter_id, incremented, line_added, opened};
use crate::counter::Counter;
use crate::subject::{execute, get};
use crate::{OrBreach, Subject, Verdict, ensure_eq};

/// W13: remove, commit, get: `None`, and the journal has a `removed` event; an id made again goes on at the next
/// version, so a handle from its former life gets `Conflict`.
pub async fn w13_what_was_removed_is_gone_and_goes_on_at_the_next_version(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one"), line_added("a")]).await?;
    let former = subject.begin()?;
    execute(&get(&former, id).await?, |counter| counter.increment(1))?;
    let unit = subject.begin()?;
    unit.repository::<Counter>().remove(&get(&unit, id).await?);
    let seen = unit.repository::<Counter>().get(id).await?;
    ensure_eq!(seen.is_none(), true, "that the unit that removes it does not see it any more");
    drop(unit);
    let receipt = subject.remove(id).await?;
    ensure_eq!(receipt.version, Version(3), "the version of the removal");
    ensure_eq!(subject.stored(id).await?, None, "the counter");
    let history = subject.history(id).await?;
    let last = history.last().or_breach("its history")?;
    ensure_eq!((&*last.event_type, last.version), (REMOVED, Version(3)), "the last event");

    let receipt = subject.add(vec![opened("one"), incremented(7)]).await?;
    ensure_eq!(receipt.version, Version(5), "the version when it was made again");
    let (state, version) = subject.stored(id).await?.or_breach("the counter")?;
    ensure_eq!(
        (state.count, state.lines.len(), version),
        (7, 0, Version(5)),
        "its number, lines and version"
    );
    is_conflict(&former.commit(AggregateKey::of::<Counter>(id)).await, 2, 5)?;
    ensure_eq!(subject.state(id).await?.count, 7, "its number after that");

    let findings = subject.harness().findings(subject.ports()?).await?;
    ensure_eq!(findings, Vec::<String>::new(), "what the adapter's own check finds");
    Ok(())
}

/// W14: a stale remove is a `Conflict`.
pub async fn w14_a_stale_removal_conflicts(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one")]).await?;
    let stale = subject.begin()?;
    let counter = get(&stale, id).await?;
    stale.repository::<Counter>().remove(&counter);
    subject.change(id, |counter| counter.increment(1)).await?;
    let (stored, head) = (subject.stored(id).await?, subject.head().await?);
    is_conflict(&stale.commit(counter.key()).await, 1, 2)?;
    ensure_eq!(subject.stored(id).await?, stored, "the counter");
    ensure_eq!(subject.head().await?, head, "the journal's head");

    let twice = subject.begin()?;
    let counter = get(&twice, id).await?;
    twice.repository::<Counter>().remove(&counter);
    subject.remove(id).await?;
    is_conflict(&twice.commit(counter.key()).await, 2, 0)?;
    ensure_eq!(subject.history(id).await?.len(), 3, "the number of its events");
    Ok(())
}
