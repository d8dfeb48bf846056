//! Backends by URL: which schemes there are, and which of them this program was built with.

use portolan_kernel::Storage;

use crate::config::Config;
use crate::{Failure, wiring};

/// Every scheme that has a meaning, with the Cargo feature that builds it in; none: it is not there yet.
const SCHEMES: &[(&str, Option<&str>)] = &[
    ("sqlite", Some("sqlite")),
    ("memory", Some("memory")),
    ("postgres", Some("postgres")),
    ("mysql", Some("mysql")),
    ("redis", None),
    ("elasticsearch", None),
    ("amqp", None),
    ("amqp10", None),
    ("servicebus", None),
    ("nats", None),
    ("kafka", None),
];

/// The schemes of stores that are built in.
const WRITE: &[&str] = &[
    #[cfg(feature = "sqlite")]
    "sqlite",
    #[cfg(any(feature = "postgres", feature = "postgres-system"))]
    "postgres",
    #[cfg(any(feature = "mysql", feature = "mysql-system"))]
    "mysql",
    #[cfg(feature = "memory")]
    "memory",
];

/// What the URLs of this configuration name is there.
///
/// # Errors
/// [`Failure::Usage`], naming key and scheme, for an unknown scheme and for one that is not built in.
pub fn check(config: &Config) -> Result<(), Failure> {
    require("write", &config.write, WRITE)?;
    in_memory(&config.write)?;
    if let Some(next) = &config.next_write {
        // No other program can put anything into the memory of this one.
        let built_in: Vec<&str> = WRITE.iter().copied().filter(|scheme| *scheme != "memory").collect();
        require("next_write", next, &built_in)?;
    }
    // A program that has no read models does without, as long as nobody asks one.
    if cfg!(feature = "memory") {
        check_read(config)?;
    }
    require("broker", &config.broker, &["memory"])?;
    plain(("broker", &config.broker))
}

/// What the URLs of the read models name is there.
///
/// # Errors
/// As [`check`].
pub fn check_read(config: &Config) -> Result<(), Failure> {
    // Whatever keeps a write store keeps read models too.
    config.read.urls().try_for_each(|(key, url)| {
        require(key, url, WRITE)?;
        if url.starts_with("memory:") { plain((key, url)) } else { Ok(()) }
    })
}

/// How a write store in memory keeps aggregates; `None` where the URL names another store.
///
/// # Errors
/// [`Failure::Usage`] for whatever else it says.
pub fn in_memory(url: &str) -> Result<Option<Storage>, Failure> {
    let Some(said) = url.strip_prefix("memory:") else { return Ok(None) };
    if said.is_empty() {
        return Ok(Some(Storage::default()));
    }
    let Some(word) = said.strip_prefix("?storage=") else {
        return Err(Failure::Usage("write: `memory:` takes no path, and no option but `storage`".to_owned()));
    };
    let found = Storage::WORDS.into_iter().find(|(known, _)| *known == word);
    found.map(|(_, storage)| Some(storage)).ok_or_else(|| {
        let known = Storage::WORDS.map(|(known, _)| format!("`{known}`")).join(", ");
        Failure::Usage(format!("write: `{url}`: `storage` is `{word}`; known are {known}"))
    })
}

fn plain((key, url): (&str, &str)) -> Result<(), Failure> {
    match url {
        "memory:" => Ok(()),
        _ => Err(Failure::Usage(format!("{key}: `memory:` takes no path and no options"))),
    }
}

/// Never prints the URL: it may hold a password.
fn require(key: &str, url: &str, built_in: &[&str]) -> Result<(), Failure> {
    let listed = built_in.iter().map(|scheme| format!("`{scheme}:`")).collect::<Vec<_>>().join(", ");
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_a_scheme = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_a_scheme {
        return Err(Failure::Usage(format!(
            "{key}: a backend is named by a URL that begins with a scheme; built in: {listed}"
        )));
    }
    if built_in.contains(&scheme) {
        return Ok(());
    }
    let listed = if built_in.is_empty() { "nothing".to_owned() } else { listed };
    let known = SCHEMES.iter().find(|(name, _)| *name == scheme);
    Err(Failure::Usage(match known {
        // A backend that is there may serve another key alone.
        Some((_, Some(feature))) if !is_on(feature) => format!(
            "{key}: `{scheme}:` is not built into this program; build it with the Cargo feature `{feature}`; \
             built in: {listed}"
        ),
        Some(_) => {
            format!("{key}: `{scheme}:` is not built into this program for `{key}`; built in: {listed}")
        }
        None => {
            let all = SCHEMES.iter().map(|(name, _)| format!("`{name}:`")).collect::<Vec<_>>().join(", ");
            format!("{key}: there is no backend `{scheme}:`; known: {all}; built in here: {listed}")
        }
    }))
}

