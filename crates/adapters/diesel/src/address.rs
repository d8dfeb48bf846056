//! Where a database server is, as a URL says it: taken apart here, so that no part of a password can end up in the
//! message of a client library.

use std::fmt;

use portolan_kernel::{Error, Result};

/// A database on a server. Printed, it has no password.
#[derive(Clone, PartialEq, Eq)]
pub struct Location {
    scheme: &'static str,
    user: Option<String>,
    password: Option<String>,
    host: String,
    port: Option<u16>,
    database: String,
}

impl Location {
    /// Reads `SCHEME://[USER[:PASSWORD]@][HOST][:PORT]/DATABASE`; what is not of the usual characters is written as
    /// `%XX`. Answers the rest too, which is the options.
    pub(crate) fn parse<'a>(scheme: &'static str, url: &'a str) -> Result<(Self, &'a str)> {
        let shape = format!("`{scheme}://USER:PASSWORD@HOST:PORT/DATABASE`");
        let invalid =
            |what: &str| Error::Invalid(format!("the URL of the store {what}; expected is {shape}"));
        let rest = url
            .strip_prefix(scheme)
            .and_then(|rest| rest.strip_prefix("://"))
            .ok_or_else(|| invalid(&format!("does not begin with `{scheme}://`")))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        // The last `@`: a password that holds one without writing it as `%40` is taken as it is meant.
        let (who, rest) = rest.rsplit_once('@').map_or((None, rest), |(who, rest)| (Some(who), rest));
        let (host, database) = rest.split_once('/').ok_or_else(|| invalid("names no database"))?;
        if database.is_empty() || database.contains('/') {
            return Err(invalid("names no database"));
        }
        let bracketed = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (host, port) = match bracketed {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port))),
        };
        let port = port.map(|port| port.parse().map_err(|_| invalid("has a port that is no number")));
        let (user, password) = match who {
            None => (None, None),
            Some(who) => match who.split_once(':') {
                None => (Some(who), None),
                Some((user, password)) => (Some(user), Some(password)),
            },
        };
        let decoded = |part: &str| decode(part).ok_or_else(|| invalid("has a `%` that begins no character"));
        let location = Self {
            scheme,
            user: user.map(decoded).transpose()?,
            password: password.map(decoded).transpose()?,
            host: decoded(host)?,
            port: port.transpose()?,
            database: decoded(database)?,
        };
        Ok((location, query))
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The same server, another database.
    #[must_use]
    pub fn with_database(&self, database: impl Into<String>) -> Self {
        Self { database: database.into(), ..self.clone() }
    }

    /// What a client library is told: a name and a value each, the password among them.
    #[cfg(feature = "postgres-engine")]
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        let host = Some(&self.host).filter(|host| !host.is_empty());
        [
            ("host", host.cloned()),
            ("port", self.port.map(|port| port.to_string())),
            ("user", self.user.clone()),
            ("password", self.password.clone()),
            ("dbname", Some(self.database.clone())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }

    /// As a URL, with the password.
    #[cfg(feature = "mysql-engine")]
    pub(crate) fn url(&self) -> String {
        let mut url = format!("{}://", self.scheme);
        if let Some(user) = &self.user {
            url.push_str(&encode(user));
            if let Some(password) = &self.password {
                url.push(':');
                url.push_str(&encode(password));
            }
            url.push('@');
        }
        self.push_place(&mut url);
        url
    }

    fn push_place(&self, url: &mut String) {
        if self.host.contains(':') {
            url.push_str(&format!("[{}]", self.host));
        } else {
            url.push_str(&encode(&self.host));
        }
        if let Some(port) = self.port {
            url.push_str(&format!(":{port}"));
        }
        url.push('/');
        url.push_str(&encode(&self.database));
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = format!("{}://", self.scheme);
        self.push_place(&mut url);
        formatter.write_str(&url)
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Text as a part of a URL.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

/// A part of a URL as text; `None` where it is none.
pub(crate) fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let value = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(url: &str) -> Location {
        Location::parse("postgres", url).unwrap().0
    }

    #[test]
    #[cfg(all(feature = "postgres-engine", feature = "mysql-engine"))]
    fn a_url_is_taken_apart_and_put_together() {
        let url = "postgres://a%20b:p%40s%2Fs@[::1]:7/m%C3%A4rkte";
        let with_options = format!("{url}?queue=7");
        let (location, query) = Location::parse("postgres", &with_options).unwrap();
        assert_eq!((location.url().as_str(), query), (url, "queue=7"));
        let parts: Vec<_> = location.parts().collect();
        let expected =
            [("host", "::1"), ("port", "7"), ("user", "a b"), ("password", "p@s/s"), ("dbname", "märkte")];
        assert_eq!(parts, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn it_is_printed_without_who_and_without_the_password() {
        let location = location("postgres://me:secret@host:5432/market");
        assert_eq!(location.to_string(), "postgres://host:5432/market");
        assert_eq!(format!("{location:?}"), "postgres://host:5432/market");
    }

    #[test]
    fn no_refusal_holds_a_part_of_the_password() {
        for url in [
            "postgres://me:sec/ret@host/market",
            "postgres://me:secret@host",
            "postgres://me:sec?ret@host/market",
            "postgres://me:secret@host:port/market",
            "postgres://me:sec%zzret@host/market",
            "mysql://me:secret@host/market",
        ] {
            let said = format!("{:?}", Location::parse("postgres", url).map(|(location, _)| location));
            assert!(!said.contains("sec") && !said.contains("ret@"), "{said}");
        }
    }
}
