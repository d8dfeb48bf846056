//! Many workers, one counter.

use std::sync::Arc;

use portolan_kernel::{AggregateKey, CommandError, Error, Receipt, UnitOfWork, Version};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::builders::{counter_id, opened};
use crate::counter::{Counter, CounterId};
use crate::subject::{execute, get};
use crate::tasks::all;
use crate::{Breach, OrBreach, Subject, Verdict, ensure, ensure_eq};

/// W7: five workers, ten increments of one counter each, retrying on conflict: exactly fifty.
pub async fn w07_five_workers_with_ten_increments_make_fifty(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one")]).await?;
    let side = subject.side()?;
    let workers = (0..5).map(|_| {
        let (side, context) = (side.clone(), subject.context());
        let ids: Vec<Uuid> = (0..10).map(|_| subject.next_id()).collect();
        async move {
            for command_id in ids {
                let begin = || side.begin(portolan_kernel::Context { command_id, ..context.clone() });
                until_no_conflict(begin, id, |counter| Ok(counter.increment(1)?)).await??;
            }
            Ok(())
        }
    });
    all(workers).await?;
    let (state, version) = subject.stored(id).await?.or_breach("the counter")?;
    ensure_eq!((state.count, version), (50, Version(51)), "the number and the version");
    ensure_eq!(subject.history(id).await?.len(), 51, "the number of its events");
    Ok(())
}

/// W8: twenty workers take the one free place: one winner, nineteen typed refusals.
pub async fn w08_one_of_twenty_takes_the_one_place(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one")]).await?;
    let side = subject.side()?;
    // Nobody begins before all have seen that the place is free.
    let all_have_looked = Arc::new(Barrier::new(20));
    let workers = (1..=20_u128).map(|worker| {
        let (side, context, barrier) = (side.clone(), subject.context(), Arc::clone(&all_have_looked));
        async move {
            let first = side.begin(context.clone());
            let counter = get(&first, id).await?;
            barrier.wait().await;
            execute(&counter, |counter| counter.take_place(Uuid::from_u128(worker)))?;
            match first.commit(counter.key()).await {
                Err(CommandError::Failed(Error::Conflict { .. })) => {}
                answer => return Ok((Uuid::from_u128(worker), answer)),
            }
            let take = |counter: &Counter| Ok(counter.take_place(Uuid::from_u128(worker))?);
            let answer = until_no_conflict(|| side.begin(context.clone()), id, take).await?;
            Ok((Uuid::from_u128(worker), answer))
        }
    });
    let answers = all(workers).await?;
    let winners: Vec<Uuid> =
        answers.iter().filter(|(_, answer)| answer.is_ok()).map(|(worker, _)| *worker).collect();
    ensure_eq!(winners.len(), 1, "the number of winners");
    for (_, answer) in answers {
        let refused = matches!(&answer, Err(CommandError::Refused(refusal))
            if refusal.code == "place_taken" && refusal.details["by"] == winners[0].to_string());
        ensure!(answer.is_ok() || refused, "a loser is answered {answer:?}");
    }
    ensure_eq!(subject.state(id).await?.place_taken_by, winners.first().copied(), "who has the place");
    Ok(())
}

/// Runs a command again for as long as somebody else was faster. Whoever conflicts knows that another has won, so
/// that this ends.
async fn until_no_conflict(
    begin: impl Fn() -> UnitOfWork,
    id: CounterId,
    decide: impl Fn(&Counter) -> Result<Vec<crate::counter::Event>, CommandError>,
) -> Verdict<Result<Receipt, CommandError>> {
    for _ in 0..10_000 {
        let unit = begin();
        let decided = get(&unit, id).await?.execute(&decide);
        let about = AggregateKey::of::<Counter>(id);
        match unit.finish(decided.map(|()| about)).await {
            Err(CommandError::Failed(Error::Conflict { .. })) => tokio::task::yield_now().await,
            answer => return Ok(answer),
        }
    }
    Err(Breach::new("ten thousand conflicts in a row, with twenty workers at the most"))
}
