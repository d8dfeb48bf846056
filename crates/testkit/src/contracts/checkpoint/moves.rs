//! Forwards by advancing, backwards by a reset.

use portolan_kernel::{Advance, Error, Position, Reset, SubscriptionId};

use crate::tasks::all;
use crate::{OrBreach, Subject, Verdict, ensure, ensure_eq};

/// C4: an advance from a stale value: `Conflict`.
pub async fn c04_an_advance_from_a_stale_value_conflicts(subject: &mut Subject) -> Verdict {
    let checkpoints = subject.checkpoints()?;
    let orders = SubscriptionId::new("orders", 1);
    let missing = checkpoints.advance(&Advance::new(&orders, Position(2), Position(3))).await;
    conflicts(&missing, 2, 0)?;
    ensure_eq!(checkpoints.get(&orders).await?, None, "the checkpoint that is not there");
    checkpoints.initialise(&orders, Position::ZERO).await?;
    checkpoints.advance(&Advance::new(&orders, Position::ZERO, Position(5))).await?;
    for stale in [0, 4, 6] {
        let refused = checkpoints.advance(&Advance::new(&orders, Position(stale), Position(9))).await;
        conflicts(&refused, stale, 5)?;
    }
    let at = checkpoints.get(&orders).await?.or_breach("the checkpoint")?;
    ensure_eq!(at.position, Position(5), "the position");

    let racers = (0..8_u64).map(|racer| {
        let (checkpoints, orders) = (checkpoints.clone(), orders.clone());
        async move { Ok(checkpoints.advance(&Advance::new(&orders, Position(5), Position(10 + racer))).await) }
    });
    let won = all(racers).await?.iter().filter(|answer| answer.is_ok()).count();
    ensure_eq!(won, 1, "the number of winners of a race");
    Ok(())
}

/// C5: backwards only by `reset`.
pub async fn c05_only_a_reset_goes_backwards(subject: &mut Subject) -> Verdict {
    let checkpoints = subject.checkpoints()?;
    let orders = SubscriptionId::new("orders", 1);
    checkpoints.initialise(&orders, Position::ZERO).await?;
    checkpoints.advance(&Advance::new(&orders, Position::ZERO, Position(5))).await?;
    let refused = checkpoints.advance(&Advance::new(&orders, Position(5), Position(4))).await;
    ensure!(matches!(refused, Err(Error::Invalid(_))), "going backwards is answered {refused:?}");
    checkpoints.advance(&Advance::new(&orders, Position(5), Position(5))).await?;
    let at = async || {
        let checkpoint = checkpoints.get(&orders).await?;
        Verdict::Ok(checkpoint.or_breach("the checkpoint")?.position)
    };
    ensure_eq!(at().await?, Position(5), "the position");
    ensure_eq!(checkpoints.reset(&orders, &reset(2)).await?, Position(5), "where it was before the reset");
    ensure_eq!(at().await?, Position(2), "the position after the reset");
    ensure_eq!(
        checkpoints.reset(&orders, &reset(0)).await?,
        Position(2),
        "where it was before the second reset"
    );
    ensure_eq!(at().await?, Position::ZERO, "the position after the second reset");
    let never = checkpoints.reset(&SubscriptionId::new("never", 1), &reset(0)).await;
    ensure!(matches!(never, Err(Error::NotFound(_))), "a reset of what is not there is answered {never:?}");
    Ok(())
}

/// C5: a reset records who, from, to, why.
pub async fn c05_a_reset_is_recorded(subject: &mut Subject) -> Verdict {
    let checkpoints = subject.checkpoints()?;
    let (orders, others) = (SubscriptionId::new("orders", 1), SubscriptionId::new("orders", 2));
    for subscription in [&orders, &others] {
        checkpoints.initialise(subscription, Position(9)).await?;
    }
    checkpoints.reset(&orders, &reset(4)).await?;
    checkpoints.reset(&others, &reset(1)).await?;
    checkpoints.reset(&orders, &reset(0)).await?;
    let records = subject.harness().reset_records(subject.ports()?, &orders).await?;
    ensure_eq!(records, [(Position(9), reset(4)), (Position(4), reset(0))], "the records");
    Ok(())
}

fn reset(to: u64) -> Reset {
    Reset { to: Position(to), by: "\u{c5}sa".to_owned(), reason: format!("it's wrong since {to}") }
}

#[track_caller]
fn conflicts(answer: &Result<(), Error>, expected: u64, actual: u64) -> Verdict {
    let is = matches!(answer, Err(Error::Conflict { expected: e, actual: a, .. }) if (*e, *a) == (expected, actual));
    ensure!(is, "expected a conflict between {expected} and {actual}, answered {answer:?}");
    Ok(())
}
