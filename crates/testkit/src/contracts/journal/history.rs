//! How much a read answers, and how far back it looks.

use portolan_kernel::{
    AggregateKey, Context, Error, Position, READ_BYTES, READ_LIMIT, Timestamp, Until, Version,
};

use crate::builders::{counter_id, incremented, opened};
use crate::contracts::raw;
use crate::counter::Counter;
use crate::subject::{execute, get, history};
use crate::{Subject, Verdict, ensure, ensure_eq};

/// J5: reads are bounded as documented, and never end inside a commit.
pub async fn j05_reads_are_bounded_and_end_with_a_commit(subject: &mut Subject) -> Verdict {
    for size in [1, 4, 2, 3] {
        let name = format!("counter of {size}");
        let more = (1..size).map(|_| incremented(1));
        subject.add([opened(&name)].into_iter().chain(more).collect()).await?;
    }
    let journal = subject.journal()?;
    // The commits end at 1, 5, 7 and 10.
    let cases = [
        (0, 1, 1),
        (0, 2, 5),
        (0, 5, 5),
        (0, 6, 7),
        (1, 1, 5),
        (2, 1, 5),
        (5, 4, 10),
        (7, 100, 10),
        (10, 1, 10),
    ];
    for (after, limit, last) in cases {
        let events = journal.read(Position(after), limit).await?;
        let positions: Vec<_> = events.iter().map(|event| event.position.get()).collect();
        let expected: Vec<_> = (after + 1..=last).collect();
        ensure_eq!(positions, expected, "after {after}, about {limit} of them");
    }
    let key = AggregateKey::of::<Counter>(counter_id("counter of 4"));
    for (after, limit, versions) in [(0, 2, vec![1, 2]), (2, 9, vec![3, 4]), (3, 1, vec![4]), (4, 5, vec![])]
    {
        let events = journal.history(key, Version(after), Until::Now, limit).await?;
        let found: Vec<_> = events.iter().map(|event| event.version.get()).collect();
        ensure_eq!(found, versions, "a history after version {after}, at most {limit} of it");
    }
    for limit in [0, READ_LIMIT + 1] {
        let read = journal.read(Position::ZERO, limit).await;
        ensure!(matches!(read, Err(Error::Invalid(_))), "a read of {limit} is answered {read:?}");
        let read = journal.history(key, Version::ZERO, Until::Now, limit).await;
        ensure!(matches!(read, Err(Error::Invalid(_))), "a history of {limit} is answered {read:?}");
    }
    Ok(())
}

/// J5: reads are bounded by their bytes too, and never end inside a commit.
pub async fn j05_a_read_of_large_events_is_cut_behind_whole_commits(subject: &mut Subject) -> Verdict {
    let padding = " ".repeat(READ_BYTES / 7);
    for (name, events) in [("one", 4), ("two", 4), ("three", 4), ("four", 10)] {
        let happened: Vec<_> = std::iter::once(opened(name)).chain((1..events).map(incremented)).collect();
        let mut begun = raw::begins(subject, &happened)?;
        begun.events.iter_mut().for_each(|event| event.payload.push_str(&padding));
        subject.store()?.commit(raw::change_set(subject, vec![begun])?).await?;
    }
    let journal = subject.journal()?;
    // Seven events pass the bound: the second commit is finished, and so is the last, whatever its size.
    for (after, last) in [(0, 8), (1, 8), (4, 12), (8, 22), (12, 22), (22, 22)] {
        let events = journal.read(Position(after), READ_LIMIT).await?;
        let positions: Vec<_> = events.iter().map(|event| event.position.get()).collect();
        ensure_eq!(positions, (after + 1..=last).collect::<Vec<_>>(), "after {after}");
    }
    let key = AggregateKey::of::<Counter>(counter_id("four"));
    for (after, last) in [(0, 7), (2, 9), (7, 10), (10, 10)] {
        let events = journal.history(key, Version(after), Until::Now, READ_LIMIT).await?;
        let versions: Vec<_> = events.iter().map(|event| event.version.get()).collect();
        ensure_eq!(versions, (after + 1..=last).collect::<Vec<_>>(), "a history after version {after}");
    }
    Ok(())
}

/// J5: an unknown aggregate is an empty history.
pub async fn j05_an_unknown_aggregate_has_an_empty_history(subject: &mut Subject) -> Verdict {
    subject.add(vec![opened("other")]).await?;
    ensure_eq!(subject.history(counter_id("never")).await?, [], "the history of an id that was never used");
    Ok(())
}

/// J15: history as of a version.
pub async fn j15_history_as_of_a_version(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one"), incremented(1), incremented(2)]).await?;
    subject.add(vec![opened("other"), incremented(9)]).await?;
    subject.change(id, |counter| counter.increment(3)).await?;
    let all = subject.history(id).await?;
    ensure_eq!(all.len(), 4, "the number of events");
    for version in 0..=6 {
        let until = Until::Version(Version(version));
        let past = history(&*subject.journal()?, AggregateKey::of::<Counter>(id), until).await?;
        let expected = &all[..all.len().min(usize::try_from(version).unwrap_or(0))];
        ensure_eq!(past, expected, "the history up to version {version}");
    }
    Ok(())
}

/// J15: history as of a time: up to the last event that had occurred by then, whatever the order in which events
/// were imported.
pub async fn j15_history_as_of_a_time(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    let at = |time: i64| Timestamp::from_micros(1_767_609_743_000_000 + time);
    for (index, time) in [10, 30, 20, 50, 50].into_iter().enumerate() {
        let unit = subject.side()?.begin(Context { occurred_at: at(time), ..subject.context() });
        let key = if index == 0 {
            unit.repository::<Counter>().add(vec![opened("one")])?.key()
        } else {
            let counter = get(&unit, id).await?;
            execute(&counter, |counter| counter.increment(1))?;
            counter.key()
        };
        unit.commit(key).await?;
    }
    for (time, versions) in [(9, 0), (10, 1), (19, 1), (20, 3), (30, 3), (49, 3), (50, 5), (60, 5)] {
        let past =
            history(&*subject.journal()?, AggregateKey::of::<Counter>(id), Until::Time(at(time))).await?;
        let found: Vec<_> = past.iter().map(|event| event.version.get()).collect();
        let expected: Vec<u64> = (1..=versions).collect();
        ensure_eq!(found, expected, "the versions up to the time {time}");
    }
    Ok(())
}
