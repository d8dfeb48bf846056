//! A connection that is opened again after it was lost.

use std::time::{Duration, Instant};

use portolan_kernel::Error;

use super::{Config, Conn, Fault, engine};

/// How long to rest after a connection could not be opened, at first and at the most.
const FIRST_REST: Duration = Duration::from_millis(50);
const LAST_REST: Duration = Duration::from_secs(1);

/// From this rest on a connection is asked whether it is still there before it is used.
const STALE_AFTER: Duration = Duration::from_secs(1);

/// One thread's way to the store. While it cannot be opened, whoever asks is told so at once, and only now and then
/// it is tried again.
pub(super) struct Link {
    config: Config,
    open: Open,
    conn: Option<Conn>,
    used_at: Instant,
    failed: Option<Failed>,
}

/// How a link's connection is opened.
type Open = fn(&Config) -> Result<Conn, Fault>;

struct Failed {
    error: Error,
    rest: Duration,
    until: Instant,
}

impl Link {
    /// A link over an open connection.
    pub(super) fn over(conn: Conn, open: Open, config: &Config) -> Self {
        let config = config.clone();
        Self { config, open, conn: Some(conn), used_at: Instant::now(), failed: None }
    }

    /// A link that is opened now.
    pub(super) fn open(open: Open, config: &Config) -> Result<Self, Fault> {
        Ok(Self::over(open(config)?, open, config))
    }

    /// The connection.
    ///
    /// # Errors
    /// Why there is none: [`Error::Unavailable`].
    pub(super) fn get(&mut self) -> Result<&mut Conn, Error> {
        let now = Instant::now();
        let is_stale = now.duration_since(self.used_at) >= STALE_AFTER;
        self.used_at = now;
        if is_stale && self.conn.as_mut().is_some_and(|conn| !engine::is_there(conn)) {
            self.conn = None;
        }
        match &mut self.conn {
            Some(conn) => Ok(conn),
            none => {
                if let Some(failed) = self.failed.as_ref().filter(|failed| failed.until > now) {
                    return Err(failed.error.clone());
                }
                match (self.open)(&self.config) {
                    Ok(conn) => {
                        self.failed = None;
                        Ok(none.insert(conn))
                    }
                    Err(fault) => {
                        let error = fault.at(&self.config.location);
                        tracing::warn!(%error, "no connection");
                        let rest = self.failed.take().map_or(FIRST_REST, |failed| failed.rest * 2);
                        let rest = rest.min(LAST_REST);
                        self.failed = Some(Failed { error: error.clone(), rest, until: now + rest });
                        Err(error)
                    }
                }
            }
        }
    }

    /// The connection as it is; none where it was lost.
    pub(super) const fn conn(&mut self) -> Option<&mut Conn> {
        self.conn.as_mut()
    }

    /// Lets go of a connection that is of no more use; the next who asks opens another.
    pub(super) fn lose(&mut self) -> Option<Conn> {
        self.conn.take()
    }

    /// Takes this one from now on.
    pub(super) fn replace(&mut self, conn: Option<Conn>) {
        self.conn = conn;
        self.used_at = Instant::now();
    }
}
