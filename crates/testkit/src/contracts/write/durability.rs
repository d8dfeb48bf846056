//! What was acknowledged is there.

use portolan_kernel::Clock as _;

use crate::builders::{counter_id, history_of_everything, incremented, line, opened};
use crate::child::Tell;
use crate::counter::{Counter, Refused};
use crate::{OrBreach, Subject, Verdict, ensure, ensure_eq};

pub(crate) const WORK: &str = "count and tell every acknowledged number";

/// W19: what was acknowledged survives `kill -9` and reopen.
pub async fn w19_what_was_acknowledged_survives_a_kill(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one")]).await?;
    let mut before = 0;
    for enough in [1, 7, 30] {
        let told = subject.killed_child(WORK, enough).await?;
        let last = told.last().copied().or_breach("a number that the child told of")?;
        let (state, version) = subject.stored(id).await?.or_breach("the counter")?;
        ensure!(last > before, "the child went on at {last}, before it came to {before}");
        ensure!(state.count as u64 >= last, "acknowledged was {last}, and stored is {}", state.count);
        ensure_eq!(version.get(), state.count as u64 + 1, "its version");
        ensure_eq!(subject.history(id).await?.len() as u64, version.get(), "the number of its events");
        before = state.count as u64;
    }
    subject.change(id, |counter| counter.increment(1)).await?;
    Ok(())
}

/// The child's part: counts on until it is killed.
pub(crate) async fn work(subject: &Subject, tell: &Tell) -> Verdict {
    loop {
        let receipt = subject.change(counter_id("one"), |counter| counter.increment(1)).await?;
        if !tell(receipt.version.get() - 1) {
            return Ok(());
        }
    }
}

/// W19: what was acknowledged is there when the store is opened again.
pub async fn w19_what_was_acknowledged_survives_reopening(subject: &mut Subject) -> Verdict {
    let (one, two, gone) = (counter_id("one"), counter_id("two"), counter_id("gone"));
    subject.add(history_of_everything(one)).await?;
    subject.add(vec![opened("gone")]).await?;
    subject.remove(gone).await?;
    let context = subject.repeatable(subject.next_id(), "once");
    let unit = subject.side()?.begin(context.clone());
    let key = unit.repository::<Counter>().add(vec![opened("two"), incremented(2)])?.key();
    let receipt = unit.commit(key).await?;
    subject
        .change(one, |counter| {
            Ok::<_, Refused>([counter.add_line(line("q"))?, counter.increment(1)?].concat())
        })
        .await?;
    let before = (subject.stored(one).await?, subject.stored(two).await?, subject.all_events().await?);

    subject.clock().advance(std::time::Duration::from_secs(60));
    subject.reopen().await?;
    let after = (subject.stored(one).await?, subject.stored(two).await?, subject.all_events().await?);
    ensure_eq!(after, before, "both counters and the journal");
    ensure_eq!(subject.stored(gone).await?, None, "the counter that was removed");
    ensure_eq!(
        subject.store()?.last_position(),
        subject.head().await?,
        "the position that the store knows of"
    );
    let unit = subject.side()?.begin(context);
    let key = unit.repository::<Counter>().add(vec![opened("two"), incremented(2)])?.key();
    ensure_eq!(unit.commit(key).await?, receipt, "the answer to a command that is repeated");

    let receipt = subject.change(one, |counter| counter.increment(1)).await?;
    ensure_eq!(receipt.position.get(), before.2.len() as u64 + 1, "the position of the next event");
    let last = subject.all_events().await?.pop().or_breach("the next event")?;
    ensure_eq!(last.recorded_at, subject.clock().now(), "when it was recorded");
    Ok(())
}
