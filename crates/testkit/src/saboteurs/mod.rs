//! Saboteurs: stores that are broken on purpose, each in one way, so that the clauses are seen to fail.
//!
//! A saboteur is a decorator round the ports of a good store that overrides what it breaks: round those of the
//! [reference](mod@crate::reference) store, and of any adapter's. It says which clauses it breaks, and breaks no other: so a
//! clause tests its own promise.
//!
//! A new one is a struct in the file of its theme with the few methods of `Tamper` that it overrides, and a line in
//! that file's list.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{ChangeSet, Clock, Error, Position, Registry, Reset, Result, SubscriptionId};

use crate::child::Child;
use crate::reference::ReferenceHarness;
use crate::{Capabilities, Holder, ManualClock, Place, Polls, Verdict, WriteHarness, WritePorts};
use inner::{Inner, Known};
use tamper::{Tamper, Tampered};

pub use readers::{READERS, ReadSaboteur, SabotagedReadHarness};

mod checkpoints;
mod durability;
mod feed;
mod fidelity;
mod grants;
mod holding;
mod idempotency;
mod inner;
mod leases;
mod races;
mod readers;
mod tamper;
pub mod trial;
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

/// Good stores in the hands of a saboteur: the reference store, or those of any adapter.
#[derive(Clone)]
pub struct SabotagedHarness {
    inner: Arc<dyn WriteHarness>,
    saboteur: &'static Saboteur,
    places: Arc<Mutex<HashMap<String, Sabotaged>>>,
    /// What was opened by work that is to be killed.
    opened: Option<Arc<Mutex<Vec<WritePorts>>>>,
}

/// What the stores at one place share.
#[derive(Clone)]
struct Sabotaged {
    tamper: Arc<dyn Tamper>,
    known: Arc<Known>,
}

impl SabotagedHarness {
    /// New reference stores in the hands of this saboteur.
    #[must_use]
    pub fn new(saboteur: &'static Saboteur) -> Self {
        Self::over(Arc::new(ReferenceHarness::default()), saboteur)
    }

    /// The stores of this harness in the hands of this saboteur.
    #[must_use]
    pub fn over(inner: Arc<dyn WriteHarness>, saboteur: &'static Saboteur) -> Self {
        Self { inner, saboteur, places: Arc::default(), opened: None }
    }

    fn at(&self, address: &str) -> Sabotaged {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let sabotaged = || Sabotaged { tamper: (self.saboteur.make)(), known: Arc::default() };
        places.entry(address.to_owned()).or_insert_with(sabotaged).clone()
    }
}

/// The decorator behind these ports.
fn tampered(ports: &WritePorts) -> Result<&Tampered> {
    ports.own::<Tampered>().ok_or_else(|| Error::NotFound("the saboteur".to_owned()))
}

#[async_trait]
impl WriteHarness for SabotagedHarness {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn registry(&self) -> Registry {
        self.inner.registry()
    }

    async fn place(&self) -> Result<Place> {
        self.inner.place().await
    }

    async fn open(&self, address: &str, clock: Arc<dyn Clock>) -> Result<WritePorts> {
        let Sabotaged { tamper, known } = self.at(address);
        let address = tamper.address(&*self.inner, address).await?;
        let ports = self.inner.open(&address, Arc::clone(&clock)).await?;
        tamper.opened();
        if let Some(opened) = &self.opened {
            opened.lock().unwrap_or_else(PoisonError::into_inner).push(ports.clone());
        }
        let (counting, has_deadlines) = (Arc::clone(&tamper), ports.deadlines.is_some());
        let polls = ports.polls.clone().map(|polls| Polls {
            count: Arc::new(move || (polls.count)() + counting.polls()),
            per_second: polls.per_second,
        });
        let inner = Inner { ports, clock, place: known };
        let ports = WritePorts::of(Arc::new(Tampered { inner, tamper }));
        Ok(WritePorts { polls, deadlines: ports.deadlines.filter(|_| has_deadlines), ..ports })
    }

    async fn close(&self, ports: WritePorts) -> Result<()> {
        let (inner, tamper) = {
            let tampered = tampered(&ports)?;
            (tampered.inner.ports.clone(), Arc::clone(&tampered.tamper))
        };
        drop(ports);
        tamper.closed();
        self.inner.close(inner).await
    }

    async fn findings(&self, ports: &WritePorts) -> Result<Vec<String>> {
        self.inner.findings(&tampered(ports)?.inner.ports).await
    }

    async fn reset_records(
        &self,
        ports: &WritePorts,
        subscription: &SubscriptionId,
    ) -> Result<Vec<(Position, Reset)>> {
        let tampered = tampered(ports)?;
        let records = self.inner.reset_records(&tampered.inner.ports, subscription).await?;
        Ok(tampered.tamper.reset_records(records))
    }

    async fn pass(&self, clock: &ManualClock, time: Duration) {
        self.inner.pass(clock, time).await;
    }

    async fn hold(&self, address: &str, change_set: &ChangeSet) -> Result<Holder> {
        let holder = self.inner.hold(address, change_set).await?;
        Ok(self.at(address).tamper.hold(holder, change_set))
    }

    fn patience(&self) -> Duration {
        self.inner.patience()
    }

    async fn left_open(&self, address: &str) -> Result<Vec<String>> {
        self.inner.left_open(address).await
    }

    /// What saboteurs know is in this process, and so is what they kill.
    async fn kill_during(&self, child: &Child, enough: usize) -> Verdict<Vec<u64>> {
        let opened: Arc<Mutex<Vec<WritePorts>>> = Arc::default();
        let working = Self { opened: Some(Arc::clone(&opened)), ..self.clone() };
        let told = ReferenceHarness::drop_during(Arc::new(working), child, enough).await?;
        // A store that works on when its callers have gone has come to its end before another is opened, as it would have
        // in a process that was killed.
        let opened = std::mem::take(&mut *opened.lock().unwrap_or_else(PoisonError::into_inner));
        for ports in opened {
            self.inner.close(ports).await?;
        }
        Ok(told)
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
