//! Schema versions: what a store was made with, and how an older one is brought up to date.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use portolan_kernel::{Error, Result};

use super::tables::schema_versions;
use super::{Conn, Fault, engine};

/// The tables of one component, as the steps that make them. The store has one of its own, and each mapper, or each
/// family of mappers, brings one.
///
/// A step is never changed once it was released: what is to change is a new step at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// Whose tables; unique in a store, in snake case.
    pub component: &'static str,
    /// SQL scripts; the first makes version 1.
    pub steps: &'static [&'static str],
}

impl Schema {
    /// The version that the last step makes.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.steps.len() as u32
    }
}

/// What a migration did to one component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// Whose tables.
    pub component: &'static str,
    /// The version that was found; 0: none.
    pub from: u32,
    /// The version now.
    pub to: u32,
}

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
    for (component, version) in &kept {
        let known = schemas.iter().find(|schema| schema.component == component).map(Schema::version);
        if known.is_some_and(|known| known < *version) {
            let known = known.unwrap_or_default();
            return Ok(Found::Newer(format!("`{component}` is at {version}, known is {known}")));
        }
    }
    for schema in schemas {
        let version =
            kept.iter().find(|(component, _)| component == schema.component).map_or(0, |kept| kept.1);
        if version < schema.version() {
            older = Some(format!("`{}` is at {version}, needed is {}", schema.component, schema.version()));
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
        if from >= schema.version() {
            continue;
        }
        for step in schema.steps.iter().skip(from as usize) {
            conn.batch_execute(step)?;
        }
        let version = schema_versions::version.eq(i64::from(schema.version()));
        let kept =
            diesel::update(schema_versions::table.find(schema.component)).set(version).execute(conn)?;
        if kept == 0 {
            let component = schema_versions::component.eq(schema.component);
            diesel::insert_into(schema_versions::table).values((component, version)).execute(conn)?;
        }
        done.push(Migrated { component: schema.component, from, to: schema.version() });
    }
    Ok(done)
}

/// The versions of all components, by name.
pub(super) fn versions(conn: &mut Conn) -> Result<Vec<(String, u32)>, Fault> {
    let rows: Vec<(String, i64)> = schema_versions::table.order(schema_versions::component).load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(component, version)| (component, u32::try_from(version).unwrap_or(u32::MAX)))
        .collect())
}
