//! Opening and closing a store.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use portolan_kernel::{Clock, Error, Position, Registry, Result};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::RecvError;

use super::head::Head;
use super::keeping::Keeping;
use super::link::Link;
use super::migrate::{self, Found};
use super::obstacle::Obstacles;
use super::pace::Pace;
use super::queue::Queue;
use super::readers::{Condition, Read, Readers};
use super::writer::Writer;
use super::{
    Config, Conn, Fault, Mappers, Migrated, OpenMode, Schema, engine, heads, info, keeping, moved, transfer,
};
use crate::Storage;

/// A write store: a cheap handle, every clone of which is the same store. It implements all ports of the write side.
///
/// Dropping the last handle closes it, which waits for what is being written; [`close`](Self::close) does so without
/// blocking the caller's thread.
#[derive(Clone)]
pub struct Store(pub(super) Arc<Inner>);

/// What the handles share.
pub(super) struct Inner {
    pub(super) config: Config,
    pub(super) keeping: Arc<Keeping>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) head: Arc<Head>,
    pub(super) obstacles: Arc<Obstacles>,
    pub(super) leases: engine::LeaseKeeper,
    queue: Option<Queue>,
    readers: Option<Readers>,
}

impl Store {
    /// Opens the store, making it where there is none. Blocks: for the start of a program.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a file that is not a store, for one of an older schema (it must be migrated) or a newer
    /// one, and where it keeps rows and `registry` and `mappers` do not fit; [`Error::Unsupported`] for one that keeps
    /// aggregates in another way than `config` asks for; [`Error::Unavailable`] where the file cannot be opened,
    /// is locked or read-only, or was handed over to another store, or the disk is full. The file is as it was before then.
    pub fn open(
        config: &Config,
        mode: OpenMode,
        registry: &Registry,
        mappers: &Mappers,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let opened = engine::patiently(config, || match mode {
            OpenMode::ReadWrite | OpenMode::TakeOver | OpenMode::HandOver => {
                Parts::open_to_write(config, mappers, registry, mode)
            }
            OpenMode::ReadOnly => Parts::open_to_read(config, mappers, registry),
        });
        let Parts { keeping, writer, readers, leases, last } =
            opened.map_err(|fault| fault.at(&config.location))?;
        let keeping = Arc::new(keeping);
        let head = Arc::new(Head::new(last));
        let obstacles = Arc::<Obstacles>::default();
        let queue = match writer {
            None => None,
            Some(Writing { link, turns }) => {
                let (sender, queue) = sync_channel(config.queue);
                let (config, head, obstacles) = (config.clone(), Arc::clone(&head), Arc::clone(&obstacles));
                let name = config.location.to_string();
                let keeping = Arc::clone(&keeping);
                let writer =
                    Writer::new(config, link, keeping, Arc::clone(&clock), head, obstacles, turns, queue);
                let writer = match mode {
                    OpenMode::TakeOver | OpenMode::HandOver => writer.moving(),
                    OpenMode::ReadWrite | OpenMode::ReadOnly => writer,
                };
                let thread = std::thread::Builder::new()
                    .name("portolan-write".to_owned())
                    .spawn(move || writer.run())
                    .map_err(|error| Fault::from(error).at(&name))?;
                Some(Queue::new(name, sender, thread))
            }
        };
        let config = config.clone();
        Ok(Self(Arc::new(Inner { config, keeping, clock, head, obstacles, leases, queue, readers })))
    }

