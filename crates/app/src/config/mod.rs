//! Configuration: flag, then environment, then file, then default.

pub use flags::Flags;

mod flags;
mod mistake;

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Deserializer, Serialize};

use crate::Failure;

/// The keys that choose what runs; each is a flag, an environment variable and a line of `portolan.toml`.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The write store and journal.
    pub write: String,
    /// The write store that a running service goes on with when `write` is switched to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_write: Option<String>,
    /// The read models.
    pub read: Read,
    /// Where a relay is to publish; there is none yet.
    pub broker: String,
    /// The address of the HTTP server.
    #[serde(deserialize_with = "listen")]
    pub listen: SocketAddr,
    /// How many days the outcome of a command given over HTTP is kept.
    pub idempotency_days: u32,
    /// Whether deadlines run.
    pub deadlines: Switch,
    /// Whether processes run.
    pub processes: Switch,
}

/// One URL for every read model, or one for each.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Where a read model is that has no URL of its own.
    #[serde(default = "memory")]
    pub default: String,
    /// ListingView.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listings: Option<String>,
    /// OrderView.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders: Option<String>,
    /// CustomerSummary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customers: Option<String>,
    /// MarketTotals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<String>,
}

impl Read {
    /// Where the read model of this name is.
    #[must_use]
    pub fn url(&self, view: &str) -> &str {
        let own = match view {
            "listings" => &self.listings,
            "orders" => &self.orders,
            "customers" => &self.customers,
            "totals" => &self.totals,
            _ => &None,
        };
        own.as_deref().unwrap_or(&self.default)
    }

    /// The same for this read model, and memory for all others: for whoever asks one of them.
    #[must_use]
    pub fn only(&self, view: &str) -> Self {
        let own = |name: &str| (name == view).then(|| self.url(view).to_owned());
        Self {
            default: memory(),
            listings: own("listings"),
            orders: own("orders"),
            customers: own("customers"),
            totals: own("totals"),
        }
    }

    /// Every URL that is in use, with its key.
    pub fn urls(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let own = [
            ("read.listings", &self.listings),
            ("read.orders", &self.orders),
            ("read.customers", &self.customers),
            ("read.totals", &self.totals),
        ];
        std::iter::once(("read", self.default.as_str()))
            .chain(own.into_iter().filter_map(|(key, url)| Some((key, url.as_deref()?))))
    }
}

/// The address that this text names, like `127.0.0.1:7000`, `[::1]:7000` or `localhost:7000`.
fn address(text: &str) -> Result<SocketAddr, String> {
    let named: Vec<_> = text
        .to_socket_addrs()
        .map_err(|error| {
            format!("`{text}` names no address ({error}); expected HOST:PORT, like 127.0.0.1:7000")
        })?
        .collect();
    // A host of both kinds is looked for at the older one first, as by most clients.
    let found = named.iter().find(|address| address.is_ipv4()).or(named.first());
    found.copied().ok_or_else(|| format!("`{text}` names no address"))
}

fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    address(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

fn memory() -> String {
    "memory:".to_owned()
}

/// `on` or `off`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// It runs.
    On,
    /// It does not.
    Off,
}

impl Switch {
    /// Whether it runs.
    #[must_use]
    pub const fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            write: "sqlite:portolan.db".to_owned(),
            next_write: None,
            read: Read { default: memory(), listings: None, orders: None, customers: None, totals: None },
            broker: memory(),
            listen: SocketAddr::from(([127, 0, 0, 1], 7000)),
            idempotency_days: 7,
            deadlines: Switch::On,
            processes: Switch::On,
        }
    }
}

/// The name of the file that is read where none is named.
const FILE: &str = "portolan.toml";

/// Longer than any client asks again.
const MAX_IDEMPOTENCY_DAYS: u32 = 36_525;

/// The environment variables that are keys; `PORTOLAN_CONFIG` and `PORTOLAN_LOG` are read elsewhere.
const VARIABLES: &[(&str, &str)] = &[
    ("WRITE", "write"),
    ("NEXT_WRITE", "next_write"),
    ("READ", "read.default"),
    ("READ_LISTINGS", "read.listings"),
    ("READ_ORDERS", "read.orders"),
    ("READ_CUSTOMERS", "read.customers"),
    ("READ_TOTALS", "read.totals"),
    ("BROKER", "broker"),
    ("LISTEN", "listen"),
    ("IDEMPOTENCY_DAYS", "idempotency_days"),
    ("DEADLINES", "deadlines"),
    ("PROCESSES", "processes"),
];

impl Config {
    /// What these flags, this environment and the file make together.
    ///
    /// # Errors
    /// [`Failure::Usage`], naming the key, its place and what is known, for an unknown key or a wrong value.
    pub fn load(flags: &Flags) -> Result<Self, Failure> {
        unknown_variables()?;
        let file = file(flags)?;
        let environment = Env::prefixed("PORTOLAN_").filter_map(|variable| {
            let known = VARIABLES.iter().find(|(name, _)| variable == *name)?;
            Some(known.1.into())
        });
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(path) = &file {
            figment = figment.merge(Self::read_file(path)?);
        }
        figment = figment.merge(environment).merge(Serialized::defaults(flags.values()));
        let config: Self =
            figment.extract().map_err(|error| Failure::Usage(mistake::explain(&error, file.as_deref())))?;
        if config.idempotency_days > MAX_IDEMPOTENCY_DAYS {
            let days = config.idempotency_days;
            return Err(Failure::Usage(format!(
                "configuration: `idempotency_days`: {days} is more than {MAX_IDEMPOTENCY_DAYS}, a hundred years"
            )));
        }
        Ok(config)
    }

