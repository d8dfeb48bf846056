//! Money: whole minor units (cents, yen) in an ISO 4217 currency. No floats, no silent overflow, no mixing.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An ISO 4217 currency: its code and how many digits its minor unit has.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The alphabetic code, like `EUR`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals a minor unit has: 2 for `EUR`, 0 for `JPY`, 3 for `KWD`; 0 where ISO 4217 gives none.
    #[must_use]
    pub fn minor_digits(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

/// A code that ISO 4217 does not list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ISO 4217 currency code")]
pub struct UnknownCurrency(pub String);

/// How many letters a code is made of.
const LETTERS: usize = 26;

/// The currency of each code at its [`place`]: rows, events and requests are full of codes, and to compare one with all that
/// there are takes longer than all else about it.
static CURRENCIES: LazyLock<Box<[Option<Currency>]>> = LazyLock::new(|| {
    let letters = || b'A'..=b'Z';
    let codes = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
    codes
        .map(|code| iso_currency::Currency::from_code(std::str::from_utf8(&code).ok()?).map(Currency))
        .collect()
});

/// Where the code stands among all of three letters; `None` for anything else.
fn place(code: [u8; 3]) -> Option<usize> {
    code.iter().try_fold(0, |place, letter| {
        letter.is_ascii_uppercase().then(|| place * LETTERS + usize::from(letter - b'A'))
    })
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let place = code.as_bytes().try_into().ok().and_then(place);
        place
            .and_then(|place| *CURRENCIES.get(place)?)
            .ok_or_else(|| UnknownCurrency(code.chars().take(16).collect()))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize(deserializer, "an ISO 4217 currency code")
    }
}

/// An amount of minor units in a currency. As text `12.50 EUR`, as JSON `{"amount": 1250, "currency": "EUR"}`.
///
/// Two amounts compare only within one currency: [`PartialOrd`] is `None` across currencies.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Money {
    /// Minor units.
    pub amount: i64,
    /// What they are of.
    pub currency: Currency,
}

/// Why two amounts do not make a third.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Amounts of two currencies.
    #[error("{left} and {right} do not add up: they are two currencies")]
    CurrencyMismatch {
        /// The currency of the first amount.
        left: Currency,
        /// The currency of the second.
        right: Currency,
    },
    /// More than an `i64` of minor units.
    #[error("the amount is larger than this system can hold")]
    Overflow,
}

impl Money {
    /// This many minor units of `currency`.
    #[must_use]
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] across currencies, [`MoneyError::Overflow`] past `i64`.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.combined(other, i64::checked_add)
    }

    /// The difference.
    ///
    /// # Errors
    /// As [`Money::plus`].
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.combined(other, i64::checked_sub)
    }

    /// This amount `count` times.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] past `i64`.
    pub fn times(self, count: i64) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_mul(count).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(amount, self.currency))
    }

    fn combined(self, other: Self, combine: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency });
        }
        let amount = combine(self.amount, other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(amount, self.currency))
    }
}

impl PartialOrd for Money {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        (self.currency == other.currency).then(|| self.amount.cmp(&other.amount))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.minor_digits();
        let unit = 10_u64.pow(digits);
        let sign = if self.amount < 0 { "-" } else { "" };
        let amount = self.amount.unsigned_abs();
        if digits == 0 {
            return write!(formatter, "{sign}{amount} {}", self.currency);
        }
        let (whole, part) = (amount / unit, amount % unit);
        write!(formatter, "{sign}{whole}.{part:0width$} {}", self.currency, width = digits as usize)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// An object alone: a derived reader would take the list `[1250, "EUR"]` for money as well.
impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("Money", &["amount", "currency"], MoneyVisitor)
    }
}

struct MoneyVisitor;

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum MoneyField {
    Amount,
    Currency,
}

impl<'de> Visitor<'de> for MoneyVisitor {
    type Value = Money;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("money like `{\"amount\": 1250, \"currency\": \"EUR\"}`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Money, A::Error> {
        let (mut amount, mut currency) = (None, None);
        while let Some(field) = map.next_key()? {
            match field {
                MoneyField::Amount if amount.is_none() => amount = Some(map.next_value()?),
                MoneyField::Currency if currency.is_none() => currency = Some(map.next_value()?),
                MoneyField::Amount => return Err(A::Error::duplicate_field("amount")),
                MoneyField::Currency => return Err(A::Error::duplicate_field("currency")),
            }
        }
        let amount = amount.ok_or_else(|| A::Error::missing_field("amount"))?;
        let currency = currency.ok_or_else(|| A::Error::missing_field("currency"))?;
        Ok(Money { amount, currency })
    }
}

