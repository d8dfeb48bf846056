//! A place between the program and its server, at which connections are cut: at any time, or in the middle of a commit.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::support::database::Engine;

/// Where in a commit its connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The server never hears of it.
    BeforeTheServer,
    /// The server has done it, and nobody hears of that.
    BehindTheServer,
}

/// Hands on what a program and its server say to each other.
pub(crate) struct Proxy {
    /// `HOST:PORT`, for the program.
    pub(crate) address: String,
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    server: String,
    is_down: AtomicBool,
    /// What becomes of the next commit of events.
    next: Mutex<Option<Cut>>,
    /// Whether nothing is let through after that cut.
    goes_down: AtomicBool,
    cuts: AtomicU64,
    streams: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// In front of this server, which it lets through.
    pub(crate) fn before(engine: Engine, server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it listens").to_string();
        let shared = Arc::new(Shared {
            engine,
            server: server.to_owned(),
            is_down: AtomicBool::new(false),
            next: Mutex::new(None),
            goes_down: AtomicBool::new(false),
            cuts: AtomicU64::new(0),
            streams: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // Whoever is not let through finds that out when it is hung up on.
                drop(accepting.connect(client));
            }
        });
        Self { address, shared }
    }

    /// Cuts the next commit of events there, and hangs up on everybody from then on where `goes_down`.
    pub(crate) fn cut_next(&self, cut: Cut, goes_down: bool) {
        self.shared.goes_down.store(goes_down, Ordering::SeqCst);
        *self.shared.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(cut);
    }

    /// How many commits were cut.
    pub(crate) fn cuts(&self) -> u64 {
        self.shared.cuts.load(Ordering::SeqCst)
    }

    /// Cuts all connections, and lets nobody through.
    pub(crate) fn down(&self) {
        self.shared.down();
    }

    /// Lets everybody through again.
    pub(crate) fn up(&self) {
        self.shared.is_down.store(false, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.down();
    }
}

impl Shared {
    fn down(&self) {
        self.is_down.store(true, Ordering::SeqCst);
        for stream in self.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // One that is closed already is as good.
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    fn connect(self: &Arc<Self>, client: TcpStream) -> std::io::Result<()> {
        if self.is_down.load(Ordering::SeqCst) {
            return Ok(());
        }
        let server = TcpStream::connect(&self.server)?;
        let talk = Arc::new(Talk::default());
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.extend([client.try_clone()?, server.try_clone()?]);
        drop(streams);
        let (from_client, to_client) = (client.try_clone()?, client);
        let (from_server, to_server) = (server.try_clone()?, server);
        let (asking, answering) = ((Arc::clone(self), Arc::clone(&talk)), (Arc::clone(self), talk));
        std::thread::spawn(move || {
            let (shared, talk) = asking;
            pump(from_client, to_server, |said| shared.asked(&talk, said));
        });
        std::thread::spawn(move || {
            let (shared, talk) = answering;
            pump(from_server, to_client, |said| shared.answered(&talk, said));
        });
        Ok(())
    }

    /// Whether what the program said is handed on.
    fn asked(&self, talk: &Talk, said: &[u8]) -> bool {
        if !talk.is_commit(self.engine, said) {
            return true;
        }
        match self.next.lock().unwrap_or_else(PoisonError::into_inner).take() {
            None => true,
            Some(Cut::BehindTheServer) => {
                talk.swallows.store(true, Ordering::SeqCst);
                true
            }
            Some(Cut::BeforeTheServer) => {
                self.cut();
                false
            }
        }
    }

    /// The same of what the server answered.
    fn answered(&self, talk: &Talk, said: &[u8]) -> bool {
        talk.learn(said);
        let is_swallowed = talk.swallows.load(Ordering::SeqCst);
        if is_swallowed {
            self.cut();
        }
        !is_swallowed
    }

    fn cut(&self) {
        self.cuts.fetch_add(1, Ordering::SeqCst);
        if self.goes_down.load(Ordering::SeqCst) {
            self.down();
        }
    }
}

/// Hands on until either side hangs up, or something is not to be handed on.
fn pump(mut from: TcpStream, mut to: TcpStream, mut is_handed_on: impl FnMut(&[u8]) -> bool) {
    let mut buffer = vec![0; 1 << 20];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if !is_handed_on(&buffer[..length]) || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    for stream in [from, to] {
        drop(stream.shutdown(Shutdown::Both));
    }
}

/// What is known of one connection: which statements are prepared, and what is going on. A client of either server waits
/// for an answer before it goes on, so that what is read at once is whole.
#[derive(Default)]
struct Talk {
    /// The answer to the next commit is not handed on.
    swallows: AtomicBool,
    postgres: Mutex<Raises>,
    mysql: Mutex<Prepared>,
}

/// The names of statements that raise the head, on PostgreSQL.
#[derive(Default)]
struct Raises {
    names: HashSet<Vec<u8>>,
    has_raised: bool,
}

/// The numbers of statements on MariaDB.
#[derive(Default)]
struct Prepared {
    preparing: Option<Statement>,
    raise: Option<[u8; 4]>,
    commit: Option<[u8; 4]>,
    has_raised: bool,
}

#[derive(Clone, Copy)]
enum Statement {
    Raise,
    Commit,
}

impl Talk {
    /// Whether this commits events, and not a lease alone: the head was raised before.
    fn is_commit(&self, engine: Engine, said: &[u8]) -> bool {
        match engine {
            Engine::Postgres => self.is_commit_of_postgres(said),
            Engine::MariaDb => self.is_commit_of_mariadb(said),
        }
    }

