//! Commands that are asked again.

use std::sync::Arc;
use std::time::Duration;

use portolan_kernel::{
    AggregateKey, Clock as _, CommandError, Context, Error, Fingerprint, Kept, Outcome, Receipt, Refusal,
};
use tokio::sync::Barrier;

use crate::builders::{counter_id, opened};
use crate::counter::{Counter, CounterId};
use crate::tasks::all;
use crate::{OrBreach, Subject, Verdict, ensure, ensure_eq};

/// W21: a repeated command id answers the first outcome, a receipt or the domain's refusal (`not_found` included),
/// and writes nothing.
pub async fn w21_a_repeated_command_answers_its_first_outcome(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one")]).await?;
    let [accepted, refused, not_found] = [1, 2, 3].map(|_| subject.repeatable(subject.next_id(), "p"));
    let missing = counter_id("missing");
    let first = [
        increment(subject, accepted.clone(), id, 1).await,
        increment(subject, refused.clone(), id, i64::MAX).await,
        increment(subject, not_found.clone(), missing, 1).await,
    ];
    ensure_eq!(first.each_ref().map(code), ["", "overflow", "not_found"], "the first outcomes");
    subject.add(vec![opened("missing")]).await?;
    subject.change(id, |counter| counter.increment(-100)).await?;
    for round in ["at once", "after reopening"] {
        let before = (subject.stored(id).await?, subject.stored(missing).await?, subject.head().await?);
        let again = [
            increment(subject, accepted.clone(), id, 1).await,
            increment(subject, refused.clone(), id, i64::MAX).await,
            increment(subject, not_found.clone(), missing, 1).await,
        ];
        ensure_eq!(again, first, "the outcomes {round}");
        let after = (subject.stored(id).await?, subject.stored(missing).await?, subject.head().await?);
        ensure_eq!(after, before, "what is stored {round}");
        if subject.harness().capabilities().lacks(crate::Capability::Reopen).is_none() {
            subject.reopen().await?;
        }
    }
    let record = subject.store()?.outcome(refused.command_id).await?.or_breach("the record")?;
    ensure_eq!(record.fingerprint, Fingerprint::of(b"p").0, "the fingerprint of the record");
    Ok(())
}

/// W21: of the repeats of one command that race each other, one is written and all answer its receipt.
pub async fn w21_a_repeat_in_a_race_is_written_once(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one")]).await?;
    for round in 1..=5 {
        let context = subject.repeatable(subject.next_id(), "race");
        let side = subject.side()?;
        let all_have_decided = Arc::new(Barrier::new(8));
        let racers = (0..8).map(|_| {
            let (unit, barrier) = (side.begin(context.clone()), Arc::clone(&all_have_decided));
            async move {
                let decided = decide(&unit, id, 1).await;
                barrier.wait().await;
                Ok(decided.finish(unit).await)
            }
        });
        let answers = all(racers).await?;
        let first = answers.iter().find_map(|answer| answer.as_ref().ok()).or_breach("a receipt")?;
        for answer in &answers {
            ensure_eq!(answer.as_ref().ok(), Some(first), "the answer to a racer, {answer:?}");
        }
        ensure_eq!(subject.state(id).await?.count, round, "the number after {round} commands");
    }
    Ok(())
}

/// W21: the same id with another payload is refused and writes nothing.
pub async fn w21_another_payload_under_one_id_is_refused(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one")]).await?;
    let command_id = subject.next_id();
    increment(subject, subject.repeatable(command_id, "one more"), id, 1).await?;
    let before = (subject.stored(id).await?, subject.head().await?);
    for by in [2, i64::MAX] {
        let reused = increment(subject, subject.repeatable(command_id, "another"), id, by).await;
        ensure_eq!(reused, Err(CommandError::Reused { command_id }), "the answer to another payload");
    }
    ensure_eq!((subject.stored(id).await?, subject.head().await?), before, "what is stored");
    Ok(())
}

/// W21: never recorded: conflict, stale, unavailable, full, timeout.
pub async fn w21_failures_are_never_recorded(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one")]).await?;
    let context = subject.repeatable(subject.next_id(), "late");
    let late = subject.side()?.begin(context.clone());
    let decided = decide(&late, id, 1).await;
    subject.change(id, |counter| counter.increment(10)).await?;
    let conflict = decided.finish(late).await;
    let conflicts = matches!(conflict, Err(CommandError::Failed(Error::Conflict { .. })));
    ensure!(conflicts, "a stale command is answered {conflict:?}");
    ensure_eq!(subject.store()?.outcome(context.command_id).await?, None, "its record");
    let receipt = increment(subject, context.clone(), id, 1).await?;
    ensure_eq!(receipt.version.get(), 3, "the version when it is asked again");
    ensure_eq!(subject.state(id).await?.count, 11, "the number when it is asked again");

    // A command that may not be repeated leaves no record at all.
    let once = Context { idempotency: None, ..subject.context() };
    increment(subject, once.clone(), id, 1).await?;
    ensure_eq!(subject.store()?.outcome(once.command_id).await?, None, "the record of one that is not kept");
    Ok(())
}

/// W21: an outcome is kept until its time by the store's clock, and not longer.
pub async fn w21_an_outcome_is_kept_until_its_time(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one")]).await?;
    let hour = Duration::from_secs(3600);
    let until = subject.clock().now().plus(hour);
    let context = subject.context().idempotent(Fingerprint::of(b"p"), Kept::Until(until));
    let first = increment(subject, context.clone(), id, 1).await?;
    subject.clock().advance(hour - Duration::from_secs(1));
    ensure_eq!(
        increment(subject, context.clone(), id, 1).await,
        Ok(first),
        "the outcome before its time is over"
    );
    let record = subject.store()?.outcome(context.command_id).await?.or_breach("the record")?;
    ensure_eq!(record.outcome, Outcome::Accepted(first), "the record before its time is over");
    subject.clock().advance(Duration::from_secs(2));
    ensure_eq!(subject.store()?.outcome(context.command_id).await?, None, "the record when its time is over");
    Ok(())
}

/// A decision that is still to be committed or recorded.
struct Decided(Result<AggregateKey, CommandError>);

impl Decided {
    async fn finish(self, unit: portolan_kernel::UnitOfWork) -> Result<Receipt, CommandError> {
        unit.finish(self.0).await
    }
}

/// What a handler does: gets the counter or answers `not_found`, and lets it decide.
async fn decide(unit: &portolan_kernel::UnitOfWork, id: CounterId, by: i64) -> Decided {
    let key = AggregateKey::of::<Counter>(id);
    let decided = async {
        let found = unit.repository::<Counter>().get(id).await?;
        let counter = found.ok_or_else(|| CommandError::from(Refusal::not_found(key)))?;
        counter.execute(|counter| counter.increment(by))?;
        Ok(key)
    };
    Decided(decided.await)
}

async fn increment(
    subject: &Subject,
    context: Context,
    id: CounterId,
    by: i64,
) -> Result<Receipt, CommandError> {
    let side = subject.side().map_err(|breach| Error::unavailable(breach.message()))?;
    let unit = side.begin(context);
    decide(&unit, id, by).await.finish(unit).await
}

/// The code of a refusal; nothing for a receipt; the sentence of a failure.
fn code(answer: &Result<Receipt, CommandError>) -> String {
    match answer {
        Ok(_) => String::new(),
        Err(CommandError::Refused(refusal)) => refusal.code.to_string(),
        Err(failure) => failure.to_string(),
    }
}
