//! When a group may be written: when it is this process's turn, and the log is not being shortened.

use std::sync::MutexGuard;

use portolan_kernel::Error;

use super::log::LogKeeper;
use super::turnstile::{self, Turnstile};
use super::{Config, Conn, Fault};

/// What a writer has beside its connection.
pub(crate) struct Turns {
    turnstile: Turnstile,
    log: LogKeeper,
}

/// The right to write, until it is dropped.
pub(crate) struct Turn<'a> {
    _among_processes: turnstile::Turn<'a>,
    _of_the_log: MutexGuard<'a, ()>,
}

impl Turns {
    /// The turns of this store, whose file is there.
    pub(crate) fn start(config: &Config) -> Result<Self, Fault> {
        Ok(Self { turnstile: Turnstile::open(&config.location)?, log: LogKeeper::start(config)? })
    }

    /// Waits for a turn.
    pub(crate) fn wait(&self) -> Turn<'_> {
        Turn { _among_processes: self.turnstile.pass(), _of_the_log: self.log.turn() }
    }

    /// Notes that about so many pages were written.
    pub(crate) fn wrote(&self, pages: u64) {
        self.log.wrote(pages);
    }

    /// Notes how much was written by others than those who say how much it was.
    pub(crate) fn measure(&self, conn: &mut Conn) -> diesel::QueryResult<()> {
        self.log.measure(conn)
    }

    /// Why nothing may be written now.
    pub(crate) fn refusal(&self, config: &Config) -> Option<Error> {
        self.log.is_full().then(|| {
            let mib = config.log_limit_bytes >> 20;
            Error::unavailable(format!(
                "the log of {} has reached its limit of {mib} MiB, because another program has been reading an old \
                 state for long; end that program, or raise `log_limit_mib`",
                config.location
            ))
        })
    }
}
