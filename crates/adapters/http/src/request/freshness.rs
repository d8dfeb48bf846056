//! How new an answer must be, and how long the caller waits for it.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::HeaderName;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use portolan_kernel::Position;

use super::single;
use crate::problem::Problem;

/// The position that an answer must not be behind.
const AT_LEAST: HeaderName = HeaderName::from_static("portolan-at-least");
/// Preferences of RFC 7240, of which `wait` is understood.
const PREFER: HeaderName = HeaderName::from_static("prefer");

const DEFAULT_WAIT_S: u64 = 2;
const LONGEST_WAIT_S: u64 = 30;

/// `Portolan-At-Least: POSITION`, and `Prefer: wait=SECONDS` (2 if not given, 30 at the most).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Freshness {
    /// The position that the answer must not be behind.
    pub(crate) at_least: Option<Position>,
    /// How long to wait for it.
    pub(crate) patience: Duration,
}

impl Freshness {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let position = |text: &str| {
            text.trim().parse().map(Position).map_err(|_| {
                Problem::malformed("Portolan-At-Least is the position of a receipt, a whole number")
            })
        };
        let at_least = single(headers, &AT_LEAST)?.map(position).transpose()?;
        let wait_s = headers.get_all(&PREFER).iter().find_map(wait).unwrap_or(DEFAULT_WAIT_S);
        Ok(Self { at_least, patience: Duration::from_secs(wait_s.min(LONGEST_WAIT_S)) })
    }
}

impl<S: Sync> FromRequestParts<S> for Freshness {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)
    }
}

/// The `wait` in this list of preferences. Preferences that are not understood are passed over, as the standard asks.
fn wait(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.split([',', ';']).find_map(|preference| {
        let (name, seconds) = preference.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| seconds.trim().trim_matches('"').parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::headers;

    #[test]
    fn the_wait_is_two_seconds_unless_said_and_thirty_at_the_most() {
        let patience = |value| Freshness::of(&headers([("prefer", value)])).unwrap().patience.as_secs();
        assert_eq!(Freshness::of(&HeaderMap::new()).unwrap().patience.as_secs(), 2);
        assert_eq!(patience("wait=7"), 7);
        assert_eq!(patience("respond-async, Wait = 0"), 0);
        assert_eq!(patience("wait=3600"), 30);
        assert_eq!(patience("wait=soon"), 2);
    }

    #[test]
    fn a_position_is_a_whole_number() {
        let at_least =
            |value| Freshness::of(&headers([("portolan-at-least", value)])).map(|fresh| fresh.at_least);
        assert_eq!(at_least("12").unwrap(), Some(Position(12)));
        for wrong in ["", "-1", "1.5", "last"] {
            assert_eq!(at_least(wrong).unwrap_err().code(), "malformed", "{wrong}");
        }
    }
}
