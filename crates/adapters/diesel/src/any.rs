//! A store on whatever engine its URL names, behind one type.

use std::any::Any;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{
    Clock, Deadlines, Error, Leases, Moved, Position, Projection, Projector, ReadRepository, Registry,
    Result, StoredView, Transfer,
};

use crate::finding::{Check, Checked};
#[cfg(feature = "mysql-engine")]
use crate::mysql;
#[cfg(feature = "postgres-engine")]
use crate::postgres;
#[cfg(feature = "sqlite")]
use crate::sqlite;
use crate::{Mappers, Storage};

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// To read and write; an empty store is made.
    ReadWrite,
    /// To read; nothing is written to the store, and it must be there.
    ReadOnly,
    /// To take another store over ([`Transfer`](portolan_kernel::Transfer)); as `ReadWrite`, and the one way to open
    /// an unfinished copy.
    TakeOver,
    /// To hand it over to another store: as `ReadWrite`, and the one way to write to a store that is handed over.
    HandOver,
}

/// What a store says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// How aggregates are stored.
    pub storage: Storage,
    /// The id that it was made with; a backup has the same.
    pub store_id: String,
    /// Where it is handed over to.
    pub moved: Option<Moved>,
    /// The version of each component's tables, by name.
    pub schema_versions: Vec<(String, u32)>,
    /// How many events it holds, which is also the position of the last.
    pub events: Position,
    /// The size of its file and log; 0 in memory.
    pub bytes: u64,
}

/// What is in the way of commits just now.
#[derive(Debug, Clone, PartialEq)]
pub enum Obstacle {
    /// Another process has held the store, or the row of the head, for so long.
    Held(Duration),
    /// The last try failed, and nothing was written since.
    Failed(Error),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(since) => {
                write!(formatter, "another process has held the store for {} s", since.as_secs())
            }
            Self::Failed(error) => error.fmt(formatter),
        }
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

/// A write store of any engine: every port of the write side, and what an operator asks. As [`Any`] it is the store of
/// its engine.
#[async_trait]
pub trait SqlStore: Any + std::fmt::Debug + Transfer + Leases + Deadlines {
    /// What the store says about itself.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where it cannot be read.
    async fn info(&self) -> Result<Info>;

    /// Replays the journal and compares it with the stored state. Every difference and the progress are told as they
    /// come.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the store cannot be read at all.
    async fn check(&self, tell: &mut (dyn FnMut(Check) + Send)) -> Result<Checked>;

    /// Copies what was committed up to now into a new file, while the store is used on.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the server's own tools do so; [`Error::AlreadyExists`] where the file is there;
    /// [`Error::Unavailable`] where it cannot be written.
    async fn backup(&self, target: PathBuf) -> Result<()>;

    /// How many commits wait for the writer now.
    fn commits_waiting(&self) -> usize;

    /// What is in the way of commits just now, as the writer of this process last saw it; none where they go through.
    fn obstacle(&self) -> Option<Obstacle>;

    /// Who has held the row of the head for longer than a second, so that no process can commit: a sentence for an
    /// operator, as far as the server tells. None where nobody has, or where there is no such row.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the store cannot be asked.
    async fn holder(&self) -> Result<Option<String>>;

    /// Finishes what waits and closes the store for all handles.
    ///
    /// # Errors
    /// None: closing twice is as good as once.
    async fn close(&self) -> Result<()>;
}

/// Both sides of a view in a store: the one that answers, and the one that fills it.
pub type ViewSides<V, E> = (Arc<dyn ReadRepository<V>>, Arc<dyn Projection<E>>);

impl dyn SqlStore {
    /// A view in this store: the side that answers, and the side that `projector` fills from the journal as the
    /// subscription `name`.
    ///
    /// # Errors
    /// As [`sqlite::Store::view`](crate::sqlite::Store::view).
    pub async fn view<V, P, E>(&self, name: &str, version: u32, projector: P) -> Result<ViewSides<V, E>>
    where
        V: StoredView,
        P: Projector<E, View = V>,
        E: Send + Sync + 'static,
    {
        let store: &dyn Any = self;
        #[cfg(feature = "sqlite")]
        if let Some(store) = store.downcast_ref::<sqlite::Store>() {
            let (view, filling) = store.view(name, version, projector).await?;
            return Ok((Arc::new(view), Arc::new(filling)));
        }
        #[cfg(feature = "postgres-engine")]
        if let Some(store) = store.downcast_ref::<postgres::Store>() {
            let (view, filling) = store.view(name, version, projector).await?;
            return Ok((Arc::new(view), Arc::new(filling)));
        }
        #[cfg(feature = "mysql-engine")]
        if let Some(store) = store.downcast_ref::<mysql::Store>() {
            let (view, filling) = store.view(name, version, projector).await?;
            return Ok((Arc::new(view), Arc::new(filling)));
        }
        Err(Error::Unsupported(format!("{self:?} keeps no views")))
    }
}

/// Where a store is and how it is driven, on whatever engine: what its URL says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnyConfig {
    /// `sqlite:..`
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Config),
    /// `postgres://..`
    #[cfg(feature = "postgres-engine")]
    Postgres(postgres::Config),
    /// `mysql://..`
    #[cfg(feature = "mysql-engine")]
    Mysql(mysql::Config),
}

