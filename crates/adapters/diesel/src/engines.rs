//! The engines that can be built in: the one list of them for what is written for all at once.

/// Makes the trait `$every` of all types that are `$one<Conn>` for the connection of every engine that is built in.
macro_rules! every_engine {
    ($(#[$meta:meta])* $visibility:vis trait $every:ident: $one:ident in $module:ident) => {
        $(#[$meta])*
        $visibility trait $every: $module::Sqlite + $module::Postgres + $module::Mysql {}

        impl<T: $module::Sqlite + $module::Postgres + $module::Mysql> $every for T {}

        mod $module {
            use super::$one;

            $crate::engines::every_engine! { $visibility, "sqlite", Sqlite: $one<diesel::SqliteConnection> }
            $crate::engines::every_engine! { $visibility, "postgres-engine", Postgres: $one<diesel::PgConnection> }
            $crate::engines::every_engine! { $visibility, "mysql-engine", Mysql: $one<diesel::MysqlConnection> }
        }
    };
    ($visibility:vis, $feature:literal, $engine:ident: $one:ident<$conn:ty>) => {
        #[cfg(feature = $feature)]
        #[doc = "What is needed where this engine is built in."]
        $visibility trait $engine: $one<$conn> {}

        #[cfg(feature = $feature)]
        impl<T: $one<$conn>> $engine for T {}

        #[cfg(not(feature = $feature))]
        #[doc = "Nothing is needed of an engine that is left out."]
        $visibility trait $engine {}

        #[cfg(not(feature = $feature))]
        impl<T> $engine for T {}
    };
}

pub(crate) use every_engine;
