//! Making and reading checkpoints.

use portolan_kernel::{Advance, Checkpoint, Epoch, Error, Position, Status, SubscriptionId};

use crate::{OrBreach, Subject, Verdict, ensure, ensure_eq};

/// C1: missing is `None`.
pub async fn c01_a_missing_checkpoint_is_none(subject: &mut Subject) -> Verdict {
    let checkpoints = subject.checkpoints()?;
    let never = SubscriptionId::new("never", 1);
    ensure_eq!(checkpoints.get(&never).await?, None, "a checkpoint that was never made");
    ensure_eq!(checkpoints.list().await?, [], "all checkpoints");
    let stopped = checkpoints.stop(&never, Epoch::ZERO, String::new()).await;
    ensure!(matches!(stopped, Err(Error::NotFound(_))), "stopping what is not there is answered {stopped:?}");
    let paused = checkpoints.set_status(&never, Status::Paused).await;
    ensure!(matches!(paused, Err(Error::NotFound(_))), "pausing it is answered {paused:?}");
    ensure_eq!(checkpoints.get(&never).await?, None, "the checkpoint after that");
    Ok(())
}

/// C2: initialise twice: `AlreadyExists`.
pub async fn c02_initialising_twice_is_refused(subject: &mut Subject) -> Verdict {
    let checkpoints = subject.checkpoints()?;
    let orders = SubscriptionId::new("orders", 1);
    checkpoints.initialise(&orders, Position(3)).await?;
    let again = checkpoints.initialise(&orders, Position(9)).await;
    ensure!(matches!(again, Err(Error::AlreadyExists(_))), "the second time is answered {again:?}");
    let expected =
        Checkpoint { subscription: orders.clone(), position: Position(3), status: Status::Running };
    ensure_eq!(checkpoints.get(&orders).await?, Some(expected), "the checkpoint");
    Ok(())
}

/// C3: exact up to `i64::MAX`; positions start at 1.
pub async fn c03_positions_are_exact_up_to_the_largest(subject: &mut Subject) -> Verdict {
    let checkpoints = subject.checkpoints()?;
    let orders = SubscriptionId::new("orders", 1);
    checkpoints.initialise(&orders, Position::ZERO).await?;
    let mut from = Position::ZERO;
    for to in [1, 2, (1 << 31) + 1, (1 << 53) + 1, i64::MAX as u64 - 1, i64::MAX as u64].map(Position) {
        let at = checkpoints.get(&orders).await?.or_breach("the checkpoint")?;
        ensure_eq!(at.position, from, "the position");
        checkpoints.advance(&Advance::new(&orders, from, to)).await?;
        from = to;
    }
    let at = checkpoints.get(&orders).await?.or_breach("the checkpoint")?;
    ensure_eq!(at.position, from, "the largest position");
    Ok(())
}

/// C14: two subscriptions, and two versions of one, are independent: in position and in whether they run.
pub async fn c14_subscriptions_and_their_versions_are_independent(subject: &mut Subject) -> Verdict {
    let checkpoints = subject.checkpoints()?;
    let ids = [("orders", 1), ("orders", 2), ("Orders", 1), ("totals", 1)];
    let ids = ids.map(|(name, version)| SubscriptionId::new(name, version));
    for id in &ids {
        checkpoints.initialise(id, Position::ZERO).await?;
    }
    let stopped = Status::Stopped { reason: "at position 7: it's \"odd\" \u{1f99c}".to_owned() };
    checkpoints.advance(&Advance::new(&ids[0], Position::ZERO, Position(7))).await?;
    checkpoints.set_status(&ids[1], Status::Paused).await?;
    checkpoints.set_status(&ids[3], stopped.clone()).await?;
    let checkpoint = |index: usize, position, status| Checkpoint {
        subscription: ids[index].clone(),
        position: Position(position),
        status,
    };
    let mut expected = vec![
        checkpoint(0, 7, Status::Running),
        checkpoint(1, 0, Status::Paused),
        checkpoint(2, 0, Status::Running),
        checkpoint(3, 0, stopped),
    ];
    for checkpoint in &expected {
        let found = checkpoints.get(&checkpoint.subscription).await?;
        ensure_eq!(found.as_ref(), Some(checkpoint), "one of them");
    }
    expected.sort_by(|left, right| left.subscription.cmp(&right.subscription));
    ensure_eq!(checkpoints.list().await?, expected, "all of them, by name and version");
    checkpoints.set_status(&ids[3], Status::Running).await?;
    let resumed = checkpoints.get(&ids[3]).await?.or_breach("the checkpoint")?;
    ensure_eq!(resumed.status, Status::Running, "one that was resumed");
    Ok(())
}
