//! Conditional requests (RFC 9110, section 13): an entity tag is a row's version in quotes.

use axum::extract::FromRequestParts;
use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use portolan_kernel::Version;

use crate::problem::Problem;

/// The entity tag of this version.
pub(crate) fn etag(version: Version) -> HeaderValue {
    let mut digits = [0; 22];
    let mut place = digits.len() - 1;
    digits[place] = b'"';
    let mut rest = version.get();
    loop {
        place -= 1;
        digits[place] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    place -= 1;
    digits[place] = b'"';
    // Digits and quotes are a header value.
    HeaderValue::from_bytes(&digits[place..]).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// The version that `If-Match` asks for; `None` where it asks for none, or for any (`*`).
///
/// A tag that no version can have (weak, or not a number) fails at once, as RFC 9110 compares it. Of several tags
/// the service takes none, because a command names one version.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<Version>, Problem> {
    let tags = match tags(headers, &IF_MATCH)? {
        None | Some(Tags::Any) => return Ok(None),
        Some(Tags::Listed(tags)) => tags,
    };
    let strong: Vec<_> = tags.iter().filter(|tag| !tag.weak).collect();
    match *strong {
        [] => Err(Problem::precondition_failed()),
        [tag] => tag.version.map(Some).ok_or_else(Problem::precondition_failed),
        _ => Err(Problem::malformed("If-Match takes one entity tag here, or `*`")),
    }
}

/// What `If-None-Match` says the caller has.
#[derive(Debug)]
pub(crate) struct IfNoneMatch(Option<Tags>);

impl IfNoneMatch {
    /// Whether the caller has this version already. The comparison is weak.
    pub(crate) fn has(&self, version: Version) -> bool {
        match &self.0 {
            None => false,
            Some(Tags::Any) => true,
            Some(Tags::Listed(tags)) => tags.iter().any(|tag| tag.version == Some(version)),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        tags(&parts.headers, &IF_NONE_MATCH).map(Self)
    }
}

#[derive(Debug, PartialEq)]
enum Tags {
    Any,
    Listed(Vec<Tag>),
}

#[derive(Debug, PartialEq)]
struct Tag {
    weak: bool,
    /// `None` for a tag that this service never gives.
    version: Option<Version>,
}

fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, Problem> {
    let malformed = || Problem::malformed(format!("{name} is a list of entity tags like `\"3\"`, or `*`"));
    let mut listed = Vec::new();
    for value in headers.get_all(name) {
        let text = value.to_str().map_err(|_| malformed())?.trim();
        if text == "*" {
            return Ok(Some(Tags::Any));
        }
        let mut rest = text;
        while !rest.is_empty() {
            let (tag, behind) = tag(rest).ok_or_else(malformed)?;
            listed.push(tag);
            let behind = behind.trim_start();
            rest = match behind.strip_prefix(',') {
                Some(next) => next.trim_start(),
                None if behind.is_empty() => behind,
                None => return Err(malformed()),
            };
        }
    }
    if listed.is_empty() && headers.contains_key(name) {
        return Err(malformed());
    }
    Ok((!listed.is_empty()).then_some(Tags::Listed(listed)))
}

/// The tag at the start of the text, and what comes behind it.
fn tag(text: &str) -> Option<(Tag, &str)> {
    let (weak, quoted) = match text.strip_prefix("W/") {
        Some(quoted) => (true, quoted),
        None => (false, text),
    };
    let (opaque, behind) = quoted.strip_prefix('"')?.split_once('"')?;
    let canonical = opaque.parse().ok().filter(|number: &u64| number.to_string() == opaque);
    Some((Tag { weak, version: canonical.map(Version) }, behind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::headers;

    fn matched(value: &str) -> Result<Option<u64>, String> {
        let asked = if_match(&headers([("if-match", value)]));
        asked.map(|version| version.map(Version::get)).map_err(|problem| problem.code().to_owned())
    }

    #[test]
    fn if_match_takes_one_strong_tag_or_a_star() {
        assert_eq!(matched("\"3\""), Ok(Some(3)));
        assert_eq!(matched("*"), Ok(None));
        assert_eq!(matched("W/\"9\", \"3\""), Ok(Some(3)));
        assert_eq!(if_match(&HeaderMap::new()), Ok(None));
    }

    #[test]
    fn if_match_fails_for_a_tag_that_no_version_has_and_is_refused_where_it_is_none() {
        for failed in ["W/\"3\"", "\"abc\"", "\"03\"", "\"\""] {
            assert_eq!(matched(failed), Err("precondition_failed".to_owned()), "{failed}");
        }
        for malformed in ["3", "\"3", "", "\"3\" \"4\"", "\"3\", \"4\""] {
            assert_eq!(matched(malformed), Err("malformed".to_owned()), "{malformed}");
        }
    }

    #[test]
    fn if_none_match_compares_weakly_with_each_of_a_list() {
        let has = |value: &str| {
            IfNoneMatch(tags(&headers([("if-none-match", value)]), &IF_NONE_MATCH).unwrap()).has(Version(3))
        };
        assert!(has("\"3\"") && has("W/\"3\"") && has("\"1\",\"3\"") && has("*"));
        assert!(!has("\"4\"") && !has("\"x\""));
    }

    #[test]
    fn an_entity_tag_is_the_version_in_quotes() {
        for version in [0, 7, 10, u64::MAX] {
            assert_eq!(etag(Version(version)), format!("\"{version}\"").as_str());
        }
    }
}
