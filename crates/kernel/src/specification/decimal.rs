//! Decimal numbers, exact, of up to eighteen digits: what a field holds that is neither a count nor money.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// An exact decimal number: `mantissa` divided by ten `scale` times, without trailing zeros, so that equal
/// numbers are equal values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Decimal {
    mantissa: i64,
    scale: u8,
}

impl Decimal {
    /// The most decimals that a number has.
    pub const MAX_SCALE: u8 = 18;

    /// `mantissa` divided by ten `scale` times; `None` past [`Decimal::MAX_SCALE`].
    #[must_use]
    pub const fn new(mantissa: i64, scale: u8) -> Option<Self> {
        if scale > Self::MAX_SCALE {
            return None;
        }
        let (mut mantissa, mut scale) = (mantissa, scale);
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        Some(Self { mantissa, scale })
    }

    /// All its digits as a whole number.
    #[must_use]
    pub const fn mantissa(self) -> i64 {
        self.mantissa
    }

    /// How many of the digits are decimals.
    #[must_use]
    pub const fn scale(self) -> u8 {
        self.scale
    }
}

/// Why a text is not a [`Decimal`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal number of at most 18 digits, like `12.50`")]
pub struct ParseDecimalError(String);

impl FromStr for Decimal {
    type Err = ParseDecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || ParseDecimalError(text.chars().take(64).collect());
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || digits.ends_with('.') || !numeric(whole) || !numeric(part) {
            return Err(refused());
        }
        let part = part.trim_end_matches('0');
        // Summed as negatives, because there is one more of them.
        let sum = whole
            .bytes()
            .chain(part.bytes())
            .try_fold(0_i64, |sum, byte| sum.checked_mul(10)?.checked_sub(i64::from(byte - b'0')))
            .ok_or_else(refused)?;
        let mantissa = if negative { Some(sum) } else { sum.checked_neg() };
        let scale = u8::try_from(part.len()).map_err(|_| refused())?;
        mantissa.and_then(|mantissa| Self::new(mantissa, scale)).ok_or_else(refused)
    }
}

impl From<i64> for Decimal {
    fn from(whole: i64) -> Self {
        Self { mantissa: whole, scale: 0 }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        // An i64 times ten to the eighteenth stays far inside an i128.
        let scaled = |number: &Self, scale: u8| {
            i128::from(number.mantissa) * 10_i128.pow(u32::from(scale.saturating_sub(number.scale)))
        };
        let scale = self.scale.max(other.scale);
        scaled(self, scale).cmp(&scaled(other, scale))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs();
        let unit = 10_u64.pow(u32::from(self.scale));
        write!(formatter, "{sign}{}.", digits / unit)?;
        // At least one decimal is shown, so that the text is read back as a decimal.
        write!(formatter, "{:0width$}", digits % unit, width = usize::from(self.scale.max(1)))
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn equal_numbers_are_equal_values_and_text_is_read_back() {
        assert_eq!(decimal("12.50"), decimal("12.5"));
        assert_eq!(decimal("7.0"), Decimal::from(7));
        for (text, shown) in [
            ("-0.05", "-0.05"),
            ("7", "7.0"),
            ("0", "0.0"),
            ("0.000000000000000001", "0.000000000000000001"),
            ("-9223372036854775808", "-9223372036854775808.0"),
            ("9.223372036854775807", "9.223372036854775807"),
        ] {
            assert_eq!(decimal(text).to_string(), shown);
            assert_eq!(decimal(shown), decimal(text));
        }
    }

    #[test]
    fn order_is_that_of_the_numbers_whatever_their_scale() {
        let rising =
            ["-9223372036854775808", "-1.5", "-1.49", "0", "0.1", "0.11", "1", "9223372036854775807"];
        for pair in rising.windows(2) {
            assert!(decimal(pair[0]) < decimal(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn what_is_not_an_exact_number_is_refused() {
        for text in ["", "-", ".5", "5.", "1e3", "+1", "1,5", "9223372036854775808", "0.0000000000000000001"]
        {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
    }
}
