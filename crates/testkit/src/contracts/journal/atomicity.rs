//! Commits as readers of the journal see them.

use std::collections::{BTreeMap, BTreeSet};

use portolan_kernel::{AggregateKey, Envelope, Position, Version};

use crate::builders::{counter_id, incremented, opened};
use crate::child::Tell;
use crate::contracts::raw;
use crate::counter::Counter;
use crate::subject::{execute, get};
use crate::tasks::all;
use crate::{OrBreach, Subject, Verdict, ensure, ensure_eq};

pub(crate) const WORK: &str = "commit to two counters at once and tell every acknowledged position";

/// J4: a commit's events are atomic and contiguous.
pub async fn j04_the_events_of_a_commit_are_contiguous(subject: &mut Subject) -> Verdict {
    let mut writers = Vec::new();
    for worker in 0..8 {
        let mut change_sets = Vec::new();
        for round in 0..subject.effort(40).max(4) {
            let (left, right) = (format!("left {worker} {round}"), format!("right {worker} {round}"));
            let left = raw::begins(subject, &[opened(&left), incremented(1)])?;
            let right = raw::begins(subject, &[opened(&right), incremented(1), incremented(2)])?;
            change_sets.push(raw::change_set(subject, vec![left, right])?);
        }
        let store = subject.store()?;
        writers.push(async move {
            for change_set in change_sets {
                store.commit(change_set).await?;
            }
            Ok(())
        });
    }
    all(writers).await?;
    commits_are_whole(&subject.all_events().await?, 5)
}

/// J4: a commit's events are atomic and contiguous, also when its process is killed.
pub async fn j04_a_kill_leaves_whole_commits(subject: &mut Subject) -> Verdict {
    let names = names();
    for name in &names {
        subject.add(vec![opened(name)]).await?;
    }
    for enough in [1, 9, 25] {
        let told = subject.killed_child(WORK, enough).await?;
        let last = told.iter().copied().max().or_breach("a position that the child told of")?;
        let events = subject.all_events().await?;
        let head = events.last().map_or(Position::ZERO, |event| event.position);
        ensure!(head.get() >= last, "acknowledged was position {last}, the head is {head}");
        commits_are_whole(events.get(names.len()..).unwrap_or_default(), 4)?;
        for name in &names {
            let (state, version) = subject.stored(counter_id(name)).await?.or_breach("the counter")?;
            let events = subject.history(counter_id(name)).await?;
            ensure_eq!(Version(events.len() as u64), version, "the version of `{name}`, by its events");
            ensure_eq!(state.count as u64, version.get() - 1, "the number of `{name}`");
        }
    }
    Ok(())
}

/// The child's part: four workers, each with two counters of its own, until it is killed.
pub(crate) async fn work(subject: &Subject, tell: &Tell) -> Verdict {
    let side = subject.side()?;
    let workers = names().chunks(2).map(|pair| pair.to_vec()).collect::<Vec<_>>().into_iter().map(|pair| {
        let (side, tell, context) = (side.clone(), tell.clone(), subject.context());
        async move {
            loop {
                let unit = side
                    .begin(portolan_kernel::Context { command_id: side.ids().next_id(), ..context.clone() });
                for name in &pair {
                    let counter = get(&unit, counter_id(name)).await?;
                    execute(&counter, |counter| counter.increment(1))?;
                    execute(&counter, |counter| counter.increment(1))?;
                }
                let about = AggregateKey::of::<Counter>(counter_id(&pair[0]));
                if !tell(unit.commit(about).await?.position.get()) {
                    return Ok(());
                }
            }
        }
    });
    all(workers).await.map(drop)
}

fn names() -> Vec<String> {
    (0..8).map(|index| format!("counter {index}")).collect()
}

/// Whether each commit has all of its events, `size` of them, on neighbouring positions.
fn commits_are_whole(events: &[Envelope], size: usize) -> Verdict {
    let mut commits: BTreeMap<_, Vec<&Envelope>> = BTreeMap::new();
    for event in events {
        commits.entry(event.commit_position).or_default().push(event);
    }
    for (commit_position, events) in commits {
        let commands: BTreeSet<&str> = events.iter().map(|event| &*event.metadata).collect();
        ensure_eq!(commands.len(), 1, "the number of commands in the commit that ends at {commit_position}");
        let positions: Vec<_> = events.iter().map(|event| event.position.get()).collect();
        let last = commit_position.get();
        let expected: Vec<_> = ((last + 1).saturating_sub(size as u64)..=last).collect();
        ensure_eq!(positions, expected, "the positions of the commit that ends at {commit_position}");
    }
    Ok(())
}
