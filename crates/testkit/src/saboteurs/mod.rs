//! Saboteurs: stores that are broken on purpose, each in one way, so that the clauses are seen to fail.
//!
//! A saboteur is a decorator round the [reference](mod@crate::reference) store that overrides what it breaks. It says
//! which clauses it breaks, and breaks no other: so a clause tests its own promise.
//!
//! A new one is a struct in the file of its theme with the few methods of `Tamper` that it overrides, and a line in
//! that file's list.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{ChangeSet, Clock, Position, Reset, Result, SubscriptionId};

use crate::child::Child;
use crate::reference::ReferenceHarness;
use crate::{Holder, ManualClock, Place, Polls, Subject, Verdict, WriteHarness, WritePorts};
use tamper::{Tamper, Tampered};

pub use readers::{READERS, ReadSaboteur, SabotagedReadHarness};

mod checkpoints;
mod durability;
mod feed;
mod fidelity;
mod holding;
mod idempotency;
mod leases;
mod races;
mod readers;
mod tamper;
mod versions;

/// A way to break a store.
pub struct Saboteur {
    /// What it does wrong.
    pub name: &'static str,
    /// The clauses that see it, by their names.
    pub breaks: &'static [&'static str],
    /// The clauses that suffer with them: always, or when a race shows it.
    pub also: &'static [&'static str],
    /// Why it breaks more than one; empty where it breaks one.
    pub because: &'static str,
    make: fn() -> Arc<dyn Tamper>,
}

impl std::fmt::Debug for Saboteur {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Saboteur> {
    let themes = [
        versions::ALL,
        fidelity::ALL,
        races::ALL,
        durability::ALL,
        idempotency::ALL,
        feed::ALL,
        holding::ALL,
        checkpoints::ALL,
        leases::ALL,
    ];
    themes.into_iter().flatten()
}

/// Reference stores in the hands of a saboteur.
#[derive(Clone)]
pub struct SabotagedHarness {
    reference: ReferenceHarness,
    saboteur: &'static Saboteur,
}

impl SabotagedHarness {
    /// New stores in the hands of this saboteur.
    #[must_use]
    pub fn new(saboteur: &'static Saboteur) -> Self {
        Self { reference: ReferenceHarness::default(), saboteur }
    }
}

#[async_trait]
impl WriteHarness for SabotagedHarness {
    async fn place(&self) -> Result<Place> {
        self.reference.place().await
    }

    async fn open(&self, address: &str, clock: Arc<dyn Clock>) -> Result<WritePorts> {
        let tamper = (self.saboteur.make)();
        let inner = tamper.open(self.reference.at(address, clock)?);
        let counting = Arc::clone(&tamper);
        let polls = Polls { count: Arc::new(move || counting.polls()), per_second: 0 };
        Ok(WritePorts { polls: Some(polls), ..WritePorts::of(Arc::new(Tampered { inner, tamper })) })
    }

    async fn close(&self, ports: WritePorts) -> Result<()> {
        // The saboteur hears of it as a store hears that it is to close: by a call that a kill does not make.
        drop(ports.store.outcome(tamper::CLOSING).await);
        Ok(())
    }

    async fn reset_records(
        &self,
        subject: &Subject,
        subscription: &SubscriptionId,
    ) -> Result<Vec<(Position, Reset)>> {
        self.reference.reset_records(subject, subscription).await
    }

    async fn hold(&self, address: &str, change_set: &ChangeSet) -> Result<Holder> {
        let inner = self.reference.at(address, Arc::new(ManualClock::default()))?;
        (self.saboteur.make)().hold(&inner, change_set).await
    }

    fn patience(&self) -> Duration {
        self.reference.patience()
    }

    async fn kill_during(&self, child: &Child, enough: usize) -> Verdict<Vec<u64>> {
        ReferenceHarness::drop_during(Arc::new(self.clone()), child, enough).await
    }
}

/// The list of a theme.
macro_rules! saboteurs {
    ($($name:literal $make:expr, breaks [$($breaks:literal)*] $(also [$($also:literal)*])? $(because $because:literal)?;)+) => {
        pub(super) static ALL: &[$crate::saboteurs::Saboteur] = &[$(
            $crate::saboteurs::Saboteur {
                name: $name,
                breaks: &[$($breaks),*],
                also: &[$($($also),*)?],
                because: concat!("" $(, $because)?),
                make: || std::sync::Arc::new($make),
            }
        ),+];
    };
}
use saboteurs;
