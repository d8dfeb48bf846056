//! The options of a store's URL: `name=value` pairs after the question mark.

use portolan_kernel::{Error, Result};

/// [`snapshot_every`](crate::sqlite::Config::snapshot_every), unless it is set.
pub(crate) const SNAPSHOT_EVERY: u64 = 100;

/// The options of one URL, each taken out once; what is left over is unknown.
pub(crate) struct Options<'a> {
    url: &'a str,
    pairs: Vec<(&'a str, &'a str)>,
    known: Vec<&'static str>,
}

impl<'a> Options<'a> {
    /// Reads `a=1&b=2`; a name that comes twice or has no value is refused.
    pub(crate) fn parse(url: &'a str, query: &'a str) -> Result<Self> {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| Error::Invalid(format!("`{url}`: the option `{pair}` has no value")))?;
            if pairs.iter().any(|(known, _)| *known == name) {
                return Err(Error::Invalid(format!("`{url}`: the option `{name}` is given twice")));
            }
            pairs.push((name, value));
        }
        Ok(Self { url, pairs, known: Vec::new() })
    }

    /// The value of one of these words, if the option is given.
    pub(crate) fn choice<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Result<Option<T>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let found = words.iter().find(|(word, _)| *word == value);
        found.map(|(_, choice)| Some(*choice)).ok_or_else(|| {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            let known = known.join("`, `");
            Error::Invalid(format!("`{}`: `{name}` is `{value}`; known are `{known}`", self.url))
        })
    }

    /// The whole number of an option, if it is given.
    pub(crate) fn number(&mut self, name: &'static str, min: u64, max: u64) -> Result<Option<u64>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let number = value.parse().ok().filter(|number| (min..=max).contains(number));
        number.map(Some).ok_or_else(|| {
            let url = self.url;
            Error::Invalid(format!(
                "`{url}`: `{name}` is `{value}`; a whole number from {min} to {max} is expected"
            ))
        })
    }

    /// The text of an option, as it stands in the URL, if it is given.
    #[cfg(any(feature = "postgres-engine", feature = "mysql-engine"))]
    pub(crate) fn text(&mut self, name: &'static str) -> Option<&'a str> {
        self.take(name)
    }

    /// Refuses whatever nobody has taken.
    pub(crate) fn finish(self) -> Result<()> {
        let Some((name, _)) = self.pairs.first() else { return Ok(()) };
        let known = self.known.join("`, `");
        Err(Error::Invalid(format!("`{}`: the option `{name}` is unknown; known are `{known}`", self.url)))
    }

    fn take(&mut self, name: &'static str) -> Option<&'a str> {
        self.known.push(name);
        let index = self.pairs.iter().position(|(given, _)| *given == name)?;
        Some(self.pairs.remove(index).1)
    }
}
