//! All or nothing: state, events and the command's record.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use portolan_kernel::{
    AggregateKey, CommandError, Error, Journal, Outcome, Refusal, Until, Version, WriteSide,
};

use crate::builders::{counter_id, incremented, opened};
use crate::counter::{Counter, CounterId};
use crate::subject::{execute, get};
use crate::tasks::all;
use crate::{OrBreach, Subject, Verdict, ensure, ensure_eq};

/// W9: an error inside a unit of work that is not the domain's refusal leaves state, journal and idempotency record
/// unchanged; a refusal writes its record and nothing else.
pub async fn w09_a_failed_unit_writes_nothing_and_a_refusal_only_its_record(
    subject: &mut Subject,
) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one")]).await?;
    let (stored, head) = (subject.stored(id).await?, subject.head().await?);
    let failures =
        [(CommandError::Failed(Error::unavailable("a port is away")), false), (refusal().into(), true)];
    for (failure, is_recorded) in failures {
        let command_id = subject.next_id();
        let unit = subject.side()?.begin(subject.repeatable(command_id, "failing"));
        execute(&get(&unit, id).await?, |counter| counter.increment(1))?;
        unit.repository::<Counter>().add(vec![opened("other")])?;
        let answer = unit.finish(Err(failure.clone())).await;
        ensure_eq!(answer, Err(failure), "the answer");
        ensure_eq!(subject.stored(id).await?, stored, "the counter");
        ensure_eq!(subject.stored(counter_id("other")).await?, None, "the counter that was added");
        ensure_eq!(subject.head().await?, head, "the journal's head");
        let record = subject.store()?.outcome(command_id).await?.map(|record| record.outcome);
        let expected = is_recorded.then(|| Outcome::Refused(refusal()));
        ensure_eq!(record, expected, "the record of the command");
    }
    Ok(())
}

/// W10: during a thousand commits a polling reader never sees a state without its event, nor an event without its
/// state.
pub async fn w10_a_reader_never_sees_state_without_event_nor_event_without_state(
    subject: &mut Subject,
) -> Verdict {
    let ids = ["one", "two", "three", "four"].map(counter_id);
    for name in ["one", "two", "three", "four"] {
        subject.add(vec![opened(name)]).await?;
    }
    let done = Arc::new(AtomicBool::new(false));
    let reader =
        tokio::spawn(watch(subject.side()?, subject.context(), subject.journal()?, ids, Arc::clone(&done)));
    let (side, rounds) = (subject.side()?, subject.effort(250));
    let writers = ids.map(|id| {
        let (side, contexts) = (side.clone(), (0..rounds).map(|_| subject.context()).collect::<Vec<_>>());
        async move {
            for context in contexts {
                let unit = side.begin(context);
                let counter = get(&unit, id).await?;
                execute(&counter, |counter| counter.increment(1))?;
                unit.commit(counter.key()).await?;
            }
            Ok(())
        }
    });
    let written = all(writers).await;
    done.store(true, Ordering::SeqCst);
    let looks = all([async move { reader.await.ok().or_breach("the reader")? }]).await?;
    written?;
    ensure!(looks.first().is_some_and(|looks| *looks > 0), "the reader never came to look");
    Ok(())
}

/// Looks until it is told that all is done, and once more after that; answers how often.
async fn watch(
    side: WriteSide,
    context: portolan_kernel::Context,
    journal: Arc<dyn Journal>,
    ids: [CounterId; 4],
    done: Arc<AtomicBool>,
) -> Verdict<usize> {
    let mut looks = 0;
    loop {
        let is_last = done.load(Ordering::SeqCst);
        for id in ids {
            let key = AggregateKey::of::<Counter>(id);
            let (count, version) = load(&side, &context, id).await?;
            let event = journal.history(key, version_before(version), Until::Version(version), 1).await?;
            ensure_eq!(event.len(), 1, "the state of version {version} has been seen; its event");
            ensure_eq!(count, version.get() as i64 - 1, "the number at version {version}");
            let newer = journal.history(key, version, Until::Now, portolan_kernel::READ_LIMIT).await?;
            let last = newer.last().map_or(version, |event| event.version);
            let (_, now) = load(&side, &context, id).await?;
            ensure!(now >= last, "the event of version {last} has been seen, the state is at {now}");
            looks += 1;
        }
        if is_last {
            return Ok(looks);
        }
        tokio::task::yield_now().await;
    }
}

