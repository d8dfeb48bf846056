//! Read models in memory keep every clause of the contract.

use std::sync::Arc;

use async_trait::async_trait;
use portolan_kernel::Result;
use portolan_testkit::counter::CounterProjector;
use portolan_testkit::specimen::{Specimen, SpecimenEvent, SpecimenProjector};
use portolan_testkit::{ReadHarness, ReadModel};

struct InMemory;

#[async_trait]
impl ReadHarness for InMemory {
    async fn models(&self) -> Result<[ReadModel; 2]> {
        Ok(["counters", "others"].map(|name| {
            let (repository, projection) = portolan_memory::view(name, CounterProjector);
            ReadModel { repository: Arc::new(repository), projection: Arc::new(projection) }
        }))
    }

    async fn specimens(&self) -> Result<ReadModel<Specimen, SpecimenEvent>> {
        let (repository, projection) = portolan_memory::view("specimens", SpecimenProjector);
        Ok(ReadModel { repository: Arc::new(repository), projection: Arc::new(projection) })
    }
}

portolan_testkit::read_contract!(InMemory);
