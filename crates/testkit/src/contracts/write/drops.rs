//! Callers that go away in the middle.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use portolan_kernel::{AggregateKey, Version};

use crate::builders::{counter_id, line, opened};
use crate::counter::Counter;
use crate::subject::{execute, get};
use crate::{Capability, OrBreach, Subject, Verdict, ensure, ensure_eq, witness};

/// W11: a future dropped in mid-commit, at every await point: all or nothing, after reopening too, and no connection
/// is left in a transaction.
pub async fn w11_a_dropped_commit_leaves_all_or_nothing(subject: &mut Subject) -> Verdict {
    for polls in 1.. {
        let name = format!("counter {polls}");
        let (id, beside) = (counter_id(&name), counter_id("beside"));
        subject.add(vec![opened(&name)]).await?;
        let completed = commit_and_drop(subject, &name, polls).await?;

        // A transaction that was left open would hold its lock against this commit.
        witness::within("another commit goes on", bump(subject, beside)).await??;
        let left = subject.harness().left_open(subject.address()).await?;
        ensure_eq!(left, Vec::<String>::new(), "what was left open when it was dropped after {polls} polls");
        if subject.can(Capability::Reopen) {
            subject.reopen().await?;
            witness::within("a commit goes on after reopening", bump(subject, beside)).await??;
        }

        let (state, version) = subject.stored(id).await?.or_breach("the counter")?;
        let is_all = (state.count, state.lines.len(), version) == (1, 1, Version(3));
        let is_nothing = (state.count, state.lines.len(), version) == (0, 0, Version(1));
        ensure!(is_all || is_nothing, "dropped after {polls} polls it is {state:?} at version {version}");
        ensure!(is_all || completed.is_none(), "it was acknowledged and is not there");
        let events = subject.history(id).await?;
        ensure_eq!(
            events.len() as u64,
            version.get(),
            "dropped after {polls} polls, the number of its events"
        );
        if completed.is_some() {
            return Ok(());
        }
    }
    Ok(())
}

/// Polls a commit of two events at the most so often, then drops it; what it answered, if it did.
async fn commit_and_drop(subject: &Subject, name: &str, polls: usize) -> Verdict<Option<Version>> {
    let unit = subject.begin()?;
    let counter = get(&unit, counter_id(name)).await?;
    execute(&counter, |counter| counter.increment(1))?;
    execute(&counter, |counter| counter.add_line(line("a")))?;
    let commit = unit.commit(AggregateKey::of::<Counter>(counter_id(name)));
    match witness::within("a commit goes on", polled(commit, polls)).await? {
        Some(receipt) => Ok(Some(receipt?.version)),
        None => Ok(None),
    }
}

/// Counts on by one, beginning at nothing.
async fn bump(subject: &Subject, id: crate::counter::CounterId) -> Verdict {
    match subject.stored(id).await? {
        Some(_) => subject.change(id, |counter| counter.increment(1)).await?,
        None => subject.add(vec![opened("beside")]).await?,
    };
    Ok(())
}

/// Polls this future when it asks for it, at the most so often, and then drops it.
pub(in crate::contracts) async fn polled<F: Future>(future: F, mut polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| {
        polls -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if polls == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
