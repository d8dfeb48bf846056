//! The contracts of a write store: a test for each clause.

use std::sync::Arc;

use adapter_template::Store;
use async_trait::async_trait;
use portolan_kernel::{Clock, Result};
use portolan_testkit::{Capabilities, Place, WriteHarness, WritePorts};

/// What the kit needs to try stores of this kind.
#[derive(Default)]
struct Harness;

#[async_trait]
impl WriteHarness for Harness {
    fn capabilities(&self) -> Capabilities {
        // What a store of this kind cannot have by its nature goes here, each with its reason:
        // `.without(Capability::Kill, "it lives in the memory of its process")`.
        Capabilities::all()
    }

    async fn place(&self) -> Result<Place> {
        // The second argument keeps the place there for as long as it lives: a temporary folder, a database.
        Ok(Place::new("nowhere", ()))
    }

    async fn open(&self, address: &str, _clock: Arc<dyn Clock>) -> Result<WritePorts> {
        Ok(WritePorts::of(Arc::new(Store::open(address)?)))
    }
}

portolan_testkit::contract!(Harness);
