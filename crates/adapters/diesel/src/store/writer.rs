//! The one thread that writes: it takes what waits as a group, writes it in one transaction, and answers only when
//! that is durable.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use portolan_kernel::{Clock, Error};
use uuid::Uuid;

use self::attempt::{Failed, Grows, writable};
use super::head::Head;
use super::heads::Heads;
use super::keeping::Keeping;
use super::link::Link;
use super::member::{self, Member};
use super::obstacle::Obstacles;
use super::queue::Work;
use super::readers::Read;
use super::{Config, Fault, commands, engine};

mod attempt;

/// How long a group waits for callers that were answered just now and are likely to ask again.
const GATHER: Duration = Duration::from_micros(100);

/// How long to rest between two goes at records whose time is over, and after a whole round of them.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);
const SWEEP_REST: Duration = Duration::from_secs(3_600);

/// How long to rest after a try that failed before one is made that nobody asked for.
const PROBE_PAUSE: Duration = Duration::from_secs(1);

/// Where it is logged that commits do not go through, and that they do again: who waits for one is told by its error.
const OBSTACLES: &str = "portolan_diesel::obstacles";

/// The writer of a store, on its thread.
pub(super) struct Writer {
    config: Config,
    link: Link,
    keeping: Arc<Keeping>,
    clock: Arc<dyn Clock>,
    head: Arc<Head>,
    obstacles: Arc<Obstacles>,
    heads: Heads,
    turns: Arc<engine::Turns>,
    queue: Receiver<Work>,
    last_group: usize,
    /// How many groups look for the records of their commands before they decide.
    looking_first: usize,
    /// The commands that were overtaken and told so behind their group's commit, until they win.
    overtaken: HashSet<Uuid>,
    /// Those of the group in hand that are to be told so.
    told_behind: Vec<Uuid>,
    /// Whether the store was closed: what came before that is still written.
    is_closing: bool,
    /// Whether it removes records whose time is over: not from a copy, which is to be what its source is.
    sweeps: bool,
    /// Whether it leaves a store alone that was handed over: all do but the one that hands it over.
    obeys: bool,
    next_sweep: Instant,
    swept_to: Option<Uuid>,
}

