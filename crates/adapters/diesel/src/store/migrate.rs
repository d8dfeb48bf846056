//! Schema versions: what a store was made with, and how an older one is brought up to date.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use portolan_kernel::{Error, Result};

use super::tables::schema_versions;
use super::{Conn, Fault, Migrated, Schema, engine};

/// How a store compares with what this program knows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing is there yet.
    Empty,
    /// It is what this program writes.
    Current,
    /// Some component is older, or not there.
    Older(String),
    /// Some component is newer, or unknown.
    Newer(String),
    /// Tables of something else.
    Foreign,
}

impl Found {
    /// What is to be done to use the store that was found like this.
    pub(super) fn usable(&self, store: &impl std::fmt::Display) -> Result<bool> {
        match self {
            Self::Current => Ok(true),
            Self::Empty => Ok(false),
            Self::Older(what) => Err(Error::Invalid(format!(
                "{store} has an older schema ({what}); make a backup, then bring it up to date with `store migrate`"
            ))),
            Self::Newer(what) => Err(Error::Invalid(format!(
                "{store} has a newer schema than this program knows ({what}); use the program that wrote it, or a newer one"
            ))),
            Self::Foreign => Err(Error::Invalid(format!(
                "{store} is a database, but not a Portolan store; choose another file"
            ))),
        }
    }
}

/// Compares what is there with what is known.
pub(super) fn compare(conn: &mut Conn, schemas: &[Schema]) -> Result<Found, Fault> {
    match engine::tables(conn)?.as_slice() {
        [] => return Ok(Found::Empty),
        tables if !tables.iter().any(|table| table == "schema_versions") => return Ok(Found::Foreign),
        _ => {}
    }
    let mut older = None;
    let kept = versions(conn)?;
    for (component, found) in &kept {
        let known = schemas.iter().find(|schema| schema.component == component).map(version);
        if known.is_some_and(|known| known < *found) {
            let known = known.unwrap_or_default();
            return Ok(Found::Newer(format!("`{component}` is at {found}, known is {known}")));
        }
    }
    for schema in schemas {
        let found = kept.iter().find(|(component, _)| component == schema.component).map_or(0, |kept| kept.1);
        let needed = version(schema);
        if found < needed {
            older = Some(format!("`{}` is at {found}, needed is {needed}", schema.component));
        }
    }
    Ok(older.map_or(Found::Current, Found::Older))
}

/// Makes what is missing. Runs inside the caller's transaction.
pub(super) fn apply(conn: &mut Conn, schemas: &[Schema]) -> Result<Vec<Migrated>, Fault> {
    conn.batch_execute(engine::SCHEMA_VERSIONS)?;
    let kept = versions(conn)?;
    let mut done = Vec::new();
    for schema in schemas {
        let from = kept.iter().find(|(component, _)| component == schema.component).map_or(0, |kept| kept.1);
        if from >= version(schema) {
            continue;
        }
        for step in engine::steps(schema).iter().skip(from as usize) {
            conn.batch_execute(step)?;
        }
        let to = version(schema);
        let set = schema_versions::version.eq(i64::from(to));
        let kept = diesel::update(schema_versions::table.find(schema.component)).set(set).execute(conn)?;
        if kept == 0 {
            let component = schema_versions::component.eq(schema.component);
            diesel::insert_into(schema_versions::table).values((component, set)).execute(conn)?;
        }
        done.push(Migrated { component: schema.component, from, to });
    }
    Ok(done)
}

/// The version that the last step makes.
fn version(schema: &Schema) -> u32 {
    u32::try_from(engine::steps(schema).len()).unwrap_or(u32::MAX)
}

/// The versions of all components, by name.
pub(super) fn versions(conn: &mut Conn) -> Result<Vec<(String, u32)>, Fault> {
    let rows: Vec<(String, i64)> = schema_versions::table.order(schema_versions::component).load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(component, version)| (component, u32::try_from(version).unwrap_or(u32::MAX)))
        .collect())
}
