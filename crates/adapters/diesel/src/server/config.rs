//! Where a store is and how it is driven, as its URL says.

use std::str::FromStr;
use std::time::Duration;

use portolan_kernel::{Error, Result};

use super::tuning;
use crate::Storage;
use crate::address::{Location, decode};
use crate::config::{Options, SNAPSHOT_EVERY};

/// Where a store is and how it is driven.
///
/// As text a URL of the engine's scheme, with options after a question mark. They are those of the fields: `queue`,
/// `group`, `readers`, `lock_ms`, `statement_ms`, `lease_ms`, `storage` (`relational`,
/// `document` or `events`) and `snapshot_every`; beside them those that the engine's client library knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The database.
    pub location: Location,
    /// How many commits may wait for the writer; one more is answered [`Error::Full`].
    pub queue: usize,
    /// How many commits the writer takes into one transaction at the most.
    pub group: usize,
    /// How many connections read beside the writer.
    pub readers: usize,
    /// How long to wait for a lock that another process holds, and how long the server lets a transaction stand idle
    /// before it ends it: what a process that is stuck costs the others.
    pub lock_timeout: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
    /// How long a lease lasts that is not extended.
    pub lease: Duration,
    /// What the client library is told beside the location: names and values.
    pub client: Vec<(String, String)>,
    /// How a new store is to keep aggregates, or one that is there is to have been made; without, a new one keeps rows.
    pub storage: Option<Storage>,
    /// Where a store keeps events alone: how many of them there are between two snapshots of an aggregate at the
    /// least. Large states have theirs further apart.
    pub snapshot_every: u64,
}

impl Config {
    /// A store at this place, driven as usual.
    #[must_use]
    pub const fn new(location: Location) -> Self {
        Self {
            location,
            queue: 8_192,
            group: 256,
            readers: 4,
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            lease: Duration::from_secs(5),
            client: Vec::new(),
            storage: None,
            snapshot_every: SNAPSHOT_EVERY,
        }
    }
}

impl Config {
    /// The database, and the schema in it where the URL names one: two of the same are one store.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        let schema = self.client.iter().find(|(name, _)| name == "schema");
        Some(format!("{} {}", self.location, schema.map_or("", |(_, schema)| schema)))
    }
}

impl FromStr for Config {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self> {
        let (location, query) = Location::parse(tuning::SCHEME, url)?;
        let mut config = Self::new(location);
        let name = config.location.to_string();
        let mut options = Options::parse(&name, query)?;
        let small = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        if let Some(queue) = options.number("queue", 1, 1_000_000)? {
            config.queue = small(queue);
        }
        if let Some(group) = options.number("group", 1, 10_000)? {
            config.group = small(group);
        }
        if let Some(readers) = options.number("readers", 1, 64)? {
            config.readers = small(readers);
        }
        let milliseconds = [
            ("lock_ms", &mut config.lock_timeout),
            ("statement_ms", &mut config.statement_timeout),
            ("lease_ms", &mut config.lease),
        ];
        for (name, field) in milliseconds {
            if let Some(milliseconds) = options.number(name, 1, 3_600_000)? {
                *field = Duration::from_millis(milliseconds);
            }
        }
        config.storage = options.choice("storage", &Storage::WORDS)?;
        if let Some(every) = options.number("snapshot_every", 1, 1_000_000)? {
            config.snapshot_every = every;
        }
        for name in tuning::CLIENT_OPTIONS {
            if let Some(value) = options.text(name) {
                let value = decode(value)
                    .ok_or_else(|| Error::Invalid(format!("`{}`: `{name}` is no text", config.location)))?;
                config.client.push(((*name).to_owned(), value));
            }
        }
        options.finish()?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(rest: &str) -> Result<Config> {
        format!("{}://me:secret@host/market{rest}", tuning::SCHEME).parse()
    }

    #[test]
    fn a_url_names_a_database_and_options() {
        let config = parsed("?queue=7&lock_ms=250&storage=relational").unwrap();
        assert_eq!((config.queue, config.lock_timeout), (7, Duration::from_millis(250)));
        assert_eq!(config.location.database(), "market");
    }

    #[test]
    fn an_unknown_option_is_named_beside_the_known_ones_and_the_password_is_not() {
        let message = parsed("?sync=off").unwrap_err().to_string();
        assert!(message.contains("`sync` is unknown") && message.contains("`lease_ms`"), "{message}");
        assert!(!message.contains("secret"), "{message}");
        assert!(!format!("{:?}", parsed("")).contains("secret"));
    }
}