/// Why a text is not [`Money`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseMoneyError {
    /// Not a decimal number and a code.
    #[error("`{0}` is not money; expected an amount and a currency like `12.50 EUR`")]
    NotMoney(String),
    /// A code that ISO 4217 does not list.
    #[error(transparent)]
    UnknownCurrency(#[from] UnknownCurrency),
    /// Finer than the currency's minor unit.
    #[error("`{text}` has more decimals than {currency}, which has {digits}")]
    TooPrecise {
        /// What was given.
        text: String,
        /// Its currency.
        currency: Currency,
        /// The decimals that the currency has.
        digits: u32,
    },
    /// More than an `i64` of minor units.
    #[error("`{0}` is larger than this system can hold")]
    Overflow(String),
}

impl FromStr for Money {
    type Err = ParseMoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shown = || text.chars().take(64).collect::<String>();
        let refused = || ParseMoneyError::NotMoney(shown());
        let (number, code) = text.split_once(' ').ok_or_else(refused)?;
        let currency: Currency = code.parse()?;
        let (negative, digits) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !numeric(whole) || !numeric(part) || digits.ends_with('.') {
            return Err(refused());
        }
        let minor_digits = currency.minor_digits();
        if part.len() > minor_digits as usize {
            return Err(ParseMoneyError::TooPrecise { text: shown(), currency, digits: minor_digits });
        }
        let overflow = || ParseMoneyError::Overflow(shown());
        let padding = minor_digits - part.len() as u32;
        let magnitude = whole
            .bytes()
            .chain(part.bytes())
            .try_fold(0_i128, |sum, byte| sum.checked_mul(10)?.checked_add(i128::from(byte - b'0')))
            .and_then(|sum| sum.checked_mul(10_i128.pow(padding)))
            .ok_or_else(overflow)?;
        let amount = i64::try_from(if negative { -magnitude } else { magnitude }).map_err(|_| overflow())?;
        Ok(Self::new(amount, currency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn text_follows_the_minor_unit_of_the_currency() {
        for (text, amount) in [
            ("12.50 EUR", 1250),
            ("-0.05 EUR", -5),
            ("7 JPY", 7),
            ("1.005 KWD", 1005),
            ("92233720368547758.07 EUR", i64::MAX),
            ("-92233720368547758.08 EUR", i64::MIN),
        ] {
            assert_eq!(money(text).amount, amount);
            assert_eq!(money(text).to_string(), text);
        }
        assert_eq!(money("12.5 EUR"), money("12.50 EUR"));
        assert_eq!(money("12 EUR").amount, 1200);
    }

    #[test]
    fn what_is_not_exact_money_is_refused() {
        for text in
            ["", "EUR", "12", "12. EUR", ".5 EUR", "1e3 EUR", "1,5 EUR", "+1 EUR", "1  EUR", "--1 EUR"]
        {
            assert!(text.parse::<Money>().is_err(), "{text}");
        }
        assert!(matches!("1.001 EUR".parse::<Money>(), Err(ParseMoneyError::TooPrecise { digits: 2, .. })));
        assert!(matches!("1.0 JPY".parse::<Money>(), Err(ParseMoneyError::TooPrecise { digits: 0, .. })));
        assert!(matches!("1 EURO".parse::<Money>(), Err(ParseMoneyError::UnknownCurrency(_))));
        assert!(matches!("92233720368547758.08 EUR".parse::<Money>(), Err(ParseMoneyError::Overflow(_))));
        let endless = "9".repeat(10_000) + " EUR";
        assert!(matches!(endless.parse::<Money>(), Err(ParseMoneyError::Overflow(_))));
    }

    #[test]
    fn json_is_an_object_with_both_fields_and_no_other() {
        let read = |text: &str| serde_json::from_str::<Money>(text);
        assert_eq!(read(r#"{"currency": "EUR", "amount": 1250}"#).unwrap(), money("12.50 EUR"));
        assert_eq!(
            serde_json::to_string(&money("12.50 EUR")).unwrap(),
            r#"{"amount":1250,"currency":"EUR"}"#
        );
        for text in [
            r#"[1250, "EUR"]"#,
            r#"{"amount": 1250}"#,
            r#"{"amount": 12.5, "currency": "EUR"}"#,
            r#"{"amount": 1, "currency": "EUR", "more": 1}"#,
            r#"{"amount": 1, "amount": 2, "currency": "EUR"}"#,
            r#"{"amount": 1, "currency": "XXXX"}"#,
            r#""12.50 EUR""#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn arithmetic_is_checked_and_never_mixes_currencies() {
        assert_eq!(money("1 EUR").plus(money("2 EUR")), Ok(money("3 EUR")));
        assert_eq!(money("1 EUR").minus(money("2 EUR")), Ok(money("-1 EUR")));
        assert_eq!(money("1.50 EUR").times(3), Ok(money("4.50 EUR")));
        let mismatch = money("1 EUR").plus(money("2 USD"));
        assert!(matches!(mismatch, Err(MoneyError::CurrencyMismatch { .. })));
        let largest = Money::new(i64::MAX, money("1 EUR").currency);
        assert_eq!(largest.plus(money("0.01 EUR")), Err(MoneyError::Overflow));
        assert_eq!(largest.times(2), Err(MoneyError::Overflow));
        assert_eq!(money("1 EUR").partial_cmp(&money("1 USD")), None);
    }
}