    /// How long the outcome of a command with an id is kept.
    #[must_use]
    pub fn idempotency(&self) -> std::time::Duration {
        std::time::Duration::from_secs(u64::from(self.idempotency_days) * 24 * 60 * 60)
    }

    /// `read = "URL"` is short for `[read] default = "URL"`.
    fn read_file(path: &Path) -> Result<figment::providers::Data<Toml>, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
        // TOML has no key that is a value and a table at once, which `read` beside `read.listings` is.
        let mut at_top = true;
        let mut widened = String::with_capacity(text.len());
        for line in text.lines() {
            at_top = at_top && !line.trim_start().starts_with('[');
            match line.split_once('=') {
                Some((key, value)) if at_top && key.trim() == "read" => {
                    widened.push_str("read.default =");
                    widened.push_str(value);
                }
                _ => widened.push_str(line),
            }
            widened.push('\n');
        }
        Ok(Toml::string(&widened))
    }
}

/// The file that was named, which must be there, or the usual one, which need not.
fn file(flags: &Flags) -> Result<Option<PathBuf>, Failure> {
    match &flags.config {
        Some(path) if path.is_file() => Ok(Some(path.clone())),
        Some(path) => Err(Failure::Usage(format!("{}: there is no such configuration file", path.display()))),
        None => Ok(Some(PathBuf::from(FILE)).filter(|path| path.is_file())),
    }
}

/// A misspelt variable would otherwise be passed over in silence.
fn unknown_variables() -> Result<(), Failure> {
    let known = |name: &str| {
        matches!(name, "CONFIG" | "LOG")
            || name.starts_with("TEST_")
            || VARIABLES.iter().any(|(known, _)| *known == name)
    };
    let unknown = std::env::vars_os().find_map(|(name, _)| {
        let name = name.into_string().ok()?;
        let key = name.strip_prefix("PORTOLAN_")?;
        (!known(key)).then(|| name.clone())
    });
    match unknown {
        None => Ok(()),
        Some(name) => {
            let list: Vec<_> = VARIABLES.iter().map(|(known, _)| format!("PORTOLAN_{known}")).collect();
            Err(Failure::Usage(format!(
                "the environment variable {name} is no key; the keys are {}",
                list.join(", ")
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_beats_the_default_and_leaves_the_rest() {
        let flags = Flags { write: Some("sqlite:other.db".to_owned()), ..Flags::default() };
        let config = Config::load(&flags).unwrap();
        assert_eq!(config, Config { write: "sqlite:other.db".to_owned(), ..Config::default() });
    }

    #[test]
    fn one_read_model_can_have_a_url_of_its_own() {
        let flags = Flags { read_orders: Some("memory:".to_owned()), ..Flags::default() };
        let config = Config::load(&flags).unwrap();
        let urls: Vec<_> = config.read.urls().collect();
        assert_eq!(urls, [("read", "memory:"), ("read.orders", "memory:")]);
    }

    #[test]
    fn a_file_is_read_strictly() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("portolan.toml");
        let load = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Config::load(&Flags { config: Some(path.clone()), ..Flags::default() })
        };
        let config = load(
            "write = \"sqlite:a.db\"\nread = \"memory:\"\nread.orders = \"memory:\"\ndeadlines = \"off\"\n",
        );
        let config = config.unwrap();
        assert_eq!((config.write.as_str(), config.deadlines), ("sqlite:a.db", Switch::Off));
        let place = path.display();
        for (text, said) in [
            (
                "wriet = \"sqlite:a.db\"\n",
                "`wriet`: there is no such key; known are `write`, `next_write`, `read`",
            ),
            ("idempotency_days = \"week\"\n", "`idempotency_days`: string \"week\" is not a whole number"),
            ("deadlines = \"maybe\"\n", "`deadlines`: `maybe` is none of `on`, `off`"),
            ("deadlines = false\n", "`deadlines`: bool false is not `\"on\"` or `\"off\"`"),
            ("write = 7\n", "`write`: signed int `7` is not a text"),
        ] {
            let wrong = load(text).unwrap_err().to_string();
            assert!(wrong.contains(said) && wrong.ends_with(&format!("({place})")), "{wrong}");
        }
    }

    #[test]
    fn an_outcome_is_kept_for_a_time_that_has_a_date() {
        let days = |days| Config::load(&Flags { idempotency_days: Some(days), ..Flags::default() });
        assert!(days(36_525).is_ok());
        assert!(days(4_000_000).unwrap_err().to_string().contains("idempotency_days"));
    }

    #[test]
    fn an_address_is_a_host_and_a_port() {
        assert!(address("localhost:7000").unwrap().ip().is_loopback());
        assert_eq!(address("[::1]:0").unwrap().port(), 0);
        for wrong in ["here", "127.0.0.1", ":", "127.0.0.1:70000"] {
            let said = address(wrong).unwrap_err();
            assert!(said.contains(wrong) && said.contains("HOST:PORT"), "{said}");
        }
    }

    #[test]
    fn a_file_that_was_named_must_be_there() {
        let flags = Flags { config: Some(PathBuf::from("nowhere/portolan.toml")), ..Flags::default() };
        assert!(Config::load(&flags).unwrap_err().to_string().contains("nowhere/portolan.toml"));
    }
}