impl Writer {
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a part of its own, and they are named where it is made"
    )]
    pub(super) fn new(
        config: Config,
        link: Link,
        keeping: Arc<Keeping>,
        clock: Arc<dyn Clock>,
        head: Arc<Head>,
        obstacles: Arc<Obstacles>,
        turns: engine::Turns,
        queue: Receiver<Work>,
    ) -> Self {
        let heads = Heads::default();
        let next_sweep = Instant::now() + SWEEP_PAUSE;
        Self {
            config,
            link,
            keeping,
            clock,
            head,
            obstacles,
            heads,
            turns: Arc::new(turns),
            queue,
            last_group: 0,
            looking_first: 0,
            overtaken: HashSet::new(),
            told_behind: Vec::new(),
            is_closing: false,
            sweeps: true,
            obeys: true,
            next_sweep,
            swept_to: None,
        }
    }

    /// The same writer of a store that is moved or is to be: it removes no record, whether its time is over or not, and
    /// writes also where the store was handed over, to take it back.
    pub(super) fn moving(self) -> Self {
        Self { sweeps: false, obeys: false, ..self }
    }

    /// Works until the store closes; what waits then is still written.
    pub(super) fn run(mut self) {
        loop {
            let has_failed = self.obstacles.has_failed();
            let pause = match has_failed {
                true => PROBE_PAUSE,
                false => self.next_sweep.saturating_duration_since(Instant::now()),
            };
            let work = match self.queue.recv_timeout(pause) {
                Ok(work) => work,
                // Who waits for the service to be ready again sends nothing that would show that it is.
                Err(RecvTimeoutError::Timeout) if has_failed => {
                    self.write(Vec::new(), Grows::No);
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.sweep();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let members = self.gather(work);
            if !members.is_empty() {
                // What is read over the one connection cannot wait inside a transaction, and then nobody else writes.
                let is_alone = engine::has_one_connection(&self.config);
                self.write(members, if is_alone { Grows::No } else { Grows::Yes });
            }
            if self.is_closing {
                return;
            }
            if Instant::now() >= self.next_sweep {
                self.sweep();
            }
        }
    }

    /// Takes what waits, up to a group; after a group of several it waits a moment for as many to come again.
    fn gather(&mut self, first: Work) -> Vec<Member> {
        let mut members = Vec::with_capacity(self.last_group.max(1));
        let mut next = Some(first);
        let until = (self.last_group > 1).then(|| Instant::now() + GATHER);
        while let Some(work) = next.take() {
            take(work, &mut members, &mut self.link, &mut self.is_closing);
            if self.is_closing || members.len() >= self.config.group {
                break;
            }
            next = match self.queue.try_recv() {
                Ok(work) => Some(work),
                Err(TryRecvError::Disconnected) => None,
                Err(TryRecvError::Empty) if members.len() >= self.last_group => None,
                Err(TryRecvError::Empty) => until.and_then(|until| {
                    let left = until.saturating_duration_since(Instant::now());
                    self.queue.recv_timeout(left).ok()
                }),
            };
        }
        members
    }

    fn write(&mut self, mut members: Vec<Member>, grows: Grows) {
        if let Some(error) = self.turns.refusal(&self.config) {
            return members.into_iter().for_each(|member| member.fail(error.clone()));
        }
        let attempted = self.attempts(&mut members, grows);
        self.last_group = members.len();
        // Before the answers: who is told of a conflict decides again at once.
        self.tell();
        match attempted {
            Ok(decided) => {
                self.note(None);
                let refused = member::deliver(members, decided.answers);
                self.answer_refused(refused);
            }
            Err(Failed::RolledBack(fault)) if members.len() > 1 => {
                tracing::debug!(%fault, members = members.len(), "a group is written again one by one");
                members.into_iter().for_each(|member| self.write(vec![member], Grows::No));
            }
            // It was its own statements that failed, and those of others may not.
            Err(Failed::RolledBack(fault)) if !fault.is_lost() => {
                self.note(None);
                let error = fault.at(&self.config.location);
                members.into_iter().for_each(|member| member.fail(error.clone()));
            }
            Err(Failed::NotBegun(fault) | Failed::RolledBack(fault)) => {
                let error = fault.at(&self.config.location);
                self.note(Some(&error));
                members.into_iter().for_each(|member| member.fail(error.clone()));
            }
            Err(Failed::InDoubt(fault, decided)) => self.resolve(members, &fault, decided),
        }
    }

    /// Tells who keeps copies what other processes have committed.
    fn tell(&mut self) {
        let elsewhere = self.heads.elsewhere();
        if !elsewhere.is_empty() {
            self.head.tell(&elsewhere);
        }
    }

    /// Notes that commits go through, or why they do not.
    fn note(&self, failed: Option<&Error>) {
        let store = &self.config.location;
        match failed {
            Some(error) if self.obstacles.failed(error) => {
                tracing::warn!(target: OBSTACLES, %error, "nothing can be written");
            }
            None if self.obstacles.passed() => {
                tracing::info!(target: OBSTACLES, %store, "it can be written again");
            }
            _ => {}
        }
    }

    /// Removes records of commands whose time is over, a few at a time.
    fn sweep(&mut self) {
        self.next_sweep = Instant::now() + SWEEP_REST;
        if !self.sweeps {
            return;
        }
        let (now, after, obeys) = (self.clock.now(), self.swept_to, self.obeys);
        let turns = Arc::clone(&self.turns);
        let _turn = turns.wait();
        // Without a connection it goes on where it was, an hour later.
        let Ok(conn) = self.link.get() else { return };
        let heads = &mut self.heads;
        let swept = engine::begin_write(conn).map_err(Fault::from).and_then(|()| {
            // As for a group: nobody else writes a record while this looks which are over.
            heads.refresh(conn, &self.keeping)?;
            if writable(heads, obeys, &self.config).is_err() {
                // Whoever goes on with the store that it was handed over to does so there.
                engine::rollback(conn);
                return Ok((0, None));
            }
            let swept = commands::remove_expired(conn, after, commands::SWEEP_RECORDS, now)?;
            engine::commit(conn, None)?;
            Ok(swept)
        });
        match swept {
            Ok((_, next)) => {
                self.swept_to = next;
                if next.is_some() {
                    self.next_sweep = Instant::now() + SWEEP_PAUSE;
                }
            }
            Err(fault) => {
                tracing::warn!(%fault, store = %self.config.location, "expired records were not removed");
                heads.forget();
                if fault.is_lost() {
                    drop(self.link.lose());
                } else {
                    engine::rollback(conn);
                }
            }
        }
        self.tell();
    }
}

/// Takes the next that waits: into the group, or, where the store has one connection for everybody, which is never given
/// up, by answering it.
fn take(work: Work, members: &mut Vec<Member>, link: &mut Link, is_closing: &mut bool) {
    match work {
        Work::Commit(pending) => members.push(Member::Commit(pending)),
        Work::Write(task) => members.push(Member::Write(task)),
        Work::Read(read) => answer(read, link),
        Work::Close => *is_closing = true,
    }
}

fn answer(read: Read, link: &mut Link) {
    if catch_unwind(AssertUnwindSafe(|| read(link.get()))).is_err()
        && let Some(conn) = link.conn()
    {
        engine::rollback(conn);
    }
}

// On the engine of the default features, which has stores in memory; the others mount this file too.
#[cfg(test)]
#[cfg(not(any(feature = "postgres-engine", feature = "mysql-engine")))]
mod tests {
    use std::sync::mpsc::sync_channel;

    use portolan_kernel::{Position, Registry, Timestamp};

    use super::super::Mappers;
    use super::*;
    use crate::Storage;

    #[derive(Debug)]
    struct Midnight;

    impl Clock for Midnight {
        fn now(&self) -> Timestamp {
            Timestamp::default()
        }
    }

    #[test]
    fn a_writer_without_a_connection_rests_before_it_sweeps_again() {
        let config = Config::memory();
        let link = Link::open(engine::open_writer, &config).unwrap();
        let turns = engine::Turns::start(&config).unwrap();
        let (_sender, queue) = sync_channel(1);
        let head = Arc::new(Head::new(Position::ZERO));
        let keeping = Arc::new(
            Keeping::new(Storage::Document, &Mappers::new(), &Registry::new(), config.snapshot_every)
                .unwrap(),
        );
        let (clock, obstacles) = (Arc::new(Midnight), Arc::default());
        let mut writer = Writer::new(config, link, keeping, clock, head, obstacles, turns, queue);
        drop(writer.link.lose());
        writer.next_sweep = Instant::now();
        let due = writer.next_sweep;
        writer.sweep();
        assert!(writer.next_sweep >= due + SWEEP_PAUSE);
    }
}
