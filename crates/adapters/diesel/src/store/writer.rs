//! The one thread that writes: it takes what waits as a group, writes it in one transaction, and answers only when
//! that is durable.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use portolan_kernel::{ChangeSet, Clock, Error};
use uuid::Uuid;

use super::commands::Look;
use super::group::{Decided, Group};
use super::head::Head;
use super::heads::{self, Heads};
use super::keeping::Keeping;
use super::link::Link;
use super::member::{self, Member};
use super::obstacle::Obstacles;
use super::queue::Work;
use super::readers::Read;
use super::{Config, Conn, Fault, commands, doubt, engine};

/// How long a group waits for callers that were answered just now and are likely to ask again.
const GATHER: Duration = Duration::from_micros(100);

/// How long a transaction waits for those whose change another process has overtaken, to take them along.
const AGAIN: Duration = Duration::from_millis(1);

/// What is said of a connection that was lost inside a transaction.
const GONE: &str = "the connection is gone";

/// How long to rest between two goes at records whose time is over, and after a whole round of them.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);
const SWEEP_REST: Duration = Duration::from_secs(3_600);

/// How long to try to open another connection after a commit whose answer was not heard, and how long to rest between
/// two goes.
const REOPENING: Duration = Duration::from_secs(10);
const REOPENING_PAUSE: Duration = Duration::from_millis(50);

/// How long to rest after a try that failed before one is made that nobody asked for.
const PROBE_PAUSE: Duration = Duration::from_secs(1);

/// How often a group is tried as a whole before its members are tried one by one.
const ATTEMPTS: usize = 4;

/// How many groups look for the records of their commands first, after one that found too late that there was one: repeats
/// come in swarms.
const LOOKING_FIRST: usize = 64;

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
    /// Whether the store was closed: what came before that is still written.
    is_closing: bool,
    /// Whether it removes records whose time is over: not from a copy, which is to be what its source is.
    sweeps: bool,
    /// Whether it leaves a store alone that was handed over: all do but the one that hands it over.
    obeys: bool,
    next_sweep: Instant,
    swept_to: Option<Uuid>,
}

/// Whether a group takes what comes while its transaction waits: not one whose members are tried by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grows {
    Yes,
    No,
}

/// Why a group was not written, and how far it came.
enum Failed {
    /// The transaction did not begin: trying again member by member would only wait again.
    NotBegun(Fault),
    /// It was rolled back.
    RolledBack(Fault),
    /// Its commit failed: this is what would have been answered.
    InDoubt(Fault, Decided),
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
                member::deliver(members, decided.answers);
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

    /// Writes the group, again where others were in its way, or where its connection was lost before the commit.
    fn attempts(&mut self, members: &mut Vec<Member>, grows: Grows) -> Result<Decided, Failed> {
        for _ in 1..ATTEMPTS {
            match self.attempt(members, grows) {
                Err(Failed::NotBegun(fault) | Failed::RolledBack(fault))
                    if fault.is_transient() || fault.is_lost() =>
                {
                    tracing::debug!(%fault, "a group is written again");
                }
                Err(Failed::RolledBack(fault)) if self.look() == Look::Late && fault.is_of_a_key() => {
                    tracing::debug!(%fault, "a group is written again, behind a look at its records");
                    self.looking_first = LOOKING_FIRST;
                }
                done => return done,
            }
        }
        self.attempt(members, grows)
    }

    /// When this group looks for the records of its commands.
    const fn look(&self) -> Look {
        if self.looking_first > 0 { Look::First } else { Look::Late }
    }

