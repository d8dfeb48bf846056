//! Leases: one owner at a time, and a former one changes nothing.

use std::sync::Arc;
use std::time::Duration;

use portolan_kernel::{
    Advance, Claim, Clock as _, Deadline, DeadlineChange, Epoch, Error, Lease, Leases, Position, Status,
    SubscriptionId,
};

use crate::tasks::all;
use crate::{Breach, ManualClock, OrBreach, Subject, Verdict, ensure, ensure_eq};

/// C7: a held lease refuses a second owner; another subscription, and another version, is another lease.
pub async fn c07_a_held_lease_refuses_a_second_owner(subject: &mut Subject) -> Verdict {
    let leases = subject.leases()?;
    let lease = granted(&*leases, &orders()).await?;
    taken(&*leases, &orders()).await?;
    let others = [SubscriptionId::new("orders", 2), SubscriptionId::new("Orders", 1)];
    for other in &others {
        drop(granted(&*leases, other).await?);
    }
    taken(&*leases, &orders()).await?;
    drop(lease);
    Ok(())
}

/// C7: so it does a second owner of another process.
pub async fn c07_a_held_lease_refuses_another_process(subject: &mut Subject) -> Verdict {
    let (leases, beside) = (subject.leases()?, subject.open_beside().await?);
    let lease = granted(&*leases, &orders()).await?;
    taken(&*beside.leases, &orders()).await?;
    leases.release(lease).await?;
    let lease = granted(&*beside.leases, &orders()).await?;
    taken(&*leases, &orders()).await?;
    beside.leases.release(lease).await?;
    subject.harness().close(beside).await?;
    Ok(())
}

/// C8: twenty claims at once: one owner.
pub async fn c08_of_twenty_claims_at_once_one_is_granted(subject: &mut Subject) -> Verdict {
    let leases = subject.leases()?;
    let mut epoch = portolan_kernel::Epoch::ZERO;
    for round in 1..=subject.effort(20).max(3) {
        let claims = (0..20).map(|_| {
            let leases = Arc::clone(&leases);
            async move { Ok(leases.claim(&orders()).await?) }
        });
        let answers = all(claims).await?;
        let mut owners: Vec<Lease> = answers.into_iter().filter_map(owner).collect();
        ensure_eq!(owners.len(), 1, "the number of owners in round {round}");
        let lease = owners.pop().or_breach("the owner")?;
        ensure!(lease.epoch() > epoch, "{lease:?} comes after the epoch {epoch}");
        epoch = lease.epoch();
        leases.release(lease).await?;
    }
    Ok(())
}

/// C9: released is claimable at once.
pub async fn c09_a_released_lease_is_claimable_at_once(subject: &mut Subject) -> Verdict {
    let leases = subject.leases()?;
    let first = granted(&*leases, &orders()).await?;
    let epoch = first.epoch();
    leases.release(first).await?;
    let second = granted(&*leases, &orders()).await?;
    ensure!(second.epoch() > epoch, "{second:?} comes after the epoch {epoch}");
    Ok(())
}

/// C10: stealing is refused before the lease ends and allowed after; extending begins the term anew.
pub async fn c10_a_lease_is_stolen_only_after_its_end(subject: &mut Subject) -> Verdict {
    let leases = subject.leases()?;
    let term = leases.term().or_breach("a term, which the capabilities promise")?;
    let lease = granted(&*leases, &orders()).await?;
    pass(subject, term * 2 / 3).await;
    taken(&*leases, &orders()).await?;
    leases.extend(&lease).await?;
    pass(subject, term * 2 / 3).await;
    taken(&*leases, &orders()).await?;
    pass(subject, term * 2 / 3).await;
    let thief = granted(&*leases, &orders()).await?;
    ensure!(thief.epoch() > lease.epoch(), "{thief:?} comes after {lease:?}");
    taken(&*leases, &orders()).await
}

/// C11: what a former owner writes is `Fenced`, and changes nothing.
pub async fn c11_a_former_owner_is_fenced(subject: &mut Subject) -> Verdict {
    let leases = subject.leases()?;
    subject.checkpoints()?.initialise(&orders(), Position::ZERO).await?;
    let former = granted(&*leases, &orders()).await?;
    let old = former.epoch();
    subject.checkpoints()?.advance(&step(0, 3).under(old)).await?;
    leases.release(former).await?;
    let present = granted(&*leases, &orders()).await?;
    is_fenced(subject, &step(3, 5).under(old), 3).await?;
    is_fenced(subject, &step(3, 5), 3).await?;
    subject.checkpoints()?.advance(&step(3, 4).under(present.epoch())).await?;
    is_fenced(subject, &step(4, 5).under(old), 4).await
}

/// C11: nor does a former owner stop the subscription of the present one, who can; an operator lets it go on.
pub async fn c11_a_former_owner_stops_nothing(subject: &mut Subject) -> Verdict {
    let (leases, checkpoints) = (subject.leases()?, subject.checkpoints()?);
    checkpoints.initialise(&orders(), Position::ZERO).await?;
    let former = granted(&*leases, &orders()).await?;
    let old = former.epoch();
    leases.release(former).await?;
    let present = granted(&*leases, &orders()).await?;
    for epoch in [old, Epoch::ZERO] {
        let refused = checkpoints.stop(&orders(), epoch, "in front of position 4".to_owned()).await;
        ensure!(
            matches!(refused, Err(Error::Fenced(_))),
            "a stop in the epoch {epoch} is answered {refused:?}"
        );
        let checkpoint = checkpoints.get(&orders()).await?.or_breach("the checkpoint")?;
        ensure_eq!(checkpoint.status, Status::Running, "the status after a stop that was refused");
    }
    let reason = "in front of position 4".to_owned();
    checkpoints.stop(&orders(), present.epoch(), reason.clone()).await?;
    let checkpoint = checkpoints.get(&orders()).await?.or_breach("the checkpoint")?;
    ensure_eq!(checkpoint.status, Status::Stopped { reason }, "the status after the owner's stop");
    checkpoints.set_status(&orders(), Status::Running).await?;
    let checkpoint = checkpoints.get(&orders()).await?.or_breach("the checkpoint")?;
    ensure_eq!(checkpoint.status, Status::Running, "the status after an operator's word");
    Ok(())
}