async fn load(
    side: &WriteSide,
    context: &portolan_kernel::Context,
    id: CounterId,
) -> Verdict<(i64, Version)> {
    let unit = side.begin(context.clone());
    let counter = get(&unit, id).await?;
    Ok((counter.read(|counter| counter.count), counter.version()))
}

/// W18: a commit without changes writes nothing but the record of its command id, and keeps the version.
pub async fn w18_a_commit_without_changes_writes_only_its_record(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one"), incremented(1)]).await?;
    subject.add(vec![opened("other")]).await?;
    let (stored, head) = (subject.stored(id).await?, subject.head().await?);
    let command_id = subject.next_id();
    let contexts = [subject.context(), subject.repeatable(command_id, "idle")];
    for context in contexts {
        let unit = subject.side()?.begin(context);
        let counter = get(&unit, id).await?;
        execute(&counter, |counter| counter.set_text("one"))?;
        let receipt = unit.commit(counter.key()).await?;
        ensure_eq!((receipt.version, receipt.position), (Version(2), head), "the receipt");
        ensure_eq!(subject.stored(id).await?, stored, "the counter");
        ensure_eq!(subject.head().await?, head, "the journal's head");
    }
    let record = subject.store()?.outcome(command_id).await?.or_breach("the record of the command")?;
    ensure!(
        matches!(record.outcome, Outcome::Accepted(receipt) if receipt.version == Version(2)),
        "the record is {record:?}"
    );
    Ok(())
}

/// W20: two aggregates changed in one unit of work commit together or not at all, in one contiguous run of
/// positions.
pub async fn w20_two_aggregates_commit_together_or_not_at_all(subject: &mut Subject) -> Verdict {
    let (one, two) = (counter_id("one"), counter_id("two"));
    subject.add(vec![opened("one")]).await?;
    subject.add(vec![opened("two")]).await?;
    let before = subject.head().await?;
    let unit = subject.begin()?;
    let (first, second) = (get(&unit, one).await?, get(&unit, two).await?);
    execute(&first, |counter| counter.increment(1))?;
    execute(&second, |counter| counter.increment(2))?;
    execute(&first, |counter| counter.increment(3))?;
    let receipt = unit.commit(AggregateKey::of::<Counter>(one)).await?;
    ensure_eq!(receipt.position, before.plus(3), "the position of the last event");
    let events = subject.journal()?.read(before, 10).await?;
    let positions: Vec<_> = events.iter().map(|event| event.position).collect();
    ensure_eq!(positions, [before.plus(1), before.plus(2), before.plus(3)], "the positions of the commit");
    ensure!(
        events.iter().all(|event| event.commit_position == receipt.position),
        "the events are of several commits: {events:?}"
    );
    ensure_eq!((subject.state(one).await?.count, subject.state(two).await?.count), (4, 2), "both numbers");

    for (stale, fresh) in [(one, two), (two, one)] {
        let unit = subject.begin()?;
        execute(&get(&unit, stale).await?, |counter| counter.increment(100))?;
        execute(&get(&unit, fresh).await?, |counter| counter.increment(100))?;
        subject.change(stale, |counter| counter.increment(1)).await?;
        let (head, fresh_before) = (subject.head().await?, subject.stored(fresh).await?);
        let refused = unit.commit(AggregateKey::of::<Counter>(fresh)).await;
        let conflicts = matches!(refused, Err(CommandError::Failed(Error::Conflict { .. })));
        ensure!(conflicts, "a commit of which one half is stale is answered {refused:?}");
        ensure_eq!(subject.stored(fresh).await?, fresh_before, "the other half");
        ensure_eq!(subject.head().await?, head, "the journal's head");
    }
    Ok(())
}

fn version_before(version: Version) -> Version {
    Version(version.get().saturating_sub(1))
}

fn refusal() -> Refusal {
    crate::counter::Refused::NoLine { key: "milk".to_owned() }.into()
}