    fn is_commit_of_postgres(&self, said: &[u8]) -> bool {
        let mut raises = self.postgres.lock().unwrap_or_else(PoisonError::into_inner);
        let raises_head = |text: &[u8]| {
            contains(text, b"update journal_head") || contains(text, b"update \"journal_head\"")
        };
        messages(said).any(|(kind, message)| {
            let mut words = message.split(|byte| *byte == 0);
            let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            match kind {
                // A name, and the text that is prepared by it.
                b'P' if raises_head(second) => _ = raises.names.insert(first.to_vec()),
                b'P' => _ = raises.names.remove(first),
                // A portal, and the name of the statement that is to run.
                b'B' => raises.has_raised |= raises.names.contains(second),
                b'Q' => {
                    let has_raised = raises.has_raised || raises_head(first);
                    let is_commit = contains(first, b"commit");
                    raises.has_raised = has_raised && !is_commit && !contains(first, b"rollback");
                    return is_commit && has_raised;
                }
                _ => {}
            }
            false
        })
    }

    fn is_commit_of_mariadb(&self, said: &[u8]) -> bool {
        const PREPARE: u8 = 0x16;
        const EXECUTE: u8 = 0x17;
        let mut prepared = self.mysql.lock().unwrap_or_else(PoisonError::into_inner);
        // A statement that is let go has no answer, so that what is said next may come with it.
        packets(said).any(|packet| {
            let Some((command, rest)) = packet.split_first() else { return false };
            match *command {
                PREPARE if rest == b"commit" => prepared.preparing = Some(Statement::Commit),
                PREPARE
                    if rest.to_ascii_lowercase().starts_with(b"update")
                        && contains(rest, b"journal_head") =>
                {
                    prepared.preparing = Some(Statement::Raise);
                }
                EXECUTE => {
                    let number = rest.get(..4).and_then(|number| number.try_into().ok());
                    if number.is_some() && number == prepared.raise {
                        prepared.has_raised = true;
                    } else if number.is_some() && number == prepared.commit {
                        return std::mem::take(&mut prepared.has_raised);
                    }
                }
                _ => {}
            }
            false
        })
    }

    /// The number that a statement got which is being prepared.
    fn learn(&self, said: &[u8]) {
        let mut prepared = self.mysql.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(statement) = prepared.preparing.take() else { return };
        let number = said.get(5..9).and_then(|number| number.try_into().ok());
        match statement {
            Statement::Raise => prepared.raise = number,
            Statement::Commit => prepared.commit = number,
        }
    }
}

/// What PostgreSQL's protocol calls messages: a byte that says which, and four of length before the rest.
fn messages(mut said: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (kind, rest) = said.split_first()?;
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let (message, rest) = rest.split_at_checked(length)?;
        said = rest;
        Some((*kind, message.get(4..)?))
    })
}

/// What MariaDB's protocol calls packets: three bytes of length and a number before each.
fn packets(mut said: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (head, rest) = said.split_at_checked(4)?;
        let length = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16;
        let (packet, rest) = rest.split_at_checked(length)?;
        said = rest;
        Some(packet)
    })
}

fn contains(text: &[u8], words: &[u8]) -> bool {
    text.windows(words.len()).any(|window| window == words)
}
