//! What was saved is there.

use portolan_kernel::{Advance, Checkpoint, Position, Reset, Status, SubscriptionId};

use crate::child::Tell;
use crate::{OrBreach, Subject, Verdict, ensure, ensure_eq};

pub(crate) const WORK: &str = "advance a checkpoint and tell every acknowledged position";

/// C15: saved survives `kill -9`.
pub async fn c15_what_was_saved_survives_a_kill(subject: &mut Subject) -> Verdict {
    let orders = SubscriptionId::new("orders", 1);
    subject.checkpoints()?.initialise(&orders, Position::ZERO).await?;
    let mut before = 0;
    for enough in [1, 20] {
        let told = subject.killed_child(WORK, enough).await?;
        let last = told.last().copied().or_breach("a position that the child told of")?;
        ensure!(last > before, "the child went on at {last}, before it came to {before}");
        let at = subject.checkpoints()?.get(&orders).await?.or_breach("the checkpoint")?;
        // One more may have been saved than the child had time to tell of.
        ensure!(
            at.position.get() == last || at.position.get() == last + 1,
            "told was {last}, saved is {at:?}"
        );
        before = at.position.get();
    }
    Ok(())
}

/// The child's part: advances one by one until it is killed.
pub(crate) async fn work(subject: &Subject, tell: &Tell) -> Verdict {
    let (checkpoints, orders) = (subject.checkpoints()?, SubscriptionId::new("orders", 1));
    let mut at = checkpoints.get(&orders).await?.or_breach("the checkpoint")?.position;
    loop {
        checkpoints.advance(&Advance::new(&orders, at, at.plus(1))).await?;
        at = at.plus(1);
        if !tell(at.get()) {
            return Ok(());
        }
    }
}

/// C15: saved is there when the store is opened again: positions, and whether subscriptions run.
pub async fn c15_what_was_saved_survives_reopening(subject: &mut Subject) -> Verdict {
    let [first, second] = [1, 2].map(|version| SubscriptionId::new("orders", version));
    let stopped = Status::Stopped { reason: "it failed at position 3".to_owned() };
    let checkpoints = subject.checkpoints()?;
    checkpoints.initialise(&first, Position::ZERO).await?;
    checkpoints.initialise(&second, Position(8)).await?;
    checkpoints.advance(&Advance::new(&first, Position::ZERO, Position(3))).await?;
    checkpoints.set_status(&first, stopped.clone()).await?;
    let reset = Reset { to: Position(2), by: "me".to_owned(), reason: "again".to_owned() };
    checkpoints.reset(&second, &reset).await?;
    drop(checkpoints);
    subject.reopen().await?;
    let expected = [
        Checkpoint { subscription: first, position: Position(3), status: stopped },
        Checkpoint { subscription: second, position: Position(2), status: Status::Running },
    ];
    ensure_eq!(subject.checkpoints()?.list().await?, expected, "the checkpoints");
    Ok(())
}
