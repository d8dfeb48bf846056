//! Read models that are filled wrongly.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::atomic::{self, AtomicUsize};

use async_trait::async_trait;
use portolan_kernel::{Batch, Page, Projector as _, Query, Recorded, Result, Version};

use super::Tamper;
use crate::ReadModel;
use crate::counter::{CounterEvent, CounterId, CounterProjector, CounterView};
use crate::saboteurs::tamper::others_run;

/// Takes over, under a version that its row does not have yet, each event whose own is in this relation to its row's; and
/// all of them behind what the model has seen.
async fn take_all(inner: &ReadModel, batch: Batch<'_, CounterEvent>, again: Ordering) -> Result<()> {
    let mut versions: HashMap<CounterId, Version> = HashMap::new();
    let (mut events, mut at) = (Vec::new(), inner.projection.position().await?);
    for event in batch.events() {
        let mut event = event.clone();
        if let Some(id) = CounterProjector.target(&event) {
            let known = match versions.get(&id) {
                Some(version) => Some(*version),
                None => inner.repository.get(&id).await?.map(|row| row.version),
            };
            if let Some(version) = known.filter(|version| event.version.cmp(version) == again) {
                event.version = version.plus(1);
            }
            versions.insert(id, known.map_or(event.version, |version| version.max(event.version)));
        }
        at = event.position.max(at.plus(1));
        event.position = at;
        events.push(event);
    }
    inner.projection.apply(Batch::new(&events, batch.to().max(at))?).await
}

pub(super) struct TakesOlder;

#[async_trait]
impl Tamper for TakesOlder {
    async fn apply(&self, inner: &ReadModel, batch: Batch<'_, CounterEvent>) -> Result<()> {
        take_all(inner, batch, Ordering::Less).await
    }
}

pub(super) struct TakesEqual;

#[async_trait]
impl Tamper for TakesEqual {
    async fn apply(&self, inner: &ReadModel, batch: Batch<'_, CounterEvent>) -> Result<()> {
        take_all(inner, batch, Ordering::Equal).await
    }
}

pub(super) struct IgnoresTheUnused;

#[async_trait]
impl Tamper for IgnoresTheUnused {
    async fn apply(&self, inner: &ReadModel, batch: Batch<'_, CounterEvent>) -> Result<()> {
        let mut used: Vec<Recorded<CounterEvent>> = Vec::new();
        let mut rows: HashMap<CounterId, Option<CounterView>> = HashMap::new();
        for event in batch.events() {
            let Some(id) = CounterProjector.target(event) else { continue };
            let before = match rows.remove(&id) {
                Some(row) => row,
                None => inner.repository.get(&id).await?.map(|row| CounterView::clone(&row.view)),
            };
            let mut after = before.clone();
            CounterProjector.project(&mut after, event);
            if after != before {
                used.push(event.clone());
            }
            rows.insert(id, after);
        }
        inner.projection.apply(Batch::new(&used, batch.to())?).await
    }
}

pub(super) struct ResetsAll;

#[async_trait]
impl Tamper for ResetsAll {
    async fn reset(&self, inner: &ReadModel, other: &ReadModel) -> Result<()> {
        other.projection.reset().await?;
        inner.projection.reset().await
    }
}

/// Counts how often somebody looked, so that it shows every half that it can to somebody.
#[derive(Default)]
pub(super) struct ShowsHalf(AtomicUsize);

#[async_trait]
impl Tamper for ShowsHalf {
    async fn find(&self, inner: &ReadModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        self.0.fetch_add(1, atomic::Ordering::SeqCst);
        inner.repository.find(query).await
    }

    async fn apply(&self, inner: &ReadModel, batch: Batch<'_, CounterEvent>) -> Result<()> {
        if let [first, _, ..] = batch.events() {
            inner.projection.apply(Batch::new(std::slice::from_ref(first), first.position)?).await?;
            let looks = self.0.load(atomic::Ordering::SeqCst);
            for _ in 0..100 {
                if self.0.load(atomic::Ordering::SeqCst) > looks + 1 {
                    break;
                }
                others_run().await;
            }
        }
        inner.projection.apply(batch).await
    }
}