fn is_on(feature: &str) -> bool {
    wiring::FEATURES.iter().any(|(name, is_on)| *name == feature && *is_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(config: Config) -> String {
        match check(&config) {
            Err(Failure::Usage(sentence)) => sentence,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_defaults_are_built_in() {
        assert!(check(&Config::default()).is_ok());
    }

    #[test]
    fn what_is_not_built_in_says_so_and_keeps_the_password() {
        let sentence = refused(Config { write: "redis://me:secret@host/0".to_owned(), ..Config::default() });
        assert!(
            sentence.contains("`redis:` is not built in") && sentence.contains("`sqlite:`"),
            "{sentence}"
        );
        assert!(!sentence.contains("secret"));
        #[cfg(not(any(feature = "postgres", feature = "postgres-system")))]
        {
            let write = "postgres://me:secret@host/db".to_owned();
            let sentence = refused(Config { write, ..Config::default() });
            assert!(
                sentence.contains("Cargo feature `postgres`") && !sentence.contains("secret"),
                "{sentence}"
            );
        }
        let sentence = refused(Config { write: "memory:market".to_owned(), ..Config::default() });
        let is_on = cfg!(feature = "memory");
        assert!(sentence.contains(if is_on { "takes no path" } else { "not built into" }), "{sentence}");
    }

    #[test]
    #[cfg(feature = "memory")]
    fn a_store_in_memory_keeps_aggregates_in_any_way() {
        let write = |url: &str| Config { write: url.to_owned(), ..Config::default() };
        for (url, expected) in [
            ("memory:", Storage::Relational),
            ("memory:?storage=relational", Storage::Relational),
            ("memory:?storage=document", Storage::Document),
            ("memory:?storage=events", Storage::Events),
        ] {
            assert!(check(&write(url)).is_ok(), "{url}");
            assert_eq!(in_memory(url).ok().flatten(), Some(expected), "{url}");
        }
        let sentence = refused(write("memory:?storage=event"));
        assert!(sentence.contains("known are `relational`, `document`, `events`"), "{sentence}");
        assert!(refused(write("memory:?readers=1")).contains("no option but `storage`"));
        assert!(matches!(in_memory("sqlite::memory:"), Ok(None)));
    }

    #[test]
    fn what_a_feature_would_build_in_names_it() {
        let Err(Failure::Usage(sentence)) = require("read", "memory:", &[]) else {
            panic!("it is not there")
        };
        // In a program that has it the key is what does not fit.
        assert_eq!(sentence.contains("Cargo feature `memory`"), !cfg!(feature = "memory"), "{sentence}");
        assert!(sentence.contains("built in: nothing"), "{sentence}");
    }

    #[test]
    fn a_store_moves_to_a_place_that_others_can_reach() {
        let next = |url: &str| Config { next_write: Some(url.to_owned()), ..Config::default() };
        assert!(check(&next("sqlite:next.db")).is_ok());
        assert!(refused(next("memory:")).contains("next_write: `memory:` is not built into this program"));
        assert!(refused(next("postgresql://x/y")).contains("next_write: there is no backend `postgresql:`"));
    }

    #[test]
    fn what_does_not_exist_lists_what_does() {
        let sentence = refused(Config { broker: "zeromq://x".to_owned(), ..Config::default() });
        assert!(sentence.contains("broker: there is no backend `zeromq:`") && sentence.contains("`kafka:`"));
        let sentence = refused(Config { write: "portolan.db".to_owned(), ..Config::default() });
        assert!(sentence.contains("URL"), "{sentence}");
    }
}
