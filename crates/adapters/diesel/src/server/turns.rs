//! When a group may be written: at any time. Whose turn it is among processes is the server's to say, by the row of the
//! head.

use portolan_kernel::Error;

use super::{Config, Conn, Fault};

/// What a writer has beside its connection: nothing.
pub(crate) struct Turns;

/// The right to write.
pub(crate) struct Turn;

impl Turns {
    #[expect(clippy::unnecessary_wraps, reason = "an engine on files opens some here")]
    pub(crate) const fn start(_config: &Config) -> Result<Self, Fault> {
        Ok(Self)
    }

    pub(crate) const fn wait(&self) -> Turn {
        Turn
    }

    pub(crate) const fn wrote(&self, _pages: u64) {}

    #[expect(clippy::unnecessary_wraps, reason = "an engine on files asks its log")]
    pub(crate) const fn measure(&self, _conn: &mut Conn) -> diesel::QueryResult<()> {
        Ok(())
    }

    pub(crate) const fn refusal(&self, _config: &Config) -> Option<Error> {
        None
    }
}
