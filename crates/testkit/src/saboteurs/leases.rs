//! Leases that do not keep others out.

use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    Advance, Checkpoints as _, Claim, Deadline, DeadlineChange, Deadlines as _, Epoch, Error, Lease,
    Leases as _, Result, SubscriptionId,
};

use super::saboteurs;
use super::tamper::{Tamper, others_run};
use crate::reference::ReferenceStore;
use crate::reference::leases::HeldLease;

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
    "begins no new epoch" KeepsTheEpoch,
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

/// Takes the lease from whoever has it.
fn take_away(inner: &ReferenceStore, subscription: &SubscriptionId) {
    if let Some(held) = inner.data.look().leases.get_mut(subscription) {
        held.ends_at = None;
    }
}

fn held(inner: &ReferenceStore, subscription: &SubscriptionId) -> HeldLease {
    inner.data.look().leases.get(subscription).copied().unwrap_or_default()
}

struct GrantsAnything;

#[async_trait]
impl Tamper for GrantsAnything {
    async fn claim(&self, inner: &ReferenceStore, subscription: &SubscriptionId) -> Result<Claim> {
        take_away(inner, subscription);
        inner.claim(subscription).await
    }
}

struct LooksFirst;

#[async_trait]
impl Tamper for LooksFirst {
    async fn claim(&self, inner: &ReferenceStore, subscription: &SubscriptionId) -> Result<Claim> {
        let is_free = held(inner, subscription).ends_at.is_none();
        others_run().await;
        if is_free {
            take_away(inner, subscription);
        }
        inner.claim(subscription).await
    }
}

struct KeepsTheEpoch;

#[async_trait]
impl Tamper for KeepsTheEpoch {
    async fn claim(&self, inner: &ReferenceStore, subscription: &SubscriptionId) -> Result<Claim> {
        let before = held(inner, subscription).epoch;
        let claim = inner.claim(subscription).await?;
        if let (Claim::Granted(_), true) = (&claim, before > Epoch::ZERO) {
            if let Some(held) = inner.data.look().leases.get_mut(subscription) {
                held.epoch = before;
            }
            return Ok(Claim::Granted(Lease::new(subscription.clone(), before)));
        }
        Ok(claim)
    }
}

struct EndsEarly;

#[async_trait]
impl Tamper for EndsEarly {
    async fn claim(&self, inner: &ReferenceStore, subscription: &SubscriptionId) -> Result<Claim> {
        let half = inner.term().unwrap_or_default() / 2;
        let in_half_a_term = inner.store_now().plus(half);
        if held(inner, subscription).ends_at.is_some_and(|ends_at| ends_at < in_half_a_term) {
            take_away(inner, subscription);
        }
        inner.claim(subscription).await
    }
}

/// The same step in the present epoch.
fn excused(inner: &ReferenceStore, advance: &Advance) -> Advance {
    advance.clone().under(held(inner, &advance.subscription).epoch)
}

struct FencesNobody;

#[async_trait]
impl Tamper for FencesNobody {
    async fn advance(&self, inner: &ReferenceStore, advance: &Advance) -> Result<()> {
        inner.advance(&excused(inner, advance)).await
    }

    async fn apply(
        &self,
        inner: &ReferenceStore,
        advance: &Advance,
        changes: Vec<DeadlineChange>,
    ) -> Result<()> {
        inner.apply(&excused(inner, advance), changes).await
    }
}

struct StopsForAnybody;

#[async_trait]
impl Tamper for StopsForAnybody {
    async fn stop(
        &self,
        inner: &ReferenceStore,
        subscription: &SubscriptionId,
        _: Epoch,
        reason: String,
    ) -> Result<()> {
        inner.stop(subscription, held(inner, subscription).epoch, reason).await
    }
}

struct KeepsTheChange;

#[async_trait]
impl Tamper for KeepsTheChange {
    async fn apply(
        &self,
        inner: &ReferenceStore,
        advance: &Advance,
        changes: Vec<DeadlineChange>,
    ) -> Result<()> {
        let applied = inner.apply(advance, changes.clone()).await;
        if let Err(Error::Fenced(_)) = applied {
            let set = changes.into_iter().filter_map(|change| match change {
                DeadlineChange::Set(deadline) => Some(deadline),
                DeadlineChange::Clear { .. } => None,
            });
            let key = |deadline: &Deadline| (deadline.process.clone(), deadline.aggregate_id);
            inner.data.look().deadlines.extend(set.map(|deadline| (key(&deadline), deadline)));
        }
        applied
    }
}

struct ExtendsForAnybody;

#[async_trait]
impl Tamper for ExtendsForAnybody {
    async fn extend(&self, _: &ReferenceStore, _: &Lease) -> Result<()> {
        Ok(())
    }
}

struct AsksTheClaimersClock;

#[async_trait]
impl Tamper for AsksTheClaimersClock {
    async fn claim(&self, inner: &ReferenceStore, subscription: &SubscriptionId) -> Result<Claim> {
        // What the claimer's clock is ahead of the store's counts as passed.
        let ahead = inner.clock.now().since(inner.store_now()).max(Duration::ZERO);
        let ends_at = held(inner, subscription).ends_at;
        if ends_at.is_some_and(|ends_at| ends_at <= inner.store_now().plus(ahead)) {
            take_away(inner, subscription);
        }
        inner.claim(subscription).await
    }
}