/// C11: so is one whose lease was stolen, and its read-model change is rolled back.
pub async fn c11_a_robbed_owners_change_is_rolled_back(subject: &mut Subject) -> Verdict {
    let (leases, deadlines) = (subject.leases()?, subject.deadlines()?);
    let term = leases.term().or_breach("a term, which the capabilities promise")?;
    subject.checkpoints()?.initialise(&orders(), Position::ZERO).await?;
    let robbed = granted(&*leases, &orders()).await?;
    pass(subject, term * 4 / 3).await;
    let thief = granted(&*leases, &orders()).await?;
    let change = DeadlineChange::Set(Deadline {
        process: "orders".to_owned(),
        aggregate_id: subject.next_id(),
        due_at: subject.clock().now(),
        event_id: subject.next_id(),
        correlation_id: subject.next_id(),
        traceparent: None,
    });
    let late = deadlines.apply(&step(0, 9).under(robbed.epoch()), vec![change.clone()]).await;
    ensure!(matches!(late, Err(Error::Fenced(_))), "the robbed owner's change is answered {late:?}");
    ensure_eq!(deadlines.next("orders").await?, None, "the deadline that it would have set");
    deadlines.apply(&step(0, 9).under(thief.epoch()), vec![change]).await?;
    ensure!(deadlines.next("orders").await?.is_some(), "the thief's deadline is not there");
    Ok(())
}

/// C12: extending by a non-owner is refused.
pub async fn c12_only_the_owner_extends(subject: &mut Subject) -> Verdict {
    let leases = subject.leases()?;
    let never = Lease::new(SubscriptionId::new("never", 1), portolan_kernel::Epoch(1));
    let refused = leases.extend(&never).await;
    ensure!(matches!(refused, Err(Error::Fenced(_))), "what was never claimed is answered {refused:?}");
    let first = granted(&*leases, &orders()).await?;
    let former = Lease::new(orders(), first.epoch());
    leases.extend(&first).await?;
    leases.release(first).await?;
    let second = granted(&*leases, &orders()).await?;
    let refused = leases.extend(&former).await;
    ensure!(matches!(refused, Err(Error::Fenced(_))), "a former owner is answered {refused:?}");
    leases.release(former).await?;
    taken(&*leases, &orders()).await?;
    leases.extend(&second).await?;
    Ok(())
}

/// C13: owners' clocks an hour apart: the same outcome, for the store's clock decides.
pub async fn c13_the_stores_clock_decides(subject: &mut Subject) -> Verdict {
    let leases = subject.leases()?;
    let term = leases.term().or_breach("a term, which the capabilities promise")?;
    let ahead = ManualClock::default();
    ahead.set(subject.clock().now().plus(Duration::from_secs(3_600)));
    let beside = subject.open_beside_by(&ahead).await?;
    let lease = granted(&*leases, &orders()).await?;
    taken(&*beside.leases, &orders()).await?;
    pass(subject, term * 4 / 3).await;
    let thief = granted(&*beside.leases, &orders()).await?;
    let refused = leases.extend(&lease).await;
    ensure!(matches!(refused, Err(Error::Fenced(_))), "the robbed owner is answered {refused:?}");
    taken(&*leases, &orders()).await?;
    drop(thief);
    subject.harness().close(beside).await?;
    Ok(())
}

fn orders() -> SubscriptionId {
    SubscriptionId::new("orders", 1)
}

fn step(from: u64, to: u64) -> Advance {
    Advance::new(&orders(), Position(from), Position(to))
}

fn owner(claim: Claim) -> Option<Lease> {
    match claim {
        Claim::Granted(lease) => Some(lease),
        Claim::Taken { .. } => None,
    }
}

/// Lets time pass by the store's clock.
async fn pass(subject: &Subject, time: Duration) {
    subject.harness().pass(subject.clock(), time).await;
}

async fn granted(leases: &dyn Leases, subscription: &SubscriptionId) -> Verdict<Lease> {
    owner(leases.claim(subscription).await?).ok_or_else(|| {
        Breach::new(format!("a lease that nobody has: the claim of {subscription} is refused"))
    })
}

async fn taken(leases: &dyn Leases, subscription: &SubscriptionId) -> Verdict {
    let claim = leases.claim(subscription).await?;
    ensure!(owner(claim).is_none(), "{subscription} has an owner, and a second claim is granted");
    Ok(())
}

/// The step is refused, and the checkpoint is where it was.
async fn is_fenced(subject: &Subject, step: &Advance, at: u64) -> Verdict {
    let checkpoints = subject.checkpoints()?;
    let refused = checkpoints.advance(step).await;
    ensure!(matches!(refused, Err(Error::Fenced(_))), "{step:?} is answered {refused:?}");
    let checkpoint = checkpoints.get(&step.subscription).await?.or_breach("the checkpoint")?;
    ensure_eq!(checkpoint.position, Position(at), "the checkpoint after what was refused");
    Ok(())
}
