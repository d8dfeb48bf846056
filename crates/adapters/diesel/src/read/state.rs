//! How far each view of a store is, and which declaration its tables were made from.

use diesel::prelude::*;
use portolan_kernel::{Error, Fingerprint, Position, Result, SubscriptionId};

use super::super::store::tables::subscriptions;
use super::super::{Conn, Fault, engine};
use super::body;
use super::layout::Layout;
use super::statement::{Shapes, Statement};
use super::tables;
use crate::prepared;

diesel::table! {
    view_states (name) {
        name -> Text,
        version -> BigInt,
        declaration -> Text,
        tables -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(view_states, subscriptions);

/// Which declaration the tables were made from, and which tables they are.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
struct Made {
    version: i64,
    declaration: String,
    tables: String,
}

/// The subscription that fills the view of this name.
pub(super) fn subscription(name: &str) -> SubscriptionId {
    SubscriptionId::new(name, 1)
}

/// A view as this program declares it: what is made, and how one tells that it was made so.
pub(super) struct Declared {
    pub(super) version: u32,
    /// A digest of the statements that make the tables.
    declaration: String,
    /// What stands in its place while the indexes are yet to be made. To a program that knows nothing of that it is another
    /// declaration.
    without_indexes: String,
}

/// Where a view stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// How far it is: the checkpoint of the subscription that fills it.
    pub(super) position: Position,
    /// Whether its declared indexes are there.
    pub(super) has_indexes: bool,
}

impl Declared {
    pub(super) fn new(layout: &Layout, version: u32) -> Result<Self> {
        let mut texts = String::new();
        for statement in tables::made(layout) {
            let text = statement.text().map_err(|error| Error::Unsupported(error.to_string()))?;
            texts.push_str(&text);
            texts.push_str(";\n");
        }
        texts.push_str(body::FORMAT);
        // Which words a table holds does not stand in its columns.
        for field in layout.words.iter().flat_map(|words| &words.fields) {
            let within = field.within.map_or("", |collection| collection.name);
            texts = format!("{texts}words of {within}.{}\n", field.field.name);
        }
        let Fingerprint(digest) = Fingerprint::of(texts.as_bytes());
        let declaration = uuid::Uuid::from_bytes(digest).to_string();
        let without_indexes = format!("{declaration}, without indexes");
        Ok(Self { version, declaration, without_indexes })
    }

    /// Where the view stands, whose tables are as this program declares them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where they are not there, or otherwise.
    pub(super) fn standing(&self, conn: &mut Conn, name: &str) -> Result<Standing, Fault> {
        let SubscriptionId { version, .. } = subscription(name);
        let its = subscriptions::name.eq(view_states::name);
        let its = its.and(subscriptions::version.eq(i64::from(version)));
        let made = view_states::version.eq(i64::from(self.version));
        let declaration = view_states::declaration.eq(&self.declaration);
        let made = made.and(declaration.or(view_states::declaration.eq(&self.without_indexes)));
        // Every question begins with this one.
        let standing = prepared!(
            view_states::table
                .left_join(subscriptions::table.on(its))
                .filter(view_states::name.eq(name).and(made))
                .select((subscriptions::position.nullable(), view_states::declaration))
        );
        match standing.get_result::<(Option<i64>, String)>(conn).optional()? {
            Some((position, declaration)) => Ok(Standing {
                position: Position(position.unwrap_or_default().cast_unsigned()),
                has_indexes: declaration == self.declaration,
            }),
            None => Err(Error::unavailable(format!(
                "the tables of the view `{name}` are not there, or another program has made them anew"
            ))
            .into()),
        }
    }

    fn is(&self, made: &Made) -> bool {
        made.version == i64::from(self.version)
            && [&self.declaration, &self.without_indexes].contains(&&made.declaration)
    }
}

/// As [`make`], where making a table ends a transaction.
///
/// Who fills the view holds the head for as long as it writes, and looks whether the tables are its own. So their row
/// goes before they do, under the head's lock, and comes when all of them are there; what a program has left half made,
/// no row speaks of.
pub(super) fn make_alone(conn: &mut Conn, layout: &Layout, declared: &Declared) -> Result<(), Fault> {
    engine::alone(conn, |conn| {
        diesel::sql_query(engine::VIEW_STATES).execute(conn)?;
        engine::begin_write(conn)?;
        engine::lock(conn)?;
        make_anew(conn, layout, declared)
    })
}

/// Makes the tables of the view where they are not there as they are declared, empty, and drops what was there of an
/// older declaration. Runs inside the caller's transaction.
pub(super) fn make(conn: &mut Conn, layout: &Layout, declared: &Declared) -> Result<(), Fault> {
    diesel::sql_query(engine::VIEW_STATES).execute(conn)?;
    make_anew(conn, layout, declared)
}

/// The tables and then what stands about them, unless it stands there.
fn make_anew(conn: &mut Conn, layout: &Layout, declared: &Declared) -> Result<(), Fault> {
    if let Some(made) = look_up(conn, &layout.name)? {
        if declared.is(&made) {
            return Ok(());
        }
        if made.version > i64::from(declared.version) {
            return Err(Error::Invalid(format!(
                "the view `{}` was made by a newer program; use that one, or another store for the view",
                layout.name
            ))
            .into());
        }
        tracing::info!(view = layout.name, "the view's declaration has changed; it is filled anew");
        diesel::delete(view_states::table.find(&layout.name)).execute(conn)?;
        made.tables.lines().try_for_each(|table| drop_table(conn, table))?;
    }
    if !engine::MAKES_TABLES_IN_TRANSACTIONS {
        tables::names(layout).try_for_each(|table| drop_table(conn, table))?;
    }
    for statement in tables::empty(layout) {
        statement.execute(conn, &Shapes::none())?;
    }
    if !engine::PUTS_OFF_INDEXES {
        for index in &layout.indexes {
            tables::index(layout, index, "create index ").execute(conn, &Shapes::none())?;
        }
    }
    set_position(conn, &layout.name, Position::ZERO)?;
    let names: Vec<_> = tables::names(layout).collect();
    diesel::insert_into(view_states::table)
        .values((
            view_states::name.eq(&layout.name),
            view_states::version.eq(i64::from(declared.version)),
            view_states::declaration.eq(match engine::PUTS_OFF_INDEXES {
                true => &declared.without_indexes,
                false => &declared.declaration,
            }),
            view_states::tables.eq(names.join("\n")),
        ))
        .execute(conn)?;
    Ok(())
}

/// Makes one of the view's indexes, if it has come to that and it is not there.
pub(super) fn make_index(
    conn: &mut Conn,
    layout: &Layout,
    declared: &Declared,
    number: usize,
) -> Result<(), Fault> {
    let Some(index) = layout.indexes.get(number) else { return Ok(()) };
    if declared.standing(conn, &layout.name)?.has_indexes {
        return Ok(());
    }
    engine::sort_beside_memory(conn, |conn| {
        tables::index(layout, index, "create index if not exists ").execute(conn, &Shapes::none())
    })?;
    Ok(())
}

/// Notes that the view's indexes are there, after it made those that are not.
pub(super) fn note_indexes(conn: &mut Conn, layout: &Layout, declared: &Declared) -> Result<(), Fault> {
    for number in 0..layout.indexes.len() {
        make_index(conn, layout, declared, number)?;
    }
    set_declaration(conn, layout, &declared.declaration)
}

/// Drops the view's indexes, which are made again when it is filled, and notes that they are not there.
pub(super) fn drop_indexes(conn: &mut Conn, layout: &Layout, declared: &Declared) -> Result<(), Fault> {
    for index in &layout.indexes {
        Statement::new("drop index if exists ").name(&index.name).execute(conn, &Shapes::none())?;
    }
    set_declaration(conn, layout, &declared.without_indexes)
}

fn set_declaration(conn: &mut Conn, layout: &Layout, declaration: &str) -> Result<(), Fault> {
    let row = view_states::table.find(&layout.name);
    diesel::update(row).set(view_states::declaration.eq(declaration)).execute(conn)?;
    Ok(())
}

fn drop_table(conn: &mut Conn, table: &str) -> Result<(), Fault> {
    Statement::new("drop table if exists ").name(table).execute(conn, &Shapes::none()).map(drop)
}

/// Notes how far the view is now.
pub(super) fn set_position(conn: &mut Conn, name: &str, position: Position) -> Result<(), Fault> {
    let SubscriptionId { name, version } = subscription(name);
    let position = subscriptions::position.eq(position.get().cast_signed());
    let row = subscriptions::table.find((&name, i64::from(version)));
    if diesel::update(row).set(position).execute(conn)? == 0 {
        let version = subscriptions::version.eq(i64::from(version));
        let row = (subscriptions::name.eq(&name), version, position, subscriptions::status.eq("running"));
        diesel::insert_into(subscriptions::table).values(row).execute(conn)?;
    }
    Ok(())
}

fn look_up(conn: &mut Conn, name: &str) -> Result<Option<Made>, Fault> {
    let columns = (view_states::version, view_states::declaration, view_states::tables);
    Ok(view_states::table.find(name).select(columns).get_result(conn).optional()?)
}
