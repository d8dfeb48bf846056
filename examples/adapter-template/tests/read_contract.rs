//! The contract of read models: a test for each clause.

use std::sync::Arc;

use adapter_template::{Store, View};
use async_trait::async_trait;
use portolan_kernel::Result;
use portolan_testkit::counter::CounterProjector;
use portolan_testkit::specimen::{Specimen, SpecimenEvent, SpecimenProjector};
use portolan_testkit::{ReadHarness, ReadModel};

/// What the kit needs to try read models of this kind.
#[derive(Default)]
struct Harness;

#[async_trait]
impl ReadHarness for Harness {
    async fn models(&self) -> Result<[ReadModel; 2]> {
        let store = Store::open("nowhere")?;
        Ok(["counters", "others"].map(|name| {
            let view = Arc::new(View::new(&store, name, CounterProjector));
            ReadModel { repository: Arc::clone(&view) as _, projection: view }
        }))
    }

    async fn specimens(&self) -> Result<ReadModel<Specimen, SpecimenEvent>> {
        let view = Arc::new(View::new(&Store::open("nowhere")?, "specimens", SpecimenProjector));
        Ok(ReadModel { repository: Arc::clone(&view) as _, projection: view })
    }
}

portolan_testkit::read_contract!(Harness);
