//! A subscription that one process runs at a time: its lease, its checkpoint, and what an operator says to it.

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use portolan_kernel::{
    Advance, Checkpoint, Checkpoints, Claim, Epoch, Error, Journal, Lease, Leases, Position, Result, Status,
    SubscriptionId,
};
use tokio::task::JoinSet;
use tokio::time::{Duration, Instant, sleep, sleep_until, timeout_at};
use tracing::{info, warn};

use super::attempt::{Attempts, Failure, Halt};
use super::follower::{Consumer, Follower};
use super::status::SubscriptionState;
use super::stop::Stop;
use super::timer::Timing;

/// A consumer that has its progress in a store.
#[async_trait]
pub(crate) trait SharedConsumer<E>: Consumer<E> {
    /// Refuses a journal that is not the one it has followed so far.
    async fn check(&self, journal: &dyn Journal) -> Result<()> {
        let _ = journal;
        Ok(())
    }

    /// What it writes from now on it writes as the owner of this epoch.
    fn begin(&mut self, epoch: Epoch) {
        let _ = epoch;
    }

    /// Writes what it holds back, and moves the checkpoint with it.
    async fn save(&mut self, advance: &Advance) -> Result<()>;

    /// Whether the checkpoint moves with what it consumes, so that there is nothing to save.
    fn saves_at_once(&self) -> bool {
        false
    }

    /// Whether it holds something back that somebody waits for.
    fn must_save(&self) -> bool {
        false
    }

    /// Forgets what it holds back: the checkpoint was moved by somebody else.
    fn discard(&mut self) {}

    /// What it shares with its timer, where it has one.
    fn timing(&self) -> Option<Arc<Timing>> {
        None
    }

    /// Starts its timer, where it has one. It ends by itself when `stop` is requested.
    fn start_timer(&self, tasks: &mut JoinSet<()>, stop: &Stop) {
        let _ = (tasks, stop);
    }
}

/// How long a timer waits at the most until its table is as the journal says.
const TABLE_MAY_LAG: Duration = Duration::from_millis(500);

/// A shared subscription.
pub(crate) struct Shared<E> {
    pub(crate) follower: Follower<E>,
    pub(crate) consumer: Box<dyn SharedConsumer<E>>,
    pub(crate) checkpoints: Arc<dyn Checkpoints>,
    pub(crate) leases: Arc<dyn Leases>,
}

/// Why it leaves off following.
enum Left {
    /// The engine ends.
    Shutdown,
    /// Another process owns it now.
    Fenced,
    /// What it fills was filled from another journal.
    Foreign,
    /// The store that the lease is of was exchanged for another.
    Exchanged,
    /// It could not get past an event.
    Stopped(String),
    /// Somebody paused, stopped or moved it.
    Changed(Checkpoint),
}

impl From<Halt> for Left {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Shutdown => Self::Shutdown,
            Halt::Stopped(reason) => Self::Stopped(reason),
            Halt::Fenced => Self::Fenced,
        }
    }
}

/// How far it is, here and in the store.
struct Progress {
    epoch: Epoch,
    done: Position,
    saved: Position,
    looked_at: Instant,
}

impl Progress {
    /// The step that is done here and not in the store.
    fn unsaved(&self, subscription: &SubscriptionId) -> Advance {
        Advance::new(subscription, self.saved, self.done).under(self.epoch)
    }
}

