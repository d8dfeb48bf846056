//! Which parts of the service a subcommand runs.

use crate::config::Config;

/// Which parts of the service run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// The read models follow the journal.
    pub views: bool,
    /// Sales become orders.
    pub processes: bool,
    /// Listings close by themselves.
    pub deadlines: bool,
}

impl Parts {
    /// All of them, as far as the configuration lets them run.
    #[must_use]
    pub const fn to_serve(config: &Config) -> Self {
        Self { views: true, processes: config.processes.is_on(), deadlines: config.deadlines.is_on() }
    }

    /// Processes, and no deadlines: what an import says of time goes with its commands.
    #[must_use]
    pub const fn to_import(config: &Config) -> Self {
        Self { views: false, processes: config.processes.is_on(), deadlines: false }
    }

    /// As for an import: one command, and what it causes.
    #[must_use]
    pub const fn to_send(config: &Config) -> Self {
        Self::to_import(config)
    }
}
