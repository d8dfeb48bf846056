//! Points in time: UTC, microseconds. Nothing below the adapters asks what time it is; it is told.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where the current time comes from: a port, so that tests move it.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// A point in time, UTC, in microseconds since 1970-01-01T00:00:00Z.
///
/// As text it is RFC 3339; any offset is read, `Z` is written. More than six digits of a second are refused
/// rather than cut off.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest time that has an RFC 3339 text: the start of the year 0001.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// The latest time that has an RFC 3339 text: the end of the year 9999.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// The time that is this many microseconds after 1970 began.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970 began.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This much later; stays at the end of time rather than starting over.
    #[must_use]
    pub fn plus(self, duration: std::time::Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is not later.
    #[must_use]
    pub fn since(self, earlier: Self) -> std::time::Duration {
        u64::try_from(self.0.saturating_sub(earlier.0))
            .map_or(std::time::Duration::ZERO, std::time::Duration::from_micros)
    }

    /// The UTC day as `2026-01-05`, the calendar date of the RFC 3339 text.
    #[must_use]
    pub fn day(self) -> String {
        let mut text = self.to_string();
        text.truncate(text.find('T').unwrap_or(text.len()));
        text
    }
}

/// Why a text is not a [`Timestamp`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseTimestampError {
    /// Not RFC 3339.
    #[error("`{0}` is not a time; expected RFC 3339 like `2026-01-05T10:42:23.612654Z`")]
    NotRfc3339(String),
    /// Before [`Timestamp::MIN`] or after [`Timestamp::MAX`], where its offset is taken into account.
    #[error("`{0}` is not between the start of the year 0001 and the end of 9999, in UTC")]
    OutOfRange(String),
    /// Finer than a microsecond.
    #[error("`{0}` has more than six digits of a second")]
    TooPrecise(String),
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shown = || text.chars().take(64).collect();
        let refused = || ParseTimestampError::NotRfc3339(shown());
        // RFC 3339 asks for a full date, `T`, a full time and an offset; jiff alone would also read shorter forms.
        let bytes = text.as_bytes();
        let shaped = text.is_ascii()
            && bytes.len() >= 20
            && bytes[4] == b'-'
            && bytes[7] == b'-'
            && matches!(bytes[10], b'T' | b't' | b' ')
            && bytes[13] == b':'
            && bytes[16] == b':';
        if !shaped {
            return Err(refused());
        }
        let (digits, offset) = fraction_and_offset(&bytes[19..]).ok_or_else(refused)?;
        let offset_minutes = minutes_east(offset).ok_or_else(refused)?;
        if digits > 6 {
            return Err(ParseTimestampError::TooPrecise(shown()));
        }
        let micros = match text.parse::<jiff::Timestamp>() {
            Ok(time) => time.as_microsecond(),
            Err(_) => {
                micros_by_calendar(&text[..text.len() - offset.len()], offset_minutes).ok_or_else(refused)?
            }
        };
        Some(Self(micros))
            .filter(|time| (Self::MIN..=Self::MAX).contains(time))
            .ok_or_else(|| ParseTimestampError::OutOfRange(shown()))
    }
}

/// The start of 1970, without an offset.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// What jiff's timestamps leave out, the last hours of the year 9999 among it, its calendar has.
fn micros_by_calendar(local: &str, offset_minutes: i64) -> Option<i64> {
    let since = local.parse::<DateTime>().ok()?.duration_since(EPOCH);
    i64::try_from(since.as_micros()).ok()?.checked_sub(offset_minutes * 60_000_000)
}

/// How many digits of a second there are, and what follows them; `None` for a point without digits.
fn fraction_and_offset(tail: &[u8]) -> Option<(usize, &[u8])> {
    let Some(fraction) = tail.strip_prefix(b".") else { return Some((0, tail)) };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (digits > 0).then(|| (digits, &fraction[digits..]))
}