impl<E: Send + Sync + 'static> Shared<E> {
    /// Runs it whenever this process has the lease, until the engine ends.
    pub(crate) async fn run(mut self) {
        let leases = Arc::clone(&self.leases);
        while let Some(lease) = self.claim().await {
            info!(subscription = %self.follower.board.id(), epoch = %lease.epoch(), "runs in this process");
            self.consumer.begin(lease.epoch());
            let mut timer = JoinSet::new();
            self.consumer.start_timer(&mut timer, &self.follower.stop);
            let left = tokio::select! {
                biased;
                left = self.own(lease.epoch()) => left,
                () = leases.ended(&lease) => Left::Exchanged,
                () = lost(&*leases, &lease) => Left::Fenced,
            };
            if matches!(left, Left::Shutdown) {
                while timer.join_next().await.is_some() {}
            }
            if let Some(timing) = self.consumer.timing() {
                timing.running.send_replace(false);
            }
            timer.shutdown().await;
            self.consumer.discard();
            if let Err(error) = leases.release(lease).await {
                warn!(subscription = %self.follower.board.id(), %error, "its lease could not be given back");
            }
            match left {
                Left::Fenced => self.give_way().await,
                Left::Foreign => self.wait_to_claim().await,
                _ => {}
            }
        }
        self.follower.board.set(SubscriptionState::Ended);
    }

    /// Lets the owner that has taken over be the first to ask again.
    async fn give_way(&self) {
        let board = &self.follower.board;
        warn!(subscription = %board.id(), "is another process's by now");
        board.set(SubscriptionState::Elsewhere { by: None });
        self.wait_to_claim().await;
    }

    async fn wait_to_claim(&self) {
        let Follower { settings, stop, .. } = &self.follower;
        tokio::select! {
            () = sleep(settings.claim_every) => {}
            () = stop.requested() => {}
        }
    }

    /// The lease, as soon as it is free; `None` when the engine ends.
    async fn claim(&self) -> Option<Lease> {
        let Follower { board, settings, stop, .. } = &self.follower;
        let (mut looked_at, mut foreign) = (None::<Instant>, None);
        let mut failures = 0;
        while !stop.is_requested() {
            let wait = match self.leases.claim(board.id()).await {
                Ok(Claim::Granted(lease)) => return Some(lease),
                Ok(Claim::Taken { by }) => {
                    if looked_at.is_none_or(|at| at.elapsed() >= settings.obey_every) {
                        looked_at = Some(Instant::now());
                        // The owner may follow another store, and then what it fills is of no use here.
                        foreign = self.foreign().await.ok().flatten();
                        if let Ok(Some(checkpoint)) = self.checkpoints.get(board.id()).await {
                            board.set_position(checkpoint.position);
                        }
                    }
                    board.set(match foreign.clone() {
                        Some(reason) => SubscriptionState::Stopped { reason },
                        None => SubscriptionState::Elsewhere { by },
                    });
                    settings.claim_every
                }
                Err(error) => {
                    failures += 1;
                    // A store that is held for a moment is nothing to tell; the state shows it all the same.
                    if failures > 2 {
                        warn!(subscription = %board.id(), %error, "its lease cannot be claimed");
                    }
                    board.set(SubscriptionState::Retrying { failures, reason: error.to_string() });
                    settings.claim_every + settings.backoff.wait(failures)
                }
            };
            tokio::select! {
                () = sleep(wait) => {}
                () = stop.requested() => {}
            }
        }
        None
    }

    /// Runs it while the lease is held: follows the journal, or waits while it is paused or stopped.
    async fn own(&mut self, epoch: Epoch) -> Left {
        let looked = async {
            self.check().await?;
            self.look().await
        };
        let mut checkpoint = match looked.await {
            Ok(checkpoint) => checkpoint,
            Err(left) => return left,
        };
        loop {
            let left = match checkpoint.status.clone() {
                Status::Running => self.follow(checkpoint.position, epoch).await,
                Status::Paused => self.rest(checkpoint.position, SubscriptionState::Paused).await,
                Status::Stopped { reason } => {
                    self.rest(checkpoint.position, SubscriptionState::Stopped { reason }).await
                }
            };
            checkpoint = match left {
                Left::Changed(changed) => changed,
                Left::Stopped(reason) => match self.record_stop(checkpoint, epoch, reason).await {
                    Ok(stopped) => stopped,
                    Err(left) => return left,
                },
                ended => return ended,
            };
        }
    }

    /// Writes down that it stopped. Where that cannot be written, it goes on when the store can be read again.
    async fn record_stop(
        &self,
        checkpoint: Checkpoint,
        epoch: Epoch,
        reason: String,
    ) -> Result<Checkpoint, Left> {
        match self.checkpoints.stop(&checkpoint.subscription, epoch, reason.clone()).await {
            Ok(()) => {}
            Err(Error::Fenced(_)) => return Err(Left::Fenced),
            Err(error) => {
                warn!(subscription = %checkpoint.subscription, %error, "its stop could not be written");
            }
        }
        let position = self.follower.board.now().position;
        Ok(Checkpoint { status: Status::Stopped { reason }, position, ..checkpoint })
    }

    /// Leaves what was filled from another journal as it is: a stop would be its own program's, too.
    async fn check(&self) -> Result<(), Left> {
        let Follower { board, settings, stop, .. } = &self.follower;
        let mut attempts = Attempts::new(settings, board, stop);
        loop {
            match self.foreign().await {
                Ok(None) => return Ok(()),
                Ok(Some(reason)) => {
                    warn!(subscription = %board.id(), reason, "does not run");
                    board.set(SubscriptionState::Stopped { reason });
                    return Err(Left::Foreign);
                }
                Err(Error::Closed(_)) => return Err(Left::Shutdown),
                Err(error) => attempts.failed(Failure::Later(error.to_string())).await?,
            }
        }
    }

    /// Why this journal is not to be followed, where it is not.
    async fn foreign(&self) -> Result<Option<String>> {
        match self.consumer.check(&*self.follower.feed.journal).await {
            Ok(()) => Ok(None),
            Err(Error::Invalid(reason)) => Ok(Some(reason)),
            Err(error) => Err(error),
        }
    }

    /// Waits while it does not run, and looks now and then whether it is to.
    async fn rest(&mut self, position: Position, state: SubscriptionState) -> Left {
        self.follower.board.set_position(position);
        self.follower.board.set(state);
        tokio::select! {
            () = sleep(self.follower.settings.obey_every) => {}
            () = self.follower.stop.requested() => return Left::Shutdown,
        }
        self.look().await.map_or_else(|left| left, Left::Changed)
    }

    /// Follows the journal until something else is to be done.
    async fn follow(&mut self, from: Position, epoch: Epoch) -> Left {
        self.consumer.discard();
        let mut progress = Progress { epoch, done: from, saved: from, looked_at: Instant::now() };
        let Err(mut left) = self.advance(&mut progress).await;
        if let Some(timing) = self.consumer.timing() {
            timing.running.send_replace(false);
        }
        let Progress { done, saved, .. } = progress;
        let unsaved = progress.unsaved(self.follower.board.id());
        let is_ours = match &left {
            Left::Changed(checkpoint) => checkpoint.position == saved,
            Left::Fenced | Left::Foreign | Left::Exchanged => false,
            Left::Shutdown | Left::Stopped(_) => true,
        };
        if done > saved && is_ours {
            // Once only: what is not saved is done again, to no effect.
            match (self.consumer.save(&unsaved).await, &mut left) {
                (Ok(()), Left::Changed(checkpoint)) => checkpoint.position = done,
                (Ok(()), _) => {}
                (Err(error), _) => {
                    warn!(subscription = %self.follower.board.id(), %error, "its checkpoint could not be saved");
                }
            }
        }
        match left {
            Left::Stopped(reason) => Left::Stopped(self.follower.stopped(done, reason)),
            left => left,
        }
    }

    async fn advance(&mut self, progress: &mut Progress) -> Result<std::convert::Infallible, Left> {
        let follower = self.follower.clone();
        let settings = follower.settings;
        let (timing, began) = (self.consumer.timing(), Instant::now());
        let head = follower.feed.journal.head().await.unwrap_or_default();
        follower.feed.note_head(head);
        follower.board.running_at(progress.done);
        loop {
            if let Some(timing) = &timing
                && (progress.done >= head || began.elapsed() >= TABLE_MAY_LAG)
            {
                timing.running.send_if_modified(|running| !std::mem::replace(running, true));
            }
            let batch = {
                let mut next = pin!(follower.next(progress.done));
                loop {
                    let unsaved = progress.done > progress.saved;
                    let every = if unsaved { settings.save_every } else { settings.obey_every };
                    tokio::select! {
                        biased;
                        reason = trouble(timing.as_deref()) => return Err(Left::Stopped(reason)),
                        () = sleep_until(progress.looked_at + every) => self.save_and_look(progress).await?,
                        batch = &mut next => break batch?,
                    }
                }
            };
            let saved = progress.saved;
            tokio::select! {
                biased;
                taken = follower.take(&batch, &mut progress.done, &mut *self.consumer) => taken?,
                changed = self::changed(&*self.checkpoints, &follower, saved) => {
                    return Err(Left::Changed(changed));
                }
            }
            if self.consumer.saves_at_once() {
                progress.saved = progress.done;
            }
            if self.consumer.must_save() || progress.looked_at.elapsed() >= settings.save_every {
                self.save_and_look(progress).await?;
            }
        }
    }

    /// Saves how far it is, and looks whether somebody paused or moved it.
    async fn save_and_look(&mut self, progress: &mut Progress) -> Result<(), Left> {
        let Follower { board, settings, stop, .. } = self.follower.clone();
        let mut attempts = Attempts::new(&settings, &board, &stop);
        while progress.done > progress.saved {
            match self.consumer.save(&progress.unsaved(board.id())).await {
                Ok(()) => progress.saved = progress.done,
                Err(Error::Conflict { .. }) => break,
                Err(Error::Fenced(_)) => return Err(Left::Fenced),
                Err(error) => attempts.failed(error.into()).await?,
            }
        }
        let checkpoint = self.look().await?;
        progress.looked_at = Instant::now();
        if checkpoint.status != Status::Running || checkpoint.position != progress.saved {
            return Err(Left::Changed(checkpoint));
        }
        match self.consumer.timing().and_then(|timing| timing.hindrance()) {
            Some((failures, reason)) => {
                board.set_position(progress.done);
                board.set(SubscriptionState::Retrying { failures, reason });
            }
            None => board.running_at(progress.done),
        }
        Ok(())
    }

    /// The checkpoint, made where it is not there; waits for a store that cannot be reached.
    async fn look(&self) -> Result<Checkpoint, Left> {
        let Follower { board, settings, stop, .. } = &self.follower;
        let mut attempts = Attempts::new(settings, board, stop);
        loop {
            let failure = match self.checkpoints.get(board.id()).await {
                Ok(Some(checkpoint)) => return Ok(checkpoint),
                Ok(None) => match self.checkpoints.initialise(board.id(), Position::ZERO).await {
                    Ok(()) | Err(Error::AlreadyExists(_)) => continue,
                    Err(error) => error,
                },
                Err(error) => error,
            };
            let failure = match failure {
                Error::Closed(_) => return Err(Left::Shutdown),
                error => Failure::Later(error.to_string()),
            };
            attempts.failed(failure).await?;
        }
    }
}