/// The same for every engine.
macro_rules! on_any {
    ($config:expr, $engine:ident, $own:ident => $done:expr) => {
        match $config {
            #[cfg(feature = "sqlite")]
            AnyConfig::Sqlite($own) => {
                use sqlite as $engine;
                $done
            }
            #[cfg(feature = "postgres-engine")]
            AnyConfig::Postgres($own) => {
                use postgres as $engine;
                $done
            }
            #[cfg(feature = "mysql-engine")]
            AnyConfig::Mysql($own) => {
                use mysql as $engine;
                $done
            }
        }
    };
}

impl AnyConfig {
    /// Opens the store, making it where there is none. Blocks: for the start of a program.
    ///
    /// # Errors
    /// As [`sqlite::Store::open`](crate::sqlite::Store::open).
    pub fn open(
        &self,
        mode: OpenMode,
        registry: &Registry,
        mappers: &Mappers,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<dyn SqlStore>> {
        on_any!(self, engine, config => {
            Ok(Arc::new(engine::Store::open(config, mode, registry, mappers, clock)?))
        })
    }

    /// Brings the schema of a store up to date, or makes the store. Answers what was done. Blocks.
    ///
    /// # Errors
    /// As [`open`](Self::open); an older schema is none.
    pub fn migrate(&self, mappers: &Mappers) -> Result<Vec<Migrated>> {
        on_any!(self, engine, config => engine::Store::migrate(config, mappers))
    }

    /// Where the store is, as a URL without user, password and options: what may be stored and shown.
    #[must_use]
    pub fn address(&self) -> String {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(config) => match config.location.path() {
                Some(path) => {
                    let path = path.canonicalize().or_else(|_| std::path::absolute(path));
                    format!("sqlite:{}", path.as_deref().unwrap_or(std::path::Path::new("")).display())
                }
                None => "sqlite::memory:".to_owned(),
            },
            #[cfg(feature = "postgres-engine")]
            Self::Postgres(config) => config.location.to_string(),
            #[cfg(feature = "mysql-engine")]
            Self::Mysql(config) => config.location.to_string(),
        }
    }

    /// Whether there is a store, or the beginning of one. Blocks.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn is_there(&self) -> Result<bool> {
        on_any!(self, engine, config => engine::Store::is_there(config))
    }

    /// What this URL says, for a store of views alone: where it says nothing of it, a power cut takes the last commits,
    /// which are filled again from where the checkpoint went back to with its rows.
    ///
    /// # Errors
    /// As the parsing of any URL.
    pub fn of_views(url: &str) -> Result<Self> {
        let mut config = url.parse()?;
        match &mut config {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(config) if !url.contains("durability=") => {
                config.durability = sqlite::Durability::LosesLastCommitsOnPowerCut;
            }
            _ => {}
        }
        Ok(config)
    }

    /// The place by one name, however its URL spells it; `None` for a store in memory, which is another each time it is
    /// opened.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        on_any!(self, engine, config => engine::Config::place(config))
    }

    /// Whether the store is gone with its last handle.
    #[must_use]
    pub fn is_in_memory(&self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(config) => config.location.path().is_none(),
            #[cfg(any(feature = "postgres-engine", feature = "mysql-engine"))]
            _ => false,
        }
    }
}

/// The place, as a URL without a password.
impl fmt::Display for AnyConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(config) => match config.location.path() {
                Some(path) => write!(formatter, "sqlite:{}", path.display()),
                None => formatter.write_str("sqlite::memory:"),
            },
            #[cfg(feature = "postgres-engine")]
            Self::Postgres(config) => config.location.fmt(formatter),
            #[cfg(feature = "mysql-engine")]
            Self::Mysql(config) => config.location.fmt(formatter),
        }
    }
}

impl FromStr for AnyConfig {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self> {
        match url.split_once(':').map_or("", |(scheme, _)| scheme) {
            #[cfg(feature = "sqlite")]
            "sqlite" => url.parse().map(Self::Sqlite),
            #[cfg(feature = "postgres-engine")]
            "postgres" => url.parse().map(Self::Postgres),
            #[cfg(feature = "mysql-engine")]
            "mysql" => url.parse().map(Self::Mysql),
            // Never the URL: it may hold a password.
            scheme => Err(Error::Unsupported(format!("a store at `{scheme}:` is not built in"))),
        }
    }
}

/// Implements [`SqlStore`] for the store of an engine.
macro_rules! sql_store {
    ($store:ty) => {
        #[async_trait]
        impl SqlStore for $store {
            async fn info(&self) -> Result<Info> {
                <$store>::info(self).await
            }

            async fn check(&self, tell: &mut (dyn FnMut(Check) + Send)) -> Result<Checked> {
                <$store>::check(self, tell).await
            }

            async fn backup(&self, target: PathBuf) -> Result<()> {
                <$store>::backup(self, target).await
            }

            fn commits_waiting(&self) -> usize {
                <$store>::commits_waiting(self)
            }

            fn obstacle(&self) -> Option<Obstacle> {
                <$store>::obstacle(self)
            }

            async fn holder(&self) -> Result<Option<String>> {
                <$store>::holder(self).await
            }

            async fn close(&self) -> Result<()> {
                <$store>::close(self).await
            }
        }
    };
}

#[cfg(feature = "sqlite")]
sql_store!(sqlite::Store);
#[cfg(feature = "postgres-engine")]
sql_store!(postgres::Store);
#[cfg(feature = "mysql-engine")]
sql_store!(mysql::Store);