    /// Writes the group in one transaction.
    fn attempt(&mut self, members: &mut Vec<Member>, grows: Grows) -> Result<Decided, Failed> {
        self.obstacles.waits();
        let turns = Arc::clone(&self.turns);
        let _turn = turns.wait();
        let may_write = |heads: &Heads| writable(heads, self.obeys, &self.config);
        let begun = begin(&mut self.link, &mut self.heads, &self.keeping, may_write);
        self.obstacles.waits_no_more();
        begun.map_err(Failed::NotBegun)?;
        let written = catch_unwind(AssertUnwindSafe(|| self.rows(members, grows)));
        let written = written.unwrap_or_else(|_| Err(Error::unavailable("a mapper has panicked").into()));
        let (heads, conn) = (&mut self.heads, self.link.conn());
        let conn = conn.ok_or_else(|| Failed::NotBegun(Error::unavailable(GONE).into()))?;
        let (decided, raised) = match written {
            Ok(written) => written,
            Err(fault) => {
                heads.forget();
                if fault.is_lost() {
                    drop(self.link.lose());
                } else {
                    engine::rollback(conn);
                }
                return Err(Failed::RolledBack(fault));
            }
        };
        if let Err(error) = engine::commit(conn, raised) {
            engine::rollback(conn);
            heads.forget();
            let fault = Fault::from(error);
            return Err(if fault.leaves_doubt() {
                Failed::InDoubt(fault, decided)
            } else {
                Failed::RolledBack(fault)
            });
        }
        heads.settle();
        self.looking_first = self.looking_first.saturating_sub(1);
        self.head.count_group();
        self.turns.wrote(decided.written.pages());
        // A task may have written anything.
        if members.iter_mut().any(|member| member.task().is_some())
            && let Err(error) = self.turns.measure(conn)
        {
            tracing::debug!(%error, "the log was not measured");
        }
        self.head.raise(heads.last());
        Ok(decided)
    }

    /// Writes the rows of the group, inside its transaction. Answers what is to be committed.
    fn rows(&mut self, members: &mut Vec<Member>, grows: Grows) -> Result<(Decided, Option<i64>), Fault> {
        if grows == Grows::Yes {
            // What has come while this waited for other processes: the more of them there are, the longer that is, and
            // the larger the groups have to be.
            self.take_more(members, 0);
        }
        let mut group = Group::new(self.clock.now(), self.look());
        self.decide(&mut group, members)?;
        if grows == Grows::Yes && self.heads.has_heard() {
            let overtaken = self.answer_overtaken(members, &mut group);
            if overtaken > 0 {
                let first = members.len();
                self.take_more(members, overtaken);
                self.decide(&mut group, members.get(first..).unwrap_or_default())?;
            }
        }
        let conn = self.link.conn().ok_or_else(|| Error::unavailable(GONE))?;
        // What a task writes comes behind it.
        let has_tasks = members.iter_mut().any(|member| member.task().is_some());
        let raised = if has_tasks { None } else { self.heads.raised() };
        let sets = member::change_sets(members);
        let (mut decided, left) = group.write(conn, &self.keeping, &sets, raised)?;
        for task in members.iter_mut().filter_map(Member::task) {
            task.run(conn)?;
            decided.written.rows += 1;
            if task.writes_events() {
                self.heads.follow(conn)?;
            }
        }
        Ok((decided, if has_tasks { self.heads.raised() } else { left }))
    }

    /// Decides who of these wins.
    fn decide(&mut self, group: &mut Group, members: &[Member]) -> Result<(), Fault> {
        let conn = self.link.conn().ok_or_else(|| Error::unavailable(GONE))?;
        group.decide(conn, &mut self.heads, &member::change_sets(members))
    }

    /// Tells those whose change another process has overtaken, before anything is written: they are decided again, and still
    /// come into this transaction. Else a process that always has the next group ready would overtake them again and again.
    fn answer_overtaken(&mut self, members: &mut Vec<Member>, group: &mut Group) -> usize {
        let sets = member::change_sets(members).into_iter().enumerate();
        let overtaken = sets.filter(|(index, _)| group.is_overtaken(*index)).map(|(_, set)| set);
        let ids: HashSet<Uuid> = overtaken.flat_map(ChangeSet::expectations).map(|(key, _)| key.id).collect();
        if ids.is_empty() {
            return 0;
        }
        // They are decided again on what is told here. The rest can wait, and nobody else need wait for it.
        self.head.tell(&self.heads.elsewhere_of(&ids));
        member::answer_overtaken(members, group)
    }

