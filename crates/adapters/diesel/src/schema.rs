//! Tables by the steps that make them, for each engine in its own words.

/// The tables of one component, as the steps that make them. The store has one of its own, and each mapper, or each
/// family of mappers, brings one.
///
/// A step is never changed once it was released: what is to change is a new step at the end. A store on an engine that
/// a component has no steps for is refused.
///
/// ```
/// use portolan_diesel::Schema;
///
/// const SCHEMA: Schema = Schema::new("places").sqlite(&[
///     "create table places (id blob primary key not null, version integer not null, name text not null)",
/// ]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// Whose tables; unique in a store, in snake case.
    pub component: &'static str,
    pub(crate) sqlite: &'static [&'static str],
    pub(crate) postgres: &'static [&'static str],
    pub(crate) mysql: &'static [&'static str],
}

impl Schema {
    /// Tables of this component, on no engine yet.
    #[must_use]
    pub const fn new(component: &'static str) -> Self {
        Self { component, sqlite: &[], postgres: &[], mysql: &[] }
    }

    /// The same with these steps on SQLite; the first makes version 1.
    #[must_use]
    pub const fn sqlite(mut self, steps: &'static [&'static str]) -> Self {
        self.sqlite = steps;
        self
    }

    /// The same with these steps on PostgreSQL; the first makes version 1.
    #[must_use]
    pub const fn postgres(mut self, steps: &'static [&'static str]) -> Self {
        self.postgres = steps;
        self
    }

    /// The same with these steps on MariaDB; the first makes version 1.
    #[must_use]
    pub const fn mysql(mut self, steps: &'static [&'static str]) -> Self {
        self.mysql = steps;
        self
    }
}