/// Extends the lease for as long as it can, and ends when it is lost.
async fn lost(leases: &dyn Leases, lease: &Lease) {
    let Some(term) = leases.term() else { return std::future::pending().await };
    let mut ends_at = Instant::now() + term;
    loop {
        sleep_until(ends_at.min(Instant::now() + term / 3)).await;
        // By this clock it ends no later than by the store's, which began the term when it was asked.
        let asked_at = Instant::now();
        match timeout_at(ends_at, leases.extend(lease)).await {
            Ok(Ok(())) => ends_at = asked_at + term,
            Ok(Err(Error::Fenced(_))) => return,
            Ok(Err(error)) if asked_at < ends_at => {
                warn!(subscription = %lease.subscription(), %error, "its lease could not be extended");
            }
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

/// Waits until somebody pauses or moves the subscription, while it is busy with a batch for long.
async fn changed<E>(checkpoints: &dyn Checkpoints, follower: &Follower<E>, saved: Position) -> Checkpoint {
    loop {
        sleep(follower.settings.obey_every).await;
        match checkpoints.get(follower.board.id()).await {
            Ok(Some(checkpoint)) if checkpoint.status != Status::Running || checkpoint.position != saved => {
                return checkpoint;
            }
            _ => {}
        }
    }
}

/// Waits until the timer gives up.
async fn trouble(timing: Option<&Timing>) -> String {
    match timing {
        Some(timing) => timing.trouble().await,
        None => std::future::pending().await,
    }
}
