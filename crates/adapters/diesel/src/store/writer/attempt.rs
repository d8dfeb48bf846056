//! What becomes of a group: written in one transaction, again where others were in its way, and looked up where nobody knows.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::TryRecvError;
use std::time::{Duration, Instant};

use portolan_kernel::{ChangeSet, Committed, Error, RecordedOutcome};
use uuid::Uuid;

use super::super::commands::{self, Look};
use super::super::group::{Decided, Group};
use super::super::heads::{self, Heads};
use super::super::keeping::Keeping;
use super::super::link::Link;
use super::super::member::{self, Member};
use super::super::queue::Pending;
use super::super::{Config, Conn, Fault, doubt, engine};
use super::{Writer, take};

/// How long a transaction waits for those whose change another process has overtaken, to take them along.
const AGAIN: Duration = Duration::from_millis(1);

/// From this part of a group on it waits for those that were overtaken: that many mean that all want the same.
const MANY: usize = 4;

/// How many commands are known that were overtaken and are to come again; one more, and all are forgotten.
const MOST_OVERTAKEN: usize = 4_096;

/// What is said of a connection that was lost inside a transaction.
const GONE: &str = "the connection is gone";

/// How often a group is tried as a whole before its members are tried one by one.
const ATTEMPTS: usize = 4;

/// How many groups look for the records of their commands first, after one that found too late that there was one: repeats
/// come in swarms.
const LOOKING_FIRST: usize = 64;

/// How long to try to open another connection after a commit whose answer was not heard, and how long to rest between
/// two goes.
const REOPENING: Duration = Duration::from_secs(10);
const REOPENING_PAUSE: Duration = Duration::from_millis(50);

/// Whether a group takes what comes while its transaction waits: not one whose members are tried by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grows {
    Yes,
    No,
}

/// Why a group was not written, and how far it came.
pub(super) enum Failed {
    /// The transaction did not begin: trying again member by member would only wait again.
    NotBegun(Fault),
    /// It was rolled back.
    RolledBack(Fault),
    /// Its commit failed: this is what would have been answered.
    InDoubt(Fault, Decided),
}

impl Writer {
    /// Writes the group, again where others were in its way, or where its connection was lost before the commit.
    pub(super) fn attempts(&mut self, members: &mut Vec<Member>, grows: Grows) -> Result<Decided, Failed> {
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
        self.note_overtaken(members, &decided);
        Ok(decided)
    }

    /// Notes who is about to be told behind the commit that another process has overtaken them, and forgets who has won.
    fn note_overtaken(&mut self, members: &[Member], decided: &Decided) {
        if !self.overtaken.is_empty() {
            for (set, answer) in member::change_sets(members).iter().zip(&decided.answers) {
                if answer.is_ok() {
                    self.overtaken.remove(&set.command_id);
                }
            }
        }
        if self.overtaken.len() + self.told_behind.len() > MOST_OVERTAKEN {
            self.overtaken.clear();
        }
        self.overtaken.extend(self.told_behind.drain(..));
    }

    /// Tells those who are refused, unless they are repeats: one is answered as the first time, whatever has happened to the
    /// aggregates since. That is asked here, when the transaction is over and the others are answered.
    pub(super) fn answer_refused(&mut self, refused: Vec<(Box<Pending>, Error)>) {
        if refused.is_empty() {
            return;
        }
        let ids: Vec<Uuid> = refused.iter().map(|(pending, _)| pending.change_set.command_id).collect();
        let now = self.clock.now();
        let found = self.link.get().map_err(Fault::from);
        let found = found.and_then(|conn| commands::look_up_each(conn, &ids, now));
        if found.as_ref().is_err_and(Fault::is_lost) {
            drop(self.link.lose());
        }
        // Where it cannot be told, nobody knows whether it was done before.
        let unknown = |fault: Fault| doubt::unknown(&fault.at(&self.config.location));
        let (found, lost) = match found {
            Ok(found) => (found, None),
            Err(fault) => (HashMap::new(), Some(unknown(fault))),
        };
        let found: HashMap<Uuid, Result<RecordedOutcome, Error>> =
            found.into_iter().map(|(id, recorded)| (id, recorded.map_err(unknown))).collect();
        for (pending, refusal) in refused {
            let answer = match found.get(&pending.change_set.command_id) {
                Some(Ok(recorded)) => Ok(Committed::repeated(&pending.change_set, recorded)),
                Some(Err(error)) => Err(error.clone()),
                None => Err(lost.clone().unwrap_or(refusal)),
            };
            pending.answer(answer);
        }
    }

    /// Writes the rows of the group, inside its transaction. Answers what is to be committed.
    fn rows(&mut self, members: &mut Vec<Member>, grows: Grows) -> Result<(Decided, Option<i64>), Fault> {
        if grows == Grows::Yes {
            // What has come while this waited for other processes: the more of them there are, the longer that is, and
            // the larger the groups have to be.
            self.take_more(members, 0);
        }
        let mut group = Group::new(self.clock.now(), self.look());
        self.told_behind.clear();
        self.decide(&mut group, members)?;
        if grows == Grows::Yes && self.heads.has_heard() && self.waits_for_overtaken(members, &group) {
            let overtaken = self.answer_overtaken(members, &mut group)?;
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

    /// Whether to wait for those whose change another process has overtaken. Where they are few it costs all processes more than
    /// them: they are told behind the commit, and come with the next group. Not a second time, though, because a process that
    /// always has the next group ready could overtake them again and again; nor where they are many, because then it would.
    fn waits_for_overtaken(&mut self, members: &[Member], group: &Group) -> bool {
        let sets = member::change_sets(members);
        let heard = self.heads.heard_of();
        let is_overtaken = |(index, set): &(usize, &&ChangeSet)| {
            group.is_in_conflict(*index) && set.expectations().any(|(key, _)| heard.contains(&key.id))
        };
        let overtaken = sets.iter().enumerate().filter(is_overtaken);
        let overtaken: Vec<Uuid> = overtaken.map(|(_, set)| set.command_id).collect();
        if overtaken.len() * MANY > sets.len() || overtaken.iter().any(|id| self.overtaken.contains(id)) {
            return true;
        }
        self.told_behind = overtaken;
        false
    }

    /// Tells those whose change another process has overtaken, before anything is written: they are decided again, and still
    /// come into this transaction.
    fn answer_overtaken(&mut self, members: &mut Vec<Member>, group: &mut Group) -> Result<usize, Fault> {
        let conn = self.link.conn().ok_or_else(|| Error::unavailable(GONE))?;
        group.find_repeats(conn, &member::change_sets(members))?;
        let sets = member::change_sets(members).into_iter().enumerate();
        let overtaken = sets.filter(|(index, _)| group.is_in_conflict(*index)).map(|(_, set)| set);
        let ids: HashSet<Uuid> = overtaken.flat_map(ChangeSet::expectations).map(|(key, _)| key.id).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        // They are decided again on what is told here. The rest can wait, and nobody else need wait for it.
        self.head.tell(&self.heads.elsewhere_of(&ids));
        Ok(member::answer_overtaken(members, group))
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
    pub(super) fn resolve(&mut self, members: Vec<Member>, fault: &Fault, decided: Decided) {
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
}

/// Refuses to write to a store that was handed over to another.
pub(super) fn writable(heads: &Heads, obeys: bool, config: &Config) -> Result<(), Fault> {
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
