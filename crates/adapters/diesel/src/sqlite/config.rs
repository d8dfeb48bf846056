//! Where a store is and how it is driven, as its URL says.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use portolan_kernel::{Error, Result};

use crate::Storage;
use crate::config::{Options, SNAPSHOT_EVERY};

const MIB: u64 = 1 << 20;

/// Where a store is and how it is driven.
///
/// As text `sqlite:PATH?option=value&..`, or `sqlite::memory:`; the `sqlite:` may be left out. The options are those
/// of the fields: `durability`, `queue`, `group`, `log_limit_mib`, `busy_ms`, `readers`, `storage` (`relational`,
/// `document` or `events`) and `snapshot_every`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file, or memory.
    pub location: Location,
    /// What survives a power cut.
    pub durability: Durability,
    /// How many commits may wait for the writer; one more is answered [`Error::Full`].
    pub queue: usize,
    /// How many commits the writer takes into one transaction at the most.
    pub group: usize,
    /// Beyond this size of the log, which grows as long as another program reads one old state, commits are refused.
    pub log_limit_bytes: u64,
    /// How long to wait for a lock that another program holds.
    pub busy_timeout: Duration,
    /// How many connections read beside the writer.
    pub readers: usize,
    /// How a new store is to keep aggregates, or one that is there is to have been made; without, a new one keeps rows.
    pub storage: Option<Storage>,
    /// Where a store keeps events alone: how many of them there are between two snapshots of an aggregate at the
    /// least. Large states have theirs further apart.
    pub snapshot_every: u64,
}

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In memory: lost when the last handle is dropped. One connection serves everybody.
    Memory,
    /// In this file, with `-wal`, `-shm`, `-next`, `-turn` and `-lease-*` files beside it.
    File(PathBuf),
}

/// What a commit that was acknowledged survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The end of the process and a power cut (`synchronous=FULL`).
    Full,
    /// The end of the process; a power cut loses the last commits, though never half of one (`synchronous=NORMAL`).
    LosesLastCommitsOnPowerCut,
}

impl Config {
    /// A store at this place, driven as usual.
    #[must_use]
    pub const fn new(location: Location) -> Self {
        Self {
            location,
            durability: Durability::Full,
            queue: 8_192,
            group: 256,
            log_limit_bytes: 1_024 * MIB,
            busy_timeout: Duration::from_secs(5),
            readers: 2,
            storage: None,
            snapshot_every: SNAPSHOT_EVERY,
        }
    }

    /// A store in this file, driven as usual.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::new(Location::File(path.into()))
    }

    /// The file by one name, however it is spelled; `None` for memory.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        let path = self.location.path()?;
        let real = path.canonicalize().or_else(|_| {
            // One that is yet to be made, in a directory that is there.
            let directory = match path.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent,
                _ => Path::new("."),
            };
            Ok::<_, std::io::Error>(directory.canonicalize()?.join(path.file_name().unwrap_or_default()))
        });
        Some(format!("sqlite:{}", real.as_deref().unwrap_or(path).display()))
    }

    /// A store in memory.
    #[must_use]
    pub const fn memory() -> Self {
        Self::new(Location::Memory)
    }
}

impl Location {
    /// The file; `None` for memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Memory => None,
            Self::File(path) => Some(path),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => formatter.write_str("the store in memory"),
            Self::File(path) => path.display().fmt(formatter),
        }
    }
}

impl FromStr for Config {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("sqlite:").unwrap_or(url);
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut config = match place {
            "" => return Err(Error::Invalid(format!("`{url}` names no file; expected `sqlite:PATH`"))),
            ":memory:" => Self::memory(),
            path if path.starts_with("//") && !path.starts_with("///") => {
                return Err(Error::Invalid(format!(
                    "`{url}` names a host, and SQLite has none; expected `sqlite:PATH`, like `sqlite:market.db` or \
                     `sqlite:/var/market.db`"
                )));
            }
            path => Self::file(path),
        };
        let mut options = Options::parse(url, query)?;
        let words = [
            ("full", Durability::Full),
            ("loses_last_commits_on_power_cut", Durability::LosesLastCommitsOnPowerCut),
        ];
        if let Some(durability) = options.choice("durability", &words)? {
            config.durability = durability;
        }
        if let Some(queue) = options.number("queue", 1, 1_000_000)? {
            config.queue = small(queue);
        }
        if let Some(group) = options.number("group", 1, 10_000)? {
            config.group = small(group);
        }
        if let Some(mib) = options.number("log_limit_mib", 1, 1_000_000)? {
            config.log_limit_bytes = mib * MIB;
        }
        if let Some(milliseconds) = options.number("busy_ms", 0, 3_600_000)? {
            config.busy_timeout = Duration::from_millis(milliseconds);
        }
        if let Some(readers) = options.number("readers", 1, 64)? {
            config.readers = small(readers);
        }
        config.storage = options.choice("storage", &Storage::WORDS)?;
        if let Some(every) = options.number("snapshot_every", 1, 1_000_000)? {
            config.snapshot_every = every;
        }
        options.finish()?;
        Ok(config)
    }
}

/// A number that its option has kept below a million.
fn small(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        url.parse::<Config>().unwrap_err().to_string()
    }

    #[test]
    fn a_url_names_a_file_and_options() {
        let config: Config =
            "sqlite:a/b.db?durability=loses_last_commits_on_power_cut&queue=7&group=3&storage=relational"
                .parse()
                .unwrap();
        assert_eq!(config.location, Location::File("a/b.db".into()));
        assert_eq!(config.durability, Durability::LosesLastCommitsOnPowerCut);
        assert_eq!((config.queue, config.group), (7, 3));
        assert_eq!("sqlite::memory:".parse::<Config>().unwrap(), Config::memory());
    }

    #[test]
    fn an_unknown_option_is_named_beside_the_known_ones() {
        let message = refused("sqlite:a.db?sync=off");
        assert!(message.contains("`sync` is unknown"), "{message}");
        assert!(message.contains("durability`, `queue`, `group`"), "{message}");
    }

    #[test]
    fn a_value_that_is_not_known_is_named_beside_the_known_ones() {
        assert!(refused("sqlite:a.db?durability=off").contains("known are `full`, `loses_last"));
        assert!(refused("sqlite:a.db?queue=0").contains("from 1 to 1000000"));
        assert!(refused("sqlite:a.db?storage=rows").contains("known are `relational`, `document`, `events`"));
        assert!(refused("sqlite:a.db?queue").contains("has no value"));
        assert!(refused("sqlite:a.db?queue=1&queue=2").contains("given twice"));
        assert!(refused("sqlite:").contains("names no file"));
        for url in ["sqlite://a.db", "sqlite://host/a.db?queue=1", "sqlite://"] {
            assert!(refused(url).contains("names a host"), "{url}");
        }
        let absolute: Config = "sqlite:///a/b.db".parse().unwrap();
        assert_eq!(absolute.location, Location::File("///a/b.db".into()));
    }
}
