//! The versions of aggregates: what the journal says, and what the writer remembers of it.

use std::collections::HashMap;

use diesel::prelude::*;
use portolan_kernel::{AggregateKey, Position, REMOVED, Version};

use super::ids::DbUuid;
use super::tables::journal;
use super::{Conn, Fault, engine};

/// How many versions the writer remembers; beyond that it begins again.
const REMEMBERED: usize = 65_536;

/// The newest event of an aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Newest {
    pub(super) version: Version,
    /// Whether the aggregate is there: its newest event is no removal.
    pub(super) is_live: bool,
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
    }))
}

/// The last position of the journal.
pub(super) fn last_position(conn: &mut Conn) -> Result<Position, Fault> {
    Ok(Position(engine::last_position(conn)?.cast_unsigned()))
}

/// What the writer remembers. All commits of this process go through it, so that its memory is the truth until
/// another process writes, which it notices at the start of each transaction.
#[derive(Default)]
pub(super) struct Heads {
    newest: HashMap<AggregateKey, Newest>,
    last: Position,
    watch: engine::Watch,
}

impl Heads {
    /// Forgets what may have changed. To be called inside a write transaction: nobody else writes from here on.
    pub(super) fn refresh(&mut self, conn: &mut Conn) -> Result<(), Fault> {
        if let Some(last) = self.watch.news(conn)? {
            self.newest.clear();
            self.last = Position(last.cast_unsigned());
        }
        Ok(())
    }

    /// Forgets everything: what was taken for written was not.
    pub(super) fn forget(&mut self) {
        self.newest.clear();
        self.watch.forget();
    }

    pub(super) const fn last(&self) -> Position {
        self.last
    }

    /// Notes the last position in the store, where it keeps it apart from the journal.
    pub(super) fn raise(&mut self, conn: &mut Conn) -> QueryResult<()> {
        let last = self.last.get().cast_signed();
        if self.watch.wrote(last) { engine::raise_head(conn, last) } else { Ok(()) }
    }

    pub(super) const fn set_last(&mut self, last: Position) {
        self.last = last;
    }

    pub(super) fn newest(&mut self, conn: &mut Conn, key: AggregateKey) -> Result<Option<Newest>, Fault> {
        if let Some(known) = self.newest.get(&key) {
            return Ok(Some(*known));
        }
        let found = look_up(conn, key)?;
        if let Some(found) = found {
            self.set(key, found);
        }
        Ok(found)
    }

    pub(super) fn set(&mut self, key: AggregateKey, newest: Newest) {
        if self.newest.len() >= REMEMBERED && !self.newest.contains_key(&key) {
            self.newest.clear();
        }
        self.newest.insert(key, newest);
    }
}
