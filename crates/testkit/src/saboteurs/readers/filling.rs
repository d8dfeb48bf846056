//! Read models that are filled wrongly.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use portolan_kernel::{
    Batch, Page, Projection as _, Projector as _, Query, ReadRepository as _, Recorded, Result, Version,
};

use super::Tamper;
use crate::counter::{CounterEvent, CounterProjector, CounterView};
use crate::reference::ReferenceModel;
use crate::reference::read::Rows;
use crate::saboteurs::tamper::others_run;

/// Takes events over whose version is in this relation to their row's.
fn take_all(
    inner: &ReferenceModel,
    batch: Batch<'_, CounterEvent>,
    again: fn(&Rows, &Recorded<CounterEvent>) -> bool,
) {
    let mut rows = inner.look();
    for event in batch.events() {
        if again(&rows, event) {
            let Some(id) = CounterProjector.target(event) else { continue };
            let version = rows.by_id.get(&id).map_or(event.version, |(version, _)| *version);
            let mut row = rows.by_id.remove(&id).map(|(_, view)| view);
            CounterProjector.project(&mut row, event);
            rows.by_id.extend(row.map(|view| (id, (version, view))));
        }
        rows.take(&CounterProjector, event);
    }
    rows.position = rows.position.max(batch.to());
    drop(rows);
    inner.announce();
}

fn version_of(rows: &Rows, event: &Recorded<CounterEvent>) -> Option<Version> {
    let id = CounterProjector.target(event)?;
    rows.by_id.get(&id).map(|(version, _)| *version)
}

pub(super) struct TakesOlder;

#[async_trait]
impl Tamper for TakesOlder {
    async fn apply(&self, inner: &ReferenceModel, batch: Batch<'_, CounterEvent>) -> Result<()> {
        take_all(inner, batch, |rows, event| {
            version_of(rows, event).is_some_and(|current| event.version < current)
        });
        Ok(())
    }
}

pub(super) struct TakesEqual;

#[async_trait]
impl Tamper for TakesEqual {
    async fn apply(&self, inner: &ReferenceModel, batch: Batch<'_, CounterEvent>) -> Result<()> {
        take_all(inner, batch, |rows, event| {
            version_of(rows, event).is_some_and(|current| event.version == current)
        });
        Ok(())
    }
}

pub(super) struct IgnoresTheUnused;

#[async_trait]
impl Tamper for IgnoresTheUnused {
    async fn apply(&self, inner: &ReferenceModel, batch: Batch<'_, CounterEvent>) -> Result<()> {
        let before = inner.look().by_id.clone();
        inner.apply(batch).await?;
        for (id, (version, view)) in &mut inner.look().by_id {
            if let Some((old, _)) = before.get(id).filter(|(_, old)| old == view) {
                *version = *old;
            }
        }
        Ok(())
    }
}

pub(super) struct ResetsAll;

#[async_trait]
impl Tamper for ResetsAll {
    async fn reset(&self, inner: &ReferenceModel, other: &ReferenceModel) -> Result<()> {
        other.reset().await?;
        inner.reset().await
    }
}

/// Counts how often somebody looked, so that it shows every half that it can to somebody.
#[derive(Default)]
pub(super) struct ShowsHalf(AtomicUsize);

#[async_trait]
impl Tamper for ShowsHalf {
    async fn find(&self, inner: &ReferenceModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        inner.find(query).await
    }

    async fn apply(&self, inner: &ReferenceModel, batch: Batch<'_, CounterEvent>) -> Result<()> {
        if let [first, _, ..] = batch.events() {
            inner.look().take(&CounterProjector, first);
            let looks = self.0.load(Ordering::SeqCst);
            for _ in 0..100 {
                if self.0.load(Ordering::SeqCst) > looks + 1 {
                    break;
                }
                others_run().await;
            }
        }
        inner.apply(batch).await
    }
}
