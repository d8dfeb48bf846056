//! The versions of aggregates: what the journal says, and what the writer remembers of it.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use portolan_kernel::{AggregateKey, Envelope, Moved, Position, REMOVED, Version};
use uuid::Uuid;

use super::ids::DbUuid;
use super::keeping::Keeping;
use super::tables::journal;
use super::{Conn, Fault, engine, journal as events, moved};

/// The newest event of an aggregate, as an engine finds it: type, id, version and the event's type.
pub(in super::super) type NewestRow = (String, DbUuid, i64, String);

/// What a writer finds where it looks for what others have written.
pub(in super::super) struct News {
    /// The last position of the journal.
    pub(in super::super) last: i64,
    /// Whether the store may have been handed over to another one, which it says itself.
    pub(in super::super) may_be_moved: bool,
    /// What was written behind the position that was known; `None` where that did not come along.
    pub(in super::super) events: Option<Vec<Envelope>>,
}

/// How many versions the writer remembers from group to group; beyond that it begins again.
const REMEMBERED: usize = 65_536;

/// The newest event of an aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Newest {
    pub(super) version: Version,
    /// Whether the aggregate is there: its newest event is no removal.
    pub(super) is_live: bool,
    /// The event, where a change set of this process wrote it.
    pub(super) event_id: Option<Uuid>,
}

impl Newest {
    /// Its version, if it is there.
    pub(super) fn live_version(self) -> Option<Version> {
        self.is_live.then_some(self.version)
    }
}

/// The newest event of this aggregate, as the journal has it.
pub(super) fn look_up(conn: &mut Conn, key: AggregateKey) -> Result<Option<Newest>, Fault> {
    let newest = journal::table
        .filter(journal::aggregate_id.eq(DbUuid(key.id)))
        .filter(journal::aggregate_type.eq(key.aggregate_type))
        .order(journal::version.desc())
        .select((journal::version, journal::event_type));
    let row: Option<(i64, String)> = engine::one(newest).get_result(conn).optional()?;
    Ok(row.map(|(version, event_type)| Newest {
        version: Version(version.cast_unsigned()),
        is_live: event_type != REMOVED,
        event_id: None,
    }))
}

/// The event that led the aggregate to this version.
fn made_by(conn: &mut Conn, key: AggregateKey, version: Version) -> Result<Option<Uuid>, Fault> {
    let event = journal::table
        .filter(journal::aggregate_id.eq(DbUuid(key.id)))
        .filter(journal::aggregate_type.eq(key.aggregate_type))
        .filter(journal::version.eq(version.get().cast_signed()))
        .select(journal::event_id);
    let event: Option<DbUuid> = engine::one(event).get_result(conn).optional()?;
    Ok(event.map(|DbUuid(event_id)| event_id))
}

/// The last position of the journal.
pub(super) fn last_position(conn: &mut Conn) -> Result<Position, Fault> {
    Ok(Position(engine::last_position(conn)?.cast_unsigned()))
}

/// The most events of other processes that the writer reads to go on with what it remembers; where there are more, it
/// begins again.
pub(in super::super) const READ_UP: u64 = 1_024;

/// What the writer remembers. All commits of this process go through it, so that its memory is the truth until
/// another process writes, which it notices at the start of each transaction.
#[derive(Default)]
pub(super) struct Heads {
    /// `None`: it never had an event.
    newest: HashMap<AggregateKey, Option<Newest>>,
    last: Position,
    /// The last position that is known to be committed; `None` before the first transaction.
    committed: Option<Position>,
    /// What others have committed, until it is told.
    elsewhere: Vec<Envelope>,
    moved: Option<Moved>,
    watch: engine::Watch,
}

impl Heads {
    /// Learns, or forgets, what may have changed. To be called inside a write transaction: nobody else writes from here on.
    pub(super) fn refresh(&mut self, conn: &mut Conn, keeping: &Keeping) -> Result<(), Fault> {
        // Between two groups alone: what a group has decided on so far is not in the journal yet.
        if self.newest.len() >= REMEMBERED {
            self.newest.clear();
        }
        let known = self.committed;
        if let Some(news) = self.watch.news(conn, known.map(|known| known.get().cast_signed()))? {
            self.last = Position(news.last.cast_unsigned());
            self.read_up(conn, keeping, known, news.events)?;
            self.moved = if news.may_be_moved { moved::look_up(conn)? } else { None };
        }
        self.committed = Some(self.last);
        Ok(())
    }

