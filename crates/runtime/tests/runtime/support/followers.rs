//! What follows the journal in these tests: a decoder, a view and a handler that write down what they get.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use portolan_kernel::{
    Advance, Batch, Checkpoints, Codec, Decoder, Envelope, Error, EventHandler, Position, Projection,
    Recorded, Result, SubscriptionId, Taken,
};
use tokio::sync::watch;

use super::FakeCheckpoints;
use super::counter::{CounterCodec, Happened};

/// Decodes, counts, and cannot read `Unknown`.
#[derive(Default)]
pub struct CountingDecoder {
    pub decoded: AtomicUsize,
}

impl Decoder for CountingDecoder {
    type Event = Happened;

    fn decode(&self, envelope: &Envelope) -> Result<Happened> {
        self.decoded.fetch_add(1, Ordering::SeqCst);
        assert!(envelope.event_type != "Panics", "a bug in the decoder");
        CounterCodec
            .decode_event(&envelope.event_type, envelope.schema_version, &envelope.payload)
            .map_err(|error| Error::Invalid(format!("position {}: {error}", envelope.position)))
    }
}

/// What goes wrong the next times.
pub enum Fault {
    Fails(Error),
    Panics,
}

/// Writes down the positions it gets.
pub struct Witness {
    name: &'static str,
    pub got: Mutex<Vec<u64>>,
    pub batches: Mutex<Vec<(u64, usize)>>,
    pub faults: Mutex<VecDeque<Fault>>,
    position: watch::Sender<Position>,
}

impl Witness {
    pub fn new(name: &'static str, position: u64) -> Arc<Self> {
        Arc::new(Self {
            name,
            got: Mutex::default(),
            batches: Mutex::default(),
            faults: Mutex::default(),
            position: watch::Sender::new(Position(position)),
        })
    }

    pub fn got(&self) -> Vec<u64> {
        self.got.lock().unwrap().clone()
    }

    pub fn fail(&self, times: usize, fault: impl Fn() -> Fault) {
        self.faults.lock().unwrap().extend((0..times).map(|_| fault()));
    }

    pub async fn at(&self, position: u64) {
        super::within(self.position.subscribe().wait_for(|at| at.get() >= position)).await.unwrap();
    }

    fn fault(&self) -> Result<()> {
        let fault = self.faults.lock().unwrap().pop_front();
        match fault {
            None => Ok(()),
            Some(Fault::Fails(error)) => Err(error),
            Some(Fault::Panics) => panic!("a bug in {}", self.name),
        }
    }
}

#[async_trait]
impl Projection<Happened> for Witness {
    fn name(&self) -> &str {
        self.name
    }

    async fn position(&self) -> Result<Position> {
        Ok(*self.position.borrow())
    }

    async fn apply(&self, batch: Batch<'_, Happened>) -> Result<()> {
        tokio::task::yield_now().await;
        self.fault()?;
        self.got.lock().unwrap().extend(batch.events().iter().map(|event| event.position.get()));
        self.batches.lock().unwrap().push((batch.to().get(), batch.events().len()));
        self.position.send_replace(batch.to());
        Ok(())
    }

    async fn reset(&self) -> Result<()> {
        Err(Error::Unsupported("a reset".to_owned()))
    }
}

/// A handler that writes its name and the event's position into a log that several share.
pub struct Logs {
    pub name: &'static str,
    pub log: Arc<Mutex<Vec<String>>>,
    pub witness: Arc<Witness>,
}

#[async_trait]
impl EventHandler<Happened> for Logs {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn handle(&self, event: &Recorded<Happened>) -> Result<()> {
        self.witness.fault()?;
        self.log.lock().unwrap().push(format!("{} {}", self.name, event.position));
        self.witness.position.send_replace(event.position);
        Ok(())
    }
}

/// A witness whose position is a checkpoint, as that of a view which several processes read.
pub struct SharedWitness {
    pub witness: Arc<Witness>,
    pub checkpoints: Arc<FakeCheckpoints>,
    pub last: Arc<Mutex<Option<Taken>>>,
}

impl SharedWitness {
    pub fn new(witness: &Arc<Witness>, checkpoints: &Arc<FakeCheckpoints>) -> Self {
        let (witness, checkpoints) = (Arc::clone(witness), Arc::clone(checkpoints));
        Self { witness, checkpoints, last: Arc::default() }
    }
}

#[async_trait]
impl Projection<Happened> for SharedWitness {
    fn name(&self) -> &str {
        Projection::name(&*self.witness)
    }

    async fn position(&self) -> Result<Position> {
        Ok(self.checkpoints.position(self.name()))
    }

    async fn last_taken(&self) -> Result<Option<Taken>> {
        Ok(*self.last.lock().unwrap())
    }

    async fn apply(&self, batch: Batch<'_, Happened>) -> Result<()> {
        let id = SubscriptionId::new(self.name(), 1);
        let step = Advance::new(&id, self.position().await?, batch.to()).under(batch.epoch());
        self.checkpoints.advance(&step).await?;
        *self.last.lock().unwrap() = batch.events().last().map(Taken::of);
        self.witness.apply(batch).await
    }

    async fn reset(&self) -> Result<()> {
        Err(Error::Unsupported("a reset".to_owned()))
    }
}
