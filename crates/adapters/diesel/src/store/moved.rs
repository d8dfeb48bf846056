//! A store that is handed over to another one: it says so itself, and whoever writes looks.

use diesel::prelude::*;
use portolan_kernel::{Error, Moved, Position};
use uuid::Uuid;

use super::tables::store_info;
use super::{Conn, Fault, engine};

/// The name of the line that says where the store is handed over to.
const MOVED: &str = "moved";

/// Where the store is handed over to.
pub(super) fn look_up(conn: &mut Conn) -> Result<Option<Moved>, Fault> {
    let row = store_info::table.find(MOVED).select(store_info::value);
    let text: Option<String> = row.first(conn).optional()?;
    let read = |text: String| {
        serde_json::from_str(&text)
            .map_err(|error| Fault::unreadable(format!("`moved` in `store_info`: {error}")))
    };
    text.map(read).transpose()
}

/// The last position of the journal, and where the store is handed over to.
pub(super) fn standing(conn: &mut Conn) -> Result<(Position, Option<Moved>), Fault> {
    let standing = engine::standing(conn)?;
    let moved = if standing.may_be_moved { look_up(conn)? } else { None };
    Ok((Position(standing.last.cast_unsigned()), moved))
}

fn refuse_another(conn: &mut Conn, store_id: &str, hands: Uuid) -> Result<(), Fault> {
    match look_up(conn)? {
        Some(moved) if moved.store_id != store_id || moved.hands != hands => {
            Err(Error::AlreadyExists(format!("a move of this store to {}", moved.to)).into())
        }
        _ => Ok(()),
    }
}

/// Hands it over, or says more of that. To be run in the writer's transaction: whoever writes next sees it.
pub(super) fn hand_over(conn: &mut Conn, moved: &Moved) -> Result<(), Fault> {
    refuse_another(conn, &moved.store_id, moved.hands)?;
    let value = serde_json::to_string(moved).map_err(|error| Error::Invalid(error.to_string()))?;
    let kept =
        diesel::update(store_info::table.find(MOVED)).set(store_info::value.eq(&value)).execute(conn)?;
    if kept == 0 && look_up(conn)?.is_none() {
        let row = (store_info::name.eq(MOVED), store_info::value.eq(&value));
        diesel::insert_into(store_info::table).values(row).execute(conn)?;
    }
    Ok(engine::set_moved(conn, true)?)
}

/// Takes it back from the store with this id, where these hands have handed it over: what another switch did is not
/// this one's to undo.
pub(super) fn take_back(conn: &mut Conn, from: &str, hands: Uuid) -> Result<(), Fault> {
    refuse_another(conn, from, hands)?;
    diesel::delete(store_info::table.find(MOVED)).execute(conn)?;
    Ok(engine::set_moved(conn, false)?)
}