    /// Learns what others have written behind this position, from their events if these are few.
    fn read_up(
        &mut self,
        conn: &mut Conn,
        keeping: &Keeping,
        known: Option<Position>,
        news: Option<Vec<Envelope>>,
    ) -> Result<(), Fault> {
        let last = self.last;
        let missing = known.and_then(|known| last.get().checked_sub(known.get()));
        let events = match (known, missing, news) {
            (_, Some(0), _) => return Ok(()),
            (_, _, Some(events)) => events,
            (Some(known), Some(..=READ_UP), None) => events::read(conn, known, READ_UP as usize)?,
            _ => Vec::new(),
        };
        if events.last().is_none_or(|event| event.position != last) {
            self.newest.clear();
            return Ok(());
        }
        for event in &events {
            // About what this program does not know it asks nothing.
            let Ok(known) = keeping.known(&event.aggregate_type) else { continue };
            let key = AggregateKey { aggregate_type: known.name(), id: event.aggregate_id };
            let (version, event_id) = (event.version, Some(event.event_id));
            self.set(key, Newest { version, is_live: event.event_type != REMOVED, event_id });
        }
        self.elsewhere.extend(events);
        Ok(())
    }

    /// What was written is committed.
    pub(super) const fn settle(&mut self) {
        self.committed = Some(self.last);
    }

    /// Whether others have committed since [`elsewhere`](Self::elsewhere) was asked.
    pub(super) const fn has_heard(&self) -> bool {
        !self.elsewhere.is_empty()
    }

    /// The aggregates that others have changed since [`elsewhere`](Self::elsewhere) was asked.
    pub(super) fn heard_of(&self) -> HashSet<Uuid> {
        self.elsewhere.iter().map(|event| event.aggregate_id).collect()
    }

    /// What others have committed of these aggregates since this was asked before.
    pub(super) fn elsewhere_of(&mut self, ids: &HashSet<Uuid>) -> Vec<Envelope> {
        self.elsewhere.extract_if(.., |event| ids.contains(&event.aggregate_id)).collect()
    }

    /// What others have committed since this was asked before.
    pub(super) fn elsewhere(&mut self) -> Vec<Envelope> {
        std::mem::take(&mut self.elsewhere)
    }

    /// Where the store was handed over to, so that nobody writes to it.
    pub(super) const fn moved(&self) -> Option<&Moved> {
        self.moved.as_ref()
    }

    /// Takes the journal's own word for where it ends: something else than a change set has written events.
    pub(super) fn follow(&mut self, conn: &mut Conn) -> Result<(), Fault> {
        let last: Option<i64> =
            journal::table.select(diesel::dsl::max(journal::position)).get_result(conn)?;
        self.newest.clear();
        self.last = Position(last.unwrap_or(0).cast_unsigned());
        Ok(())
    }

    /// Forgets everything: what was taken for written was not.
    pub(super) fn forget(&mut self) {
        self.newest.clear();
        self.watch.forget();
        self.last = self.committed.unwrap_or_default();
    }

    pub(super) const fn last(&self) -> Position {
        self.last
    }

    /// The last position, where it is another one and the store keeps it apart from the journal.
    pub(super) fn raised(&mut self) -> Option<i64> {
        let last = self.last.get().cast_signed();
        self.watch.wrote(last).then_some(last)
    }

    pub(super) const fn set_last(&mut self, last: Position) {
        self.last = last;
    }

    pub(super) fn newest(&mut self, conn: &mut Conn, key: AggregateKey) -> Result<Option<Newest>, Fault> {
        if let Some(known) = self.newest.get(&key) {
            return Ok(*known);
        }
        let found = look_up(conn, key)?;
        self.remember(key, found);
        Ok(found)
    }

    /// Looks up what is not known of these, where the engine does so for all at once.
    pub(super) fn prefetch(
        &mut self,
        conn: &mut Conn,
        keys: impl Iterator<Item = AggregateKey>,
    ) -> Result<(), Fault> {
        let unknown: HashSet<AggregateKey> = keys.filter(|key| !self.newest.contains_key(key)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let unknown: Vec<AggregateKey> = unknown.into_iter().collect();
        let Some(found) = engine::newest(conn, &unknown)? else { return Ok(()) };
        let mut newest: HashMap<(Uuid, String), Newest> = found
            .into_iter()
            .map(|(aggregate_type, DbUuid(id), version, event_type)| {
                let (version, is_live) = (Version(version.cast_unsigned()), event_type != REMOVED);
                ((id, aggregate_type), Newest { version, is_live, event_id: None })
            })
            .collect();
        for key in unknown {
            self.remember(key, newest.remove(&(key.id, key.aggregate_type.to_owned())));
        }
        Ok(())
    }

    /// Whether the aggregate is there and this is its newest event.
    pub(super) fn is_made_by(
        &mut self,
        conn: &mut Conn,
        key: AggregateKey,
        event_id: Uuid,
    ) -> Result<bool, Fault> {
        let Some(newest) = self.newest(conn, key)?.filter(|newest| newest.is_live) else { return Ok(false) };
        let found = match newest.event_id {
            Some(found) => Some(found),
            None => made_by(conn, key, newest.version)?,
        };
        Ok(found == Some(event_id))
    }

    pub(super) fn set(&mut self, key: AggregateKey, newest: Newest) {
        self.remember(key, Some(newest));
    }

    fn remember(&mut self, key: AggregateKey, newest: Option<Newest>) {
        self.newest.insert(key, newest);
    }
}
