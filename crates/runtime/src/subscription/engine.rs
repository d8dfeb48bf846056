//! The engine: which subscriptions there are, and what they run on.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use portolan_kernel::{
    Checkpoints, Clock, Command, DeadlineProcess, Deadlines, Decoder, Error, Journal, Leases, Position,
    Process, Projection, Result, SubscriptionId,
};
use tokio::task::JoinSet;

use super::deadlines::Scheduling;
use super::feed::Feed;
use super::follower::Follower;
use super::handle::EngineHandle;
use super::handlers::{EventMap, Handling};
use super::process::Sending;
use super::settings::{CatchUp, Settings};
use super::shared::{Shared, SharedConsumer};
use super::status::{Board, SubscriptionKind};
use super::stop::Stopper;
use super::timer::{Timer, Timing};
use super::views::{self, OnProgress, SharedFilling, View};
use crate::Sender;

/// What the engine runs on.
pub struct Ports<E> {
    /// What is followed.
    pub journal: Arc<dyn Journal>,
    /// What makes events of its rows.
    pub decoder: Arc<dyn Decoder<Event = E>>,
    /// Where shared subscriptions keep how far they are.
    pub checkpoints: Arc<dyn Checkpoints>,
    /// Who runs them.
    pub leases: Arc<dyn Leases>,
    /// What time it is for deadlines.
    pub clock: Arc<dyn Clock>,
}

/// The subscriptions of a service, before they are [started](Self::start).
pub struct Engine<E> {
    ports: Ports<E>,
    settings: Settings,
    views: Vec<Arc<dyn Projection<E>>>,
    maps: Vec<EventMap<E>>,
    shared: Vec<SharedParts<E>>,
    on_progress: OnProgress,
}

/// A shared subscription before it is started, with where its checkpoint and its lease are.
struct SharedParts<E> {
    id: SubscriptionId,
    consumer: Box<dyn SharedConsumer<E>>,
    checkpoints: Arc<dyn Checkpoints>,
    leases: Arc<dyn Leases>,
}

