//! Leases that do not keep others out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use portolan_kernel::{
    Advance, Checkpoints as _, Claim, DeadlineChange, Deadlines as _, Epoch, Error, Lease, Leases as _,
    Result, SubscriptionId,
};

use super::inner::Inner;
use super::saboteurs;
use super::tamper::{Tamper, others_run};

saboteurs! {
    "grants what somebody has" GrantsAnything,
        breaks [
            "c07_a_held_lease_refuses_a_second_owner"
            "c07_a_held_lease_refuses_another_process"
        ] also [
            "c08_of_twenty_claims_at_once_one_is_granted"
            "c10_a_lease_is_stolen_only_after_its_end"
            "c12_only_the_owner_extends"
            "c13_the_stores_clock_decides"
        ]
        because "a second owner passes for one wherever there is to be but one";
    "looks whether a lease is free before it takes it" LooksFirst,
        breaks ["c08_of_twenty_claims_at_once_one_is_granted"];
    "begins no new epoch" KeepsTheEpoch::default(),
        breaks [
            "c09_a_released_lease_is_claimable_at_once"
            "c11_a_former_owner_is_fenced"
            "c11_a_former_owner_stops_nothing"
        ] also [
            "c08_of_twenty_claims_at_once_one_is_granted"
            "c10_a_lease_is_stolen_only_after_its_end"
            "c11_a_robbed_owners_change_is_rolled_back"
            "c12_only_the_owner_extends"
            "c13_the_stores_clock_decides"
        ]
        because "owners are told apart by nothing else";
    "ends a lease in half its term" EndsEarly,
        breaks ["c10_a_lease_is_stolen_only_after_its_end"];
    "does not look at the epoch of a checkpoint" FencesNobody,
        breaks [
            "c11_a_former_owner_is_fenced"
        ] also [
            "c11_a_robbed_owners_change_is_rolled_back"
        ]
        because "a robbed owner's write is fenced by the same look";
    "lets a former owner stop it" StopsForAnybody,
        breaks ["c11_a_former_owner_stops_nothing"];
    "keeps what a robbed owner changed" KeepsTheChange,
        breaks ["c11_a_robbed_owners_change_is_rolled_back"];
    "extends for anybody" ExtendsForAnybody,
        breaks [
            "c12_only_the_owner_extends"
        ] also [
            "c13_the_stores_clock_decides"
            "c10_a_lease_is_stolen_only_after_its_end"
        ]
        because "a former owner that extends keeps the next one out";
    "decides by the clock of whoever claims" AsksTheClaimersClock,
        breaks ["c13_the_stores_clock_decides"];
}

struct GrantsAnything;

#[async_trait]
impl Tamper for GrantsAnything {
    async fn claim(&self, inner: &Inner, subscription: &SubscriptionId) -> Result<Claim> {
        inner.rob(subscription).await
    }
}

struct LooksFirst;

#[async_trait]
impl Tamper for LooksFirst {
    async fn claim(&self, inner: &Inner, subscription: &SubscriptionId) -> Result<Claim> {
        let is_free = inner.held_since(subscription).is_none();
        others_run().await;
        if is_free { inner.rob(subscription).await } else { inner.claim(subscription).await }
    }
}

/// Gives every owner the epoch of the first.
#[derive(Default)]
struct KeepsTheEpoch(Mutex<HashMap<SubscriptionId, Epoch>>);

impl KeepsTheEpoch {
    /// The present epoch, where this is the one that every owner was given.
    fn present(&self, inner: &Inner, subscription: &SubscriptionId, given: Epoch) -> Epoch {
        let first = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(subscription).copied();
        if first == Some(given) { inner.epoch(subscription) } else { given }
    }

    fn step(&self, inner: &Inner, advance: &Advance) -> Advance {
        advance.clone().under(self.present(inner, &advance.subscription, advance.epoch))
    }
}

