//! Handlers of domain events inside the process, several for an event, in a declared order.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use portolan_kernel::{EventHandler, Position};

use super::attempt::Failure;
use super::feed::Decoded;
use super::follower::Consumer;
use super::stop::Stop;

/// Which handlers an event goes to, in which order: one local subscription, from the journal's head at the start
/// of the process on.
///
/// An event goes to each of its handlers, in the order in which they were added, before the next event goes to
/// any. Where one fails, it is called again with the same event, and those before it are not.
pub struct EventMap<E> {
    name: String,
    routes: Vec<Route<E>>,
}

struct Route<E> {
    wants: Box<dyn Fn(&E) -> bool + Send + Sync>,
    handler: Arc<dyn EventHandler<E>>,
}

impl<E: Send + Sync + 'static> EventMap<E> {
    /// No handlers yet; the name is the subscription's.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), routes: Vec::new() }
    }

    /// And then this handler, for every event.
    #[must_use]
    pub fn every(self, handler: impl EventHandler<E>) -> Self {
        self.on(|_| true, handler)
    }

    /// And then this handler, for the events that it wants.
    #[must_use]
    pub fn on(
        mut self,
        wants: impl Fn(&E) -> bool + Send + Sync + 'static,
        handler: impl EventHandler<E>,
    ) -> Self {
        self.routes.push(Route { wants: Box::new(wants), handler: Arc::new(handler) });
        self
    }

    /// The subscription's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The handlers' names, in their order.
    pub fn handlers(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.routes.iter().map(|route| route.handler.name())
    }
}

impl<E: Send + Sync + 'static> fmt::Debug for EventMap<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "EventMap({}: ", self.name)?;
        formatter.debug_list().entries(self.handlers()).finish()?;
        formatter.write_str(")")
    }
}

/// Hands events to the handlers of a map.
pub(crate) struct Handling<E> {
    map: EventMap<E>,
    /// The event in hand, and how many handlers have it.
    in_hand: (Position, usize),
}

impl<E> Handling<E> {
    pub(crate) fn new(map: EventMap<E>) -> Self {
        Self { map, in_hand: (Position::ZERO, 0) }
    }
}

#[async_trait]
impl<E: Send + Sync + 'static> Consumer<E> for Handling<E> {
    async fn consume(&mut self, batch: &Decoded<E>, done: &mut Position, stop: &Stop) -> Result<(), Failure> {
        for event in batch.events_after(*done) {
            if stop.is_requested() {
                return Ok(());
            }
            if self.in_hand.0 != event.position {
                self.in_hand = (event.position, 0);
            }
            for route in &self.map.routes[self.in_hand.1..] {
                if (route.wants)(&event.event) {
                    route.handler.handle(event).await?;
                }
                self.in_hand.1 += 1;
            }
            *done = event.position;
        }
        *done = batch.to;
        Ok(())
    }
}
