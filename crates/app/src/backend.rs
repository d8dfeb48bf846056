//! Backends by URL: which schemes there are, and which of them this program was built with.

use crate::Failure;
use crate::config::Config;

/// Every scheme that has a meaning, with the Cargo feature that builds it in; none: it is not there yet.
const SCHEMES: &[(&str, Option<&str>)] = &[
    ("sqlite", Some("sqlite")),
    ("memory", Some("memory")),
    ("postgres", None),
    ("mysql", None),
    ("redis", None),
    ("elasticsearch", None),
    ("amqp", None),
    ("amqp10", None),
    ("servicebus", None),
    ("nats", None),
    ("kafka", None),
];

/// What the URLs of this configuration name is there.
///
/// # Errors
/// [`Failure::Usage`], naming key and scheme, for an unknown scheme and for one that is not built in.
pub fn check(config: &Config) -> Result<(), Failure> {
    require("write", &config.write, &["sqlite"])?;
    config.read.urls().try_for_each(|(key, url)| require(key, url, &["memory"]))?;
    require("broker", &config.broker, &["memory"])?;
    let plain = |(key, url): (&str, &str)| match url {
        "memory:" => Ok(()),
        _ => Err(Failure::Usage(format!("{key}: `memory:` takes no path and no options"))),
    };
    config.read.urls().try_for_each(plain)?;
    plain(("broker", &config.broker))
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
    let known = SCHEMES.iter().any(|(name, _)| *name == scheme);
    Err(Failure::Usage(if known {
        format!("{key}: `{scheme}:` is not built into this program for `{key}`; built in: {listed}")
    } else {
        let all = SCHEMES.iter().map(|(name, _)| format!("`{name}:`")).collect::<Vec<_>>().join(", ");
        format!("{key}: there is no backend `{scheme}:`; known: {all}; built in here: {listed}")
    }))
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
        let sentence =
            refused(Config { write: "postgres://me:secret@host/db".to_owned(), ..Config::default() });
        assert!(
            sentence.contains("`postgres:` is not built in") && sentence.contains("`sqlite:`"),
            "{sentence}"
        );
        assert!(!sentence.contains("secret"));
        let sentence = refused(Config { write: "memory:".to_owned(), ..Config::default() });
        assert!(sentence.contains("not built into"), "{sentence}");
    }

    #[test]
    fn what_does_not_exist_lists_what_does() {
        let sentence = refused(Config { broker: "zeromq://x".to_owned(), ..Config::default() });
        assert!(sentence.contains("broker: there is no backend `zeromq:`") && sentence.contains("`kafka:`"));
        let sentence = refused(Config { write: "portolan.db".to_owned(), ..Config::default() });
        assert!(sentence.contains("URL"), "{sentence}");
    }
}