    /// Takes what waits into the group, and waits a moment for so many.
    fn take_more(&mut self, members: &mut Vec<Member>, wanted: usize) {
        let (until, enough) = (Instant::now() + AGAIN, members.len() + wanted);
        while !self.is_closing && members.len() < self.config.group {
            let left = until.saturating_duration_since(Instant::now());
            let next = match self.queue.try_recv() {
                Err(TryRecvError::Empty) if members.len() < enough => self.queue.recv_timeout(left).ok(),
                next => next.ok(),
            };
            let Some(work) = next else { return };
            take(work, members, &mut self.link, &mut self.is_closing);
        }
    }

    /// After a commit that failed: nobody knows whether it is durable, so a new connection is asked.
    fn resolve(&mut self, members: Vec<Member>, fault: &Fault, decided: Decided) {
        tracing::error!(%fault, store = %self.config.location, "a commit failed; its outcome is looked up");
        let error = fault.at(&self.config.location);
        // A store in memory is its connection: there is no other to ask.
        let mut opened = match self.link.lose().filter(|_| engine::has_one_connection(&self.config)) {
            Some(conn) => Ok(conn),
            None => self.reopened(),
        };
        match &opened {
            Ok(_) => self.note(None),
            Err(fault) => self.note(Some(&fault.at(&self.config.location))),
        }
        // Where it is not known to be over, what is not there may still come.
        let is_over = opened.as_mut().is_ok_and(|conn| engine::is_over(conn).unwrap_or(false));
        if let Ok(conn) = &mut opened
            && let Ok(position) = heads::last_position(conn)
        {
            self.head.raise(position);
        }
        let mut answers = decided.answers.into_iter();
        for member in members {
            match member {
                Member::Write(task) => task.answer(Some(doubt::unknown(&error))),
                Member::Commit(pending) => {
                    let decided = answers.next().unwrap_or_else(|| Err(doubt::unknown(&error)));
                    let answer = match &mut opened {
                        Ok(conn) => doubt::settle(conn, &pending.change_set, decided, &error, is_over),
                        Err(_) => Err(doubt::unknown(&error)),
                    };
                    pending.answer(answer);
                }
            }
        }
        self.link.replace(opened.ok());
    }

    /// Another connection, as soon as there can be one: a server that was ended takes a while to come back.
    #[expect(
        clippy::disallowed_methods,
        reason = "this thread has nothing else to do, and nobody tells it of a server"
    )]
    fn reopened(&self) -> Result<Conn, Fault> {
        let until = Instant::now() + REOPENING;
        loop {
            match engine::open_writer(&self.config) {
                Err(fault) if fault.is_lost() && Instant::now() < until => {
                    std::thread::sleep(REOPENING_PAUSE)
                }
                done => return done,
            }
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

/// Refuses to write to a store that was handed over to another.
fn writable(heads: &Heads, obeys: bool, config: &Config) -> Result<(), Fault> {
    match heads.moved().filter(|_| obeys) {
        None => Ok(()),
        Some(moved) => Err(moved.refusal(&config.location).into()),
    }
}

/// Begins a transaction in which nobody else writes. On a server this waits for whoever has the head: in vain for one
/// is in vain for all.
fn begin(
    link: &mut Link,
    heads: &mut Heads,
    keeping: &Keeping,
    may_write: impl FnOnce(&Heads) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let conn = link.get()?;
    let begun = engine::begin_write(conn).map_err(Fault::from);
    let begun = begun.and_then(|()| heads.refresh(conn, keeping)).and_then(|()| may_write(heads));
    if let Err(fault) = begun {
        heads.forget();
        if fault.is_lost() {
            drop(link.lose());
        } else {
            engine::rollback(conn);
        }
        return Err(fault);
    }
    Ok(())
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
