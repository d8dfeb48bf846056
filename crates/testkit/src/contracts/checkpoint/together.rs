//! A checkpoint and what its subscription fills, in one transaction: seen on deadlines, which every write store of
//! this project keeps beside its checkpoints.

use portolan_kernel::{
    Advance, Deadline, DeadlineChange, Error, Id as _, Position, SubscriptionId, Timestamp,
};

use crate::builders::counter_id;
use crate::{OrBreach, Subject, Verdict, ensure, ensure_eq};

/// C6: checkpoint and read model in one transaction where both are in one store: a rollback takes both back.
pub async fn c06_checkpoint_and_read_model_move_in_one_transaction(subject: &mut Subject) -> Verdict {
    let (checkpoints, deadlines) = (subject.checkpoints()?, subject.deadlines()?);
    let closing = SubscriptionId::new("closing", 1);
    let early = deadlines
        .apply(&Advance::new(&closing, Position::ZERO, Position(1)), vec![set(subject, "one", 10)])
        .await;
    ensure!(matches!(early, Err(Error::Conflict { .. })), "without a checkpoint it is answered {early:?}");
    ensure_eq!(deadlines.next("closing").await?, None, "the deadline without a checkpoint");

    checkpoints.initialise(&closing, Position::ZERO).await?;
    deadlines
        .apply(&Advance::new(&closing, Position::ZERO, Position(4)), vec![set(subject, "one", 10)])
        .await?;
    let at = checkpoints.get(&closing).await?.or_breach("the checkpoint")?;
    ensure_eq!(at.position, Position(4), "the checkpoint");
    ensure_eq!(deadlines.next("closing").await?, Some(time(10)), "the deadline");

    let changes = vec![set(subject, "two", 5), clear("one")];
    let stale = deadlines.apply(&Advance::new(&closing, Position(3), Position(9)), changes.clone()).await;
    ensure!(
        matches!(stale, Err(Error::Conflict { expected: 3, actual: 4, .. })),
        "a stale one is answered {stale:?}"
    );
    let back = deadlines.apply(&Advance::new(&closing, Position(4), Position(2)), changes).await;
    ensure!(matches!(back, Err(Error::Invalid(_))), "one that goes backwards is answered {back:?}");
    let at = checkpoints.get(&closing).await?.or_breach("the checkpoint")?;
    ensure_eq!(at.position, Position(4), "the checkpoint after what was refused");
    ensure_eq!(deadlines.next("closing").await?, Some(time(10)), "the deadline after what was refused");
    ensure_eq!(deadlines.due("closing", time(99), 9).await?.len(), 1, "the number of deadlines");
    Ok(())
}

/// C6: the read model is what its changes make of it: deadlines come due in order, move, and are forgotten.
pub async fn c06_deadlines_come_due_in_order(subject: &mut Subject) -> Verdict {
    let (checkpoints, deadlines) = (subject.checkpoints()?, subject.deadlines()?);
    let closing = SubscriptionId::new("closing", 1);
    checkpoints.initialise(&closing, Position::ZERO).await?;
    let changes = vec![
        set(subject, "late", 30),
        set(subject, "early", 10),
        set(subject, "moved", 5),
        set(subject, "cleared", 1),
        set(subject, "moved", 20),
        clear("cleared"),
    ];
    deadlines.apply(&Advance::new(&closing, Position::ZERO, Position(6)), changes.clone()).await?;
    let kept = deadlines.due("closing", time(99), 9).await?.into_iter().map(DeadlineChange::Set);
    let wanted = [1, 4, 0].map(|index| changes[index].clone());
    ensure_eq!(kept.collect::<Vec<_>>(), wanted, "the deadlines, whole");
    let due = async |now, limit| {
        let due = deadlines.due("closing", time(now), limit).await?;
        Verdict::Ok(due.iter().map(|deadline| deadline.due_at).collect::<Vec<_>>())
    };
    ensure_eq!(due(9, 9).await?, [], "what is due at 9");
    ensure_eq!(due(20, 9).await?, [time(10), time(20)], "what is due at 20");
    ensure_eq!(due(99, 2).await?, [time(10), time(20)], "the first two that are due at 99");
    ensure_eq!(deadlines.due("other", time(99), 9).await?, [], "what is due of another process");
    ensure_eq!(deadlines.next("closing").await?, Some(time(10)), "the earliest");

    let first = deadlines.due("closing", time(99), 1).await?.pop().or_breach("the earliest")?;
    ensure_eq!(first.aggregate_id, counter_id("early").uuid(), "whose it is");
    deadlines.complete(&first).await?;
    ensure_eq!(due(99, 9).await?, [time(20), time(30)], "what is left when the earliest is done");
    let old = deadlines.due("closing", time(20), 1).await?.pop().or_breach("the next")?;
    deadlines
        .apply(&Advance::new(&closing, Position(6), Position(7)), vec![set(subject, "moved", 40)])
        .await?;
    deadlines.complete(&old).await?;
    ensure_eq!(
        due(99, 9).await?,
        [time(30), time(40)],
        "what is left when one was done that has moved since"
    );
    Ok(())
}

fn set(subject: &Subject, name: &str, due_at: i64) -> DeadlineChange {
    DeadlineChange::Set(Deadline {
        process: "closing".to_owned(),
        aggregate_id: counter_id(name).uuid(),
        due_at: time(due_at),
        event_id: subject.next_id(),
        correlation_id: subject.next_id(),
        // With and without one.
        traceparent: (due_at % 20 != 0).then(|| format!("trace {name}")),
    })
}

fn clear(name: &str) -> DeadlineChange {
    DeadlineChange::Clear { process: "closing".to_owned(), aggregate_id: counter_id(name).uuid() }
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_767_609_743_000_000 + seconds * 1_000_000)
}