impl<E: Send + Sync + 'static> Engine<E> {
    /// No subscriptions yet.
    #[must_use]
    pub fn new(ports: Ports<E>, settings: Settings) -> Self {
        let (views, maps, shared) = (Vec::new(), Vec::new(), Vec::new());
        Self { ports, settings, views, maps, shared, on_progress: Arc::new(|_| {}) }
    }

    /// And this read model, filled in this process from wherever it is: a local subscription.
    #[must_use]
    pub fn view(mut self, projection: Arc<dyn Projection<E>>) -> Self {
        self.views.push(projection);
        self
    }

    /// And this read model, which is kept in a store that several processes read: a shared subscription of its name
    /// and version 1. The checkpoint and the lease are in the store that it fills.
    #[must_use]
    pub fn shared_view(
        mut self,
        projection: Arc<dyn Projection<E>>,
        checkpoints: Arc<dyn Checkpoints>,
        leases: Arc<dyn Leases>,
    ) -> Self {
        let id = SubscriptionId::new(projection.name(), 1);
        let consumer = Box::new(SharedFilling::new(projection));
        self.shared.push(SharedParts { id, consumer, checkpoints, leases });
        self
    }

    /// And these handlers of domain events, from the journal's head at the start on: a local subscription.
    #[must_use]
    pub fn handlers(mut self, map: EventMap<E>) -> Self {
        self.maps.push(map);
        self
    }

    /// And this process: a shared subscription of its name and this version. A new version begins with the first
    /// event.
    #[must_use]
    pub fn process<P>(self, process: P, version: u16, sender: Arc<dyn Sender<P::Command>>) -> Self
    where
        P: Process<E>,
    {
        let id = SubscriptionId::new(process.name(), version);
        let checkpoints = Arc::clone(&self.ports.checkpoints);
        self.with_shared(id, Box::new(Sending { process, sender, checkpoints }))
    }

    /// And the deadlines of this process, kept in this table: a shared subscription of its name and this version.
    ///
    /// Its commands are not kept under their ids. Where one is sent twice, after a crash, the aggregate is to
    /// refuse the second with what [`is_done`](DeadlineProcess::is_done) knows.
    #[must_use]
    pub fn deadlines<P>(
        self,
        process: P,
        version: u16,
        deadlines: Arc<dyn Deadlines>,
        sender: Arc<dyn Sender<P::Command>>,
    ) -> Self
    where
        P: DeadlineProcess<E>,
        P::Command: Command,
    {
        let id = SubscriptionId::new(process.name(), version);
        let process = Arc::new(process);
        let (commands, refusals) = (Arc::clone(&process), Arc::clone(&process));
        let timer = Timer {
            process: process.name(),
            command: Arc::new(move |deadline| commands.command(deadline)),
            is_done: Arc::new(move |refusal| refusals.is_done(refusal)),
            deadlines,
            sender,
            clock: Arc::clone(&self.ports.clock),
            settings: self.settings,
            timing: Arc::new(Timing::default()),
        };
        self.with_shared(id, Box::new(Scheduling { process, timer, changes: Vec::new() }))
    }

    /// Calls this after each batch of the views' way to the journal's head as of the start, from a task of the
    /// engine: it should return soon.
    #[must_use]
    pub fn on_progress(mut self, on_progress: impl Fn(CatchUp) + Send + Sync + 'static) -> Self {
        self.on_progress = Arc::new(on_progress);
        self
    }

    /// Starts every subscription. The handle ends them: [`EngineHandle::shutdown`] in order, dropping the last
    /// clone of it at once.
    ///
    /// # Errors
    /// [`Error::Invalid`] for two subscriptions of one name, for a batch that the journal refuses, and for a view that
    /// was filled from another journal;
    /// [`Error::Unavailable`] where the journal or a view cannot be read.
    pub async fn start(self) -> Result<EngineHandle> {
        self.check_names()?;
        let Self { ports, settings, views, maps, shared, on_progress } = self;
        for SharedParts { consumer, .. } in &shared {
            consumer.check(&*ports.journal).await?;
        }
        let (stopper, stop) = Stopper::new();
        let head = ports.journal.head().await?;
        let feed = Arc::new(Feed::new(Arc::clone(&ports.journal), ports.decoder, settings.batch));
        feed.note_head(head);
        let mut boards = Vec::new();
        let mut follower = |id: SubscriptionId, kind, position| {
            let board = Board::new(id, kind, position);
            boards.push(board.clone());
            Follower { feed: Arc::clone(&feed), board, settings, stop: stop.clone() }
        };
        let mut tasks = JoinSet::new();
        let mut steps: Vec<(Position, Vec<View<E>>)> = Vec::new();
        for projection in views {
            let position = projection.position().await?;
            let follower =
                follower(SubscriptionId::new(projection.name(), 1), SubscriptionKind::Local, position);
            let view = View::new(follower, projection, position);
            match steps.iter_mut().find(|(at, _)| *at == position) {
                Some((_, step)) => step.push(view),
                None => steps.push((position, vec![view])),
            }
        }
        for (_, step) in steps {
            tasks.spawn(views::run(step, head, Arc::clone(&on_progress)));
        }
        for map in maps {
            let follower = follower(SubscriptionId::new(map.name(), 1), SubscriptionKind::Local, head);
            tasks.spawn(follower.run(Box::new(Handling::new(map)), head));
        }
        let mut kept_by = HashMap::new();
        for SharedParts { id, consumer, checkpoints, leases } in shared {
            kept_by.insert(id.name.clone(), Arc::clone(&checkpoints));
            let follower = follower(id, SubscriptionKind::Shared, Position::ZERO);
            tasks.spawn(Shared { follower, consumer, checkpoints, leases }.run());
        }
        Ok(EngineHandle::new(ports.journal, kept_by, boards, stopper, tasks))
    }

    /// One whose checkpoint and lease are in the write store.
    fn with_shared(mut self, id: SubscriptionId, consumer: Box<dyn SharedConsumer<E>>) -> Self {
        let (checkpoints, leases) = (Arc::clone(&self.ports.checkpoints), Arc::clone(&self.ports.leases));
        self.shared.push(SharedParts { id, consumer, checkpoints, leases });
        self
    }

    fn check_names(&self) -> Result<()> {
        let views = self.views.iter().map(|view| view.name());
        let maps = self.maps.iter().map(EventMap::name);
        let shared = self.shared.iter().map(|parts| parts.id.name.as_str());
        let mut names = HashSet::new();
        match views.chain(maps).chain(shared).find(|name| !names.insert(*name)) {
            Some(name) => Err(Error::Invalid(format!("two subscriptions are called `{name}`"))),
            None => Ok(()),
        }
    }
}