#[async_trait]
impl Tamper for KeepsTheEpoch {
    async fn claim(&self, inner: &Inner, subscription: &SubscriptionId) -> Result<Claim> {
        match inner.claim(subscription).await? {
            Claim::Granted(lease) => {
                let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let epoch = *first.entry(subscription.clone()).or_insert(lease.epoch());
                Ok(Claim::Granted(Lease::guarded(subscription.clone(), epoch, lease)))
            }
            taken => Ok(taken),
        }
    }

    async fn extend(&self, inner: &Inner, lease: &Lease) -> Result<()> {
        let epoch = self.present(inner, lease.subscription(), lease.epoch());
        inner.extend(&Lease::new(lease.subscription().clone(), epoch)).await
    }

    async fn release(&self, inner: &Inner, lease: Lease) -> Result<()> {
        let epoch = self.present(inner, lease.subscription(), lease.epoch());
        let by_name = Lease::new(lease.subscription().clone(), epoch);
        inner.release(lease.into_guard::<Lease>().map_or(by_name, |lease| *lease)).await
    }

    async fn advance(&self, inner: &Inner, advance: &Advance) -> Result<()> {
        inner.advance(&self.step(inner, advance)).await
    }

    async fn apply(&self, inner: &Inner, advance: &Advance, changes: Vec<DeadlineChange>) -> Result<()> {
        inner.apply(&self.step(inner, advance), changes).await
    }

    async fn stop(
        &self,
        inner: &Inner,
        subscription: &SubscriptionId,
        epoch: Epoch,
        reason: String,
    ) -> Result<()> {
        inner.stop(subscription, self.present(inner, subscription, epoch), reason).await
    }
}

struct EndsEarly;

#[async_trait]
impl Tamper for EndsEarly {
    async fn claim(&self, inner: &Inner, subscription: &SubscriptionId) -> Result<Claim> {
        let half = inner.term().map(|term| term / 2);
        let is_over = half.is_some_and(|half| inner.is_held_for(subscription, half, inner.store_now()));
        if is_over { inner.rob(subscription).await } else { inner.claim(subscription).await }
    }
}

/// The same step in the present epoch.
fn excused(inner: &Inner, advance: &Advance) -> Advance {
    advance.clone().under(inner.epoch(&advance.subscription))
}

struct FencesNobody;

#[async_trait]
impl Tamper for FencesNobody {
    async fn advance(&self, inner: &Inner, advance: &Advance) -> Result<()> {
        inner.advance(&excused(inner, advance)).await
    }

    async fn apply(&self, inner: &Inner, advance: &Advance, changes: Vec<DeadlineChange>) -> Result<()> {
        inner.apply(&excused(inner, advance), changes).await
    }
}

struct StopsForAnybody;

#[async_trait]
impl Tamper for StopsForAnybody {
    async fn stop(
        &self,
        inner: &Inner,
        subscription: &SubscriptionId,
        _: Epoch,
        reason: String,
    ) -> Result<()> {
        inner.stop(subscription, inner.epoch(subscription), reason).await
    }
}

struct KeepsTheChange;

#[async_trait]
impl Tamper for KeepsTheChange {
    async fn apply(&self, inner: &Inner, advance: &Advance, changes: Vec<DeadlineChange>) -> Result<()> {
        let applied = inner.apply(advance, changes.clone()).await;
        if let (Err(Error::Fenced(_)), Some(checkpoint)) = (&applied, inner.get(&advance.subscription).await?)
        {
            let at = checkpoint.position;
            let nowhere = excused(inner, &Advance { from: at, to: at, ..advance.clone() });
            inner.apply(&nowhere, changes).await?;
        }
        applied
    }
}

struct ExtendsForAnybody;

#[async_trait]
impl Tamper for ExtendsForAnybody {
    async fn extend(&self, _: &Inner, _: &Lease) -> Result<()> {
        Ok(())
    }
}

struct AsksTheClaimersClock;

#[async_trait]
impl Tamper for AsksTheClaimersClock {
    async fn claim(&self, inner: &Inner, subscription: &SubscriptionId) -> Result<Claim> {
        let is_over =
            inner.term().is_some_and(|term| inner.is_held_for(subscription, term, inner.clock.now()));
        if is_over { inner.rob(subscription).await } else { inner.claim(subscription).await }
    }
}