    /// Whether there is a store, or the beginning of one. Blocks.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn is_there(config: &Config) -> Result<bool> {
        engine::inspect(config, false).map_err(|fault| fault.at(&config.location))
    }

    /// Brings the schema of a store up to date, or makes the store. Answers what was done; nothing where it was up
    /// to date. Blocks.
    ///
    /// # Errors
    /// As [`open`](Self::open); an older schema is none.
    pub fn migrate(config: &Config, mappers: &Mappers) -> Result<Vec<Migrated>> {
        let done = (|| {
            let is_there = engine::inspect(config, true)?;
            let (storage, schemas) = decide(config, is_there, mappers)?;
            if is_there {
                match migrate::compare(&mut engine::probe(config)?, &schemas)? {
                    Found::Current => return Ok(Vec::new()),
                    Found::Empty | Found::Older(_) => {}
                    found => _ = found.usable(&config.location)?,
                }
            }
            make(&mut engine::open_writer(config)?, storage, &schemas)
        })();
        done.map_err(|fault: Fault| fault.at(&config.location))
    }

    /// Finishes what waits and closes the store for all handles; later calls answer [`Error::Closed`].
    ///
    /// # Errors
    /// None: closing twice is as good as once.
    pub async fn close(&self) -> Result<()> {
        let inner = Arc::clone(&self.0);
        let (done, is_done) = oneshot::channel();
        let closing = std::thread::Builder::new().name("portolan-close".to_owned()).spawn(move || {
            inner.close();
            // Nobody may be waiting any more.
            _ = done.send(());
        });
        match closing {
            Ok(_) => drop(is_done.await),
            // Without a thread to wait on, this one waits.
            Err(_) => self.0.close(),
        }
        Ok(())
    }

    /// What this process knows of the head.
    pub(super) fn known_head(&self) -> &Head {
        &self.0.head
    }

    /// That the store is closed.
    pub(super) fn closed(&self) -> Error {
        Error::Closed(self.0.config.location.to_string())
    }

    /// The writer's queue.
    pub(in super::super) fn queue(&self) -> Result<&Queue> {
        self.0.queue.as_ref().ok_or_else(|| {
            Error::Unsupported(format!("{} was opened to be read only", self.0.config.location))
        })
    }

    /// Does this on a connection of its own, and on a thread of its own: what ends transactions.
    pub(in super::super) async fn beside<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, Fault> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let config = self.0.config.clone();
        let work = move || {
            let done = engine::open_writer(&config).and_then(|mut conn| work(&mut conn));
            // A caller that has gone away needs no answer.
            drop(answer.send(done.map_err(|fault| fault.at(&config.location))));
        };
        let thread = std::thread::Builder::new().name("portolan-beside".to_owned());
        let thread = thread.spawn(work).map_err(|error| Fault::from(error).at(&self.0.config.location))?;
        let answer = answered.await;
        // It has nothing left to do; what client libraries keep of it is gone with it.
        drop(thread.join());
        match answer {
            Ok(answer) => answer,
            Err(_) => Err(Error::unavailable(format!("{}: the work has ended", self.0.config.location))),
        }
    }

    /// Asks a reader. What takes several statements asks inside [`engine::snapshot`].
    pub(in super::super) async fn read_with<T, F>(&self, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, Fault> + Send + 'static,
    {
        let (read, answered) = self.question(read);
        self.hand_over(read)?;
        self.answer(answered.await)
    }

    /// The same, and where questions of this kind are answered soon, and a reader rests, the answer is given at once, on the
    /// thread that asks.
    pub(in super::super) async fn read_at<T, F>(&self, pace: &Arc<Pace>, kind: u64, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, Fault> + Send + 'static,
    {
        if !engine::ANSWERS_BY_ITSELF {
            return self.read_with(read).await;
        }
        let timing = Arc::clone(pace);
        let (read, answered) = self.question(move |conn| {
            let begun = Instant::now();
            let answer = read(conn);
            // One that fails may take long as well, and nobody may be waiting for it any more.
            timing.took(kind, begun.elapsed());
            answer
        });
        let is_left = match &self.0.readers {
            Some(readers) if pace.is_short(kind) => readers.answer_here(read).err(),
            _ => Some(read),
        };
        if let Some(read) = is_left {
            self.hand_over(read)?;
        }
        self.answer(answered.await)
    }

    /// What a reader is asked, and where it answers.
    fn question<T, F>(&self, read: F) -> (Read, oneshot::Receiver<Result<T>>)
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, Fault> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let location = self.0.config.location.clone();
        let read = Box::new(move |conn: Result<&mut Conn>| {
            let read = conn.map_err(Fault::from).and_then(|conn| {
                let read = read(conn);
                if read.as_ref().is_err_and(|fault| !fault.is_answer()) {
                    engine::forget_statements(conn);
                }
                read
            });
            let is_lost = matches!(&read, Err(fault) if fault.is_lost());
            // A caller that has gone away needs no answer.
            drop(answer.send(read.map_err(|fault| fault.at(&location))));
            if is_lost { Condition::Lost } else { Condition::Good }
        });
        (read, answered)
    }

    fn hand_over(&self, read: Read) -> Result<()> {
        match (&self.0.readers, &self.0.queue) {
            (Some(readers), _) => readers.ask(read),
            (None, Some(queue)) => queue.read(read),
            (None, None) => Err(self.closed()),
        }
    }

    /// What a reader has answered; nothing where it panicked.
    fn answer<T>(&self, answered: Result<Result<T>, RecvError>) -> Result<T> {
        match answered {
            Ok(answer) => answer,
            Err(_) => Err(Error::unavailable(format!("{}: reading has failed", self.0.config.location))),
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Store").field(&self.0.config).finish()
    }
}

impl Inner {
    fn close(&self) {
        self.head.close();
        // The writer is the last, so that the log is copied into the file and removed.
        if let Some(readers) = &self.readers {
            readers.close();
        }
        if let Some(queue) = &self.queue {
            queue.close();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// The connections of a store that is being opened.
struct Parts {
    keeping: Keeping,
    writer: Option<Writing>,
    readers: Option<Readers>,
    leases: engine::LeaseKeeper,
    last: Position,
}

/// What the writer of a store begins with.
struct Writing {
    link: Link,
    turns: engine::Turns,
}

impl Parts {
    fn open_to_write(
        config: &Config,
        mappers: &Mappers,
        registry: &Registry,
        mode: OpenMode,
    ) -> Result<Self, Fault> {
        let is_there = engine::inspect(config, true)?;
        let (storage, schemas) = decide(config, is_there, mappers)?;
        let keeping = Keeping::new(storage, mappers, registry, config.snapshot_every)?;
        let is_there =
            is_there && migrate::compare(&mut engine::probe(config)?, &schemas)?.usable(&config.location)?;
        let mut conn = engine::open_writer(config)?;
        if !is_there {
            make(&mut conn, storage, &schemas)?;
        }
        if mode != OpenMode::TakeOver {
            refuse_unfinished(config, &mut conn)?;
        }
        if mode == OpenMode::ReadWrite
            && let Some(moved) = moved::look_up(&mut conn)?
        {
            return Err(moved.refusal(&config.location).into());
        }
        let last = heads::last_position(&mut conn)?;
        let turns = engine::Turns::start(config)?;
        let readers = if engine::has_one_connection(config) { None } else { Some(Readers::start(config)?) };
        let leases = engine::LeaseKeeper::open(config)?;
        let link = Link::over(conn, engine::open_writer, config);
        Ok(Self { keeping, writer: Some(Writing { link, turns }), readers, leases, last })
    }

    fn open_to_read(config: &Config, mappers: &Mappers, registry: &Registry) -> Result<Self, Fault> {
        let is_there = engine::inspect(config, false)?;
        let (storage, schemas) = decide(config, is_there, mappers)?;
        let keeping = Keeping::new(storage, mappers, registry, config.snapshot_every)?;
        let is_there =
            is_there && migrate::compare(&mut engine::probe(config)?, &schemas)?.usable(&config.location)?;
        if !is_there {
            return Err(Error::unavailable(format!(
                "there is no store at {}; look at its name, or make one with `portolan serve` or `portolan import`",
                config.location
            ))
            .into());
        }
        let mut conn = engine::probe(config)?;
        refuse_unfinished(config, &mut conn)?;
        let last = heads::last_position(&mut conn)?;
        let leases = engine::LeaseKeeper::open(config)?;
        Ok(Self { keeping, writer: None, readers: Some(Readers::start(config)?), leases, last })
    }
}

/// Half a copy is no store.
fn refuse_unfinished(config: &Config, conn: &mut Conn) -> Result<(), Fault> {
    match transfer::copy_of(conn)? {
        None => Ok(()),
        Some(_) => Err(Error::Invalid(format!(
            "{} is an unfinished copy of another store; end it with the `portolan store copy` or `portolan store \
             switch` that began it, or remove it",
            config.location
        ))
        .into()),
    }
}

/// Makes what is missing, all of it or nothing. Another process may have done so a moment ago.
fn make(conn: &mut Conn, storage: Storage, schemas: &[Schema]) -> Result<Vec<Migrated>, Fault> {
    engine::alone(conn, |conn| {
        let made = migrate::apply(conn, schemas)?;
        let is_new = made.iter().any(|made| made.component == engine::CORE.component && made.from == 0);
        if is_new {
            info::set_storage(conn, storage)?;
        }
        match info::storage(conn)? {
            found if found == storage => Ok(made),
            other => Err(Error::unavailable(format!("another program has just made it as `{other}`")).into()),
        }
    })
}

/// How the store keeps aggregates, or is to when it is made; and the tables that this needs.
fn decide(config: &Config, is_there: bool, mappers: &Mappers) -> Result<(Storage, Vec<Schema>), Fault> {
    let made_as = if is_there { info::made_as(&mut engine::probe(config)?)? } else { None };
    let storage = match (made_as, config.storage) {
        (Some(made_as), Some(asked)) if made_as != asked => {
            return Err(Error::Unsupported(format!(
                "{} keeps aggregates as `{made_as}`, and `{asked}` is asked for. A store stays what it was made as: \
                 leave `storage` out, or move it into another store with `portolan store copy`",
                config.location
            ))
            .into());
        }
        (made_as, asked) => made_as.or(asked).unwrap_or_default(),
    };
    Ok((storage, schemas(storage, mappers)?))
}

/// The store's own tables, and those of its way to keep aggregates.
fn schemas(storage: Storage, mappers: &Mappers) -> Result<Vec<Schema>> {
    let mut schemas = vec![engine::CORE];
    schemas.extend(keeping::schemas(storage, mappers)?);
    if let Some(nowhere) = schemas.iter().find(|schema| engine::steps(schema).is_empty()) {
        let (component, engine) = (nowhere.component, engine::NAME);
        return Err(Error::Invalid(format!(
            "`{component}` has no tables for {engine}; add them to its `Schema`"
        )));
    }
    Ok(schemas)
}