/// How many minutes the offset is east of UTC; `None` for what is neither `Z` nor hours and minutes of a day.
fn minutes_east(offset: &[u8]) -> Option<i64> {
    let [sign @ (b'+' | b'-'), hours_1, hours_2, b':', minutes_1, minutes_2] = offset else {
        return matches!(offset, [b'Z' | b'z']).then_some(0);
    };
    let number = |tens: &u8, ones: &u8| {
        let are_digits = tens.is_ascii_digit() && ones.is_ascii_digit();
        are_digits.then(|| i64::from((tens - b'0') * 10 + (ones - b'0')))
    };
    let hours = number(hours_1, hours_2).filter(|hours| *hours < 24)?;
    let minutes = hours * 60 + number(minutes_1, minutes_2).filter(|minutes| *minutes < 60)?;
    Some(if *sign == b'-' { -minutes } else { minutes })
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By seconds and nanoseconds: by microseconds jiff refuses the last second that it can hold.
        let (seconds, micros) = (self.0.div_euclid(1_000_000), self.0.rem_euclid(1_000_000));
        if let Ok(time) = jiff::Timestamp::new(seconds, micros as i32 * 1_000) {
            return fmt::Display::fmt(&time, formatter);
        }
        match EPOCH.checked_add(jiff::SignedDuration::from_micros(self.0)) {
            Ok(time) => write!(formatter, "{time}Z"),
            Err(_) => write!(formatter, "{}us", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A time without a date is refused rather than written as what nobody can read.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if *self < Self::MIN || *self > Self::MAX {
            return Err(serde::ser::Error::custom(format!("{self} has no RFC 3339 text")));
        }
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize(deserializer, "an RFC 3339 time")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_rfc_3339_and_nothing_else() {
        for text in [
            "2026-01-05T10:42:23Z",
            "2026-01-05t10:42:23.5z",
            "2026-01-05 10:42:23.612654+00:00",
            "2026-01-05T11:42:23.612654+01:00",
        ] {
            assert!(text.parse::<Timestamp>().is_ok(), "{text}");
        }
        for text in [
            "",
            "2026-01-05",
            "2026-01-05T10:42Z",
            "2026-01-05T10:42:23",
            "2026-01-05T10:42:23.Z",
            "2026-01-05T10:42:23,5Z",
            "2026-01-05T10:42:23+01",
            "2026-01-05T10:42:23+01:00:30",
            "2026-01-05T10:42:23Z[UTC]",
            "2026-13-05T10:42:23Z",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
        let precise = "2026-01-05T10:42:23.1234567Z".parse::<Timestamp>();
        assert!(matches!(precise, Err(ParseTimestampError::TooPrecise(_))));
    }

    #[test]
    fn times_reach_from_the_start_of_the_first_year_to_the_end_of_9999() {
        let read = |text: &str| text.parse::<Timestamp>();
        assert_eq!(read("0001-01-01T00:00:00Z"), Ok(Timestamp::MIN));
        assert_eq!(read("9999-12-31T23:59:59.999999Z"), Ok(Timestamp::MAX));
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999999Z");
        assert_eq!(read("9999-12-31t23:30:00-00:29"), Ok(Timestamp(Timestamp::MAX.0 - 59_999_999)));
        assert_eq!(read("9999-12-31 23:59:59+02:00").unwrap().to_string(), "9999-12-31T21:59:59Z");
        for text in [
            "0000-12-31T23:59:59Z",
            "0001-01-01T00:00:00+10:00",
            "9999-12-31T23:59:59-00:01",
            "0000-01-01T00:00:00+10:00",
        ] {
            assert!(matches!(read(text), Err(ParseTimestampError::OutOfRange(_))), "{text}");
        }
        for text in [
            "9999-12-32T00:00:00Z",
            "9999-12-31T25:00:00Z",
            "9999-12-31T23:00:00+25:00",
            "9999-12-31T23:00:00+01:60",
        ] {
            assert!(matches!(read(text), Err(ParseTimestampError::NotRfc3339(_))), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_what_cannot_be_is_not_written() {
        for time in [Timestamp::MIN, Timestamp::from_micros(-1), Timestamp::from_micros(0), Timestamp::MAX] {
            let json = serde_json::to_string(&time).unwrap();
            assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), time);
        }
        for micros in [Timestamp::MAX.as_micros() + 1, Timestamp::MIN.as_micros() - 1, i64::MAX, i64::MIN] {
            assert!(serde_json::to_string(&Timestamp::from_micros(micros)).is_err(), "{micros}");
        }
    }
}
