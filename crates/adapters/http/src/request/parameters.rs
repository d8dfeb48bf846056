//! Query parameters: each known to its route, each given once.

use std::borrow::Cow;

use axum::http::Uri;

use crate::problem::Problem;

/// The parameters of one request, decoded.
#[derive(Debug)]
pub(crate) struct Parameters<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Parameters<'a> {
    /// Those of this address, of which the route knows these.
    ///
    /// # Errors
    /// `malformed` for one that is not known, and for one that is given twice.
    pub(crate) fn of(uri: &'a Uri, known: &[&str]) -> Result<Self, Problem> {
        let mut given: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            if !known.contains(&&*name) {
                return Err(unknown(&name, known));
            }
            if given.iter().any(|(earlier, _)| *earlier == name) {
                return Err(Problem::malformed(format!("the parameter `{name}` is given twice"))
                    .with("parameter", &*name));
            }
            given.push((name, value));
        }
        Ok(Self(given))
    }

    /// The value of this parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| &**value)
    }

    /// The whole number in this parameter.
    ///
    /// # Errors
    /// `invalid` where it is none.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            Problem::invalid(format!("the parameter `{name}` is a whole number")).with("parameter", name)
        })
    }

    /// Whether this parameter is `true`.
    ///
    /// # Errors
    /// `invalid` where it is neither `true` nor `false`.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Problem::invalid(format!("the parameter `{name}` is `true` or `false`"))
                .with("parameter", name)),
        }
    }

    /// The query string of these parameters with this one changed.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let mut text = form_urlencoded::Serializer::new(String::new());
        for (given, kept) in self.0.iter().filter(|(given, _)| given != name) {
            text.append_pair(given, kept);
        }
        text.append_pair(name, value);
        text.finish()
    }
}

fn unknown(name: &str, known: &[&str]) -> Problem {
    let shown: String = name.chars().take(64).collect();
    let list = match known {
        [] => "this address takes none".to_owned(),
        known => format!("known are {}", known.join(", ")),
    };
    Problem::malformed(format!("unknown parameter `{shown}`; {list}")).with("parameter", shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_known_and_given_once() {
        let code = |uri: &'static str| {
            Parameters::of(&Uri::from_static(uri), &["limit", "sort"])
                .map(|_| ())
                .map_err(|p| p.code().to_owned())
        };
        assert_eq!(code("/listings?limit=1&sort=title"), Ok(()));
        assert_eq!(code("/listings?filter=1"), Err("malformed".to_owned()));
        assert_eq!(code("/listings?limit=1&limit=1"), Err("malformed".to_owned()));
    }

    #[test]
    fn one_parameter_is_changed_and_the_others_are_kept() {
        let uri = Uri::from_static("/listings?sort=-price.amount%2Ctitle&after=a&limit=2");
        let parameters = Parameters::of(&uri, &["sort", "after", "limit"]).unwrap();
        assert_eq!(parameters.with("after", "b c"), "sort=-price.amount%2Ctitle&limit=2&after=b+c");
    }
}
