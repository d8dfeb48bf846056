//! Operands that are prepared when a specification is built, so that asking a candidate costs no more than it must.
//!
//! Each is equal to another, and shown, as it was written.

use std::fmt;
use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;

use super::value::{Value, ValueRef};
use crate::{Error, Result};

/// What `contains` looks for; a text is prepared for the search when this is made.
#[derive(Clone)]
pub struct Sought {
    value: Value,
    finder: Option<Arc<memchr::memmem::Finder<'static>>>,
    ends: Ends,
}

impl Sought {
    /// This value.
    #[must_use]
    pub fn new(value: Value) -> Self {
        let (finder, ends) = match &value {
            Value::Text(text) => {
                let finder = memchr::memmem::Finder::new(text.as_bytes()).into_owned();
                (Some(Arc::new(finder)), Ends::of(text.as_bytes()))
            }
            _ => (None, Ends::of(b"")),
        };
        Self { value, finder, ends }
    }

    /// The value.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// Whether it is a part of the text.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        let text = text.as_bytes();
        // UTF-8 in UTF-8 is found only where a character begins.
        self.ends.may_be_in(text) && self.finder.as_ref().is_some_and(|finder| finder.find(text).is_some())
    }
}

/// The ends of a text that is sought: most short texts have them nowhere at the right distance, and then nothing more
/// needs to be looked at.
#[derive(Clone, Copy)]
struct Ends {
    /// The first byte and the last, each in all eight places.
    first: u64,
    last: u64,
    /// How many bytes there are; 0 where nothing is told by them.
    length: usize,
}

impl Ends {
    const ONES: u64 = 0x0101_0101_0101_0101;

    /// In a longer text a search that skips ahead is faster.
    const SHORT: usize = 64;

    fn of(sought: &[u8]) -> Self {
        let byte = |end: Option<&u8>| Self::ONES * u64::from(end.copied().unwrap_or_default());
        Self { first: byte(sought.first()), last: byte(sought.last()), length: sought.len() }
    }

    /// False only of a text that it is not in.
    #[inline]
    fn may_be_in(self, text: &[u8]) -> bool {
        if text.len() > Self::SHORT || self.length == 0 {
            return true;
        }
        let (Some(places), Some(lasts)) =
            ((text.len() + 1).checked_sub(self.length), text.get(self.length - 1..))
        else {
            return false;
        };
        let firsts = &text[..places];
        let mut found = 0;
        // Eight places at a time; the last eight may have been looked at in part, and fewer than eight are by themselves.
        let (first_words, last_words) = (firsts.as_chunks::<8>().0, lasts.as_chunks::<8>().0);
        for (first, last) in first_words.iter().zip(last_words) {
            found |= self.both(*first, *last);
        }
        match (firsts.last_chunk::<8>(), lasts.last_chunk::<8>()) {
            (Some(first), Some(last)) => found |= self.both(*first, *last),
            _ => {
                for (first, last) in firsts.iter().zip(lasts) {
                    found |= u64::from(*first == self.first as u8 && *last == self.last as u8);
                }
            }
        }
        found != 0
    }

    /// Not zero where one of eight places has both ends.
    #[inline]
    const fn both(self, first: [u8; 8], last: [u8; 8]) -> u64 {
        // A byte that differs nowhere is zero, and a zero byte is what takes a borrow from a bit that it does not have.
        let differs = (u64::from_le_bytes(first) ^ self.first) | (u64::from_le_bytes(last) ^ self.last);
        differs.wrapping_sub(Self::ONES) & !differs & (Self::ONES << 7)
    }
}

impl PartialEq for Sought {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl fmt::Debug for Sought {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.value, formatter)
    }
}

/// The list of an `in`: in the order given, and sorted as well where looking through all would be slow.
#[derive(Clone)]
pub struct Members {
    listed: Arc<[Value]>,
    sorted: Option<Arc<[Value]>>,
}

/// A longer list is worth a sorted copy.
const FEW: usize = 8;

impl Members {
    /// These values, in this order.
    #[must_use]
    pub fn new(values: impl Into<Arc<[Value]>>) -> Self {
        let listed: Arc<[Value]> = values.into();
        let sorted = (listed.len() > FEW).then(|| {
            let mut sorted = listed.to_vec();
            sorted.sort_unstable_by(|left, right| left.borrowed().total_order(right.borrowed()));
            sorted.into()
        });
        Self { listed, sorted }
    }

    /// The values, in the order given.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.listed
    }

    /// Whether the value is among them; null is where null is listed.
    #[must_use]
    pub fn contain(&self, value: ValueRef<'_>) -> bool {
        match &self.sorted {
            Some(sorted) => sorted.binary_search_by(|member| member.borrowed().total_order(value)).is_ok(),
            None => self.listed.iter().any(|member| member.borrowed().same(value)),
        }
    }
}

impl PartialEq for Members {
    fn eq(&self, other: &Self) -> bool {
        self.listed == other.listed
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.listed, formatter)
    }
}

/// A regular expression in the syntax of the `regex` crate, compiled when it is made.
#[derive(Clone)]
pub struct Pattern {
    source: Arc<str>,
    compiled: regex::Regex,
}

impl Pattern {
    /// The longest pattern, in bytes.
    pub const MAX_BYTES: usize = 1_000;

    /// The largest compiled pattern, in bytes.
    const MAX_COMPILED_BYTES: usize = 1 << 19;

    /// How deep groups may nest.
    const MAX_DEPTH: u32 = 50;

    /// The pattern with this source. It matches in time linear in the text.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it is not a regular expression, or too large a one.
    pub fn new(source: &str) -> Result<Self> {
        if source.len() > Self::MAX_BYTES {
            return Err(Error::Invalid(format!(
                "a regular expression has at most {} bytes; this one has {}",
                Self::MAX_BYTES,
                source.len()
            )));
        }
        let compiled = regex::RegexBuilder::new(source)
            .size_limit(Self::MAX_COMPILED_BYTES)
            .dfa_size_limit(Self::MAX_COMPILED_BYTES)
            .nest_limit(Self::MAX_DEPTH)
            .build()
            .map_err(|error| {
                Error::Invalid(format!("not a regular expression that is taken here: {error}"))
            })?;
        Ok(Self { source: source.into(), compiled })
    }

    /// As it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it is found somewhere in the text.
    #[must_use]
    pub fn is_found_in(&self, text: &str) -> bool {
        self.compiled.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.source, formatter)
    }
}

/// The words that a `search` asks for: those of UAX #29, in lower case.
#[derive(Clone)]
pub struct Words {
    text: Arc<str>,
    words: Arc<[Box<str>]>,
}

impl Words {
    /// The words of this text, each once.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut words: Vec<Box<str>> = words_of(text).map(|word| word.to_lowercase().into()).collect();
        words.sort_unstable();
        words.dedup();
        Self { text: text.into(), words: words.into() }
    }

    /// Hands over each word of a text in lower case, in order, repetitions included: what an index of words holds.
    pub fn each(text: &str, mut take: impl FnMut(&str)) {
        let mut lower = String::new();
        for word in words_of(text) {
            lower.clear();
            if word.is_ascii() {
                lower.push_str(word);
                lower.make_ascii_lowercase();
                take(&lower);
            } else {
                take(&word.to_lowercase());
            }
        }
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The words in lower case, each once, in their order.
    #[must_use]
    pub fn words(&self) -> &[Box<str>] {
        &self.words
    }

    /// Whether the text has all of them. Of no words, every text does.
    #[must_use]
    pub fn are_all_in(&self, text: &str) -> bool {
        // One pass for each 64 words; a bit for each that is still missing.
        self.words.chunks(64).all(|wanted| {
            let mut missing = u64::MAX >> (64 - wanted.len());
            words_of(text).any(|word| {
                for (place, sought) in wanted.iter().enumerate() {
                    if missing & (1 << place) != 0 && is_lower_case_of(sought, word) {
                        missing &= !(1 << place);
                    }
                }
                missing == 0
            })
        })
    }

    /// Those of the words that the text does not have.
    pub(super) fn missing_in<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a str> {
        let is_there = |sought: &str| words_of(text).any(|word| is_lower_case_of(sought, word));
        self.words.iter().map(|word| &**word).filter(move |word| !is_there(word))
    }
}

/// The words of a text by UAX #29, as [`UnicodeSegmentation::unicode_words`] finds them: most words are plain, and need
/// none of its tables, whatever else is in the text.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).flat_map(|piece| {
        let plain = piece.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(piece);
        let others = plain.is_none().then(|| piece.unicode_words());
        plain.filter(|word| !word.is_empty()).into_iter().chain(others.into_iter().flatten())
    })
}

/// Cuts a text at each space in front of a visible ASCII character. No rule of UAX #29 joins these two or looks across
/// them; a mark behind a space would belong to it, and spaces to one another. The space itself is no part of a word.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let all = rest?;
        let cut = all.as_bytes().windows(2).position(|pair| pair[0] == b' ' && pair[1].is_ascii_graphic());
        let (piece, behind) = match cut {
            Some(cut) => (&all[..cut], Some(&all[cut + 1..])),
            None => (all, None),
        };
        rest = behind;
        Some(piece)
    })
}

/// Whether `lower` is `word` in lower case.
fn is_lower_case_of(lower: &str, word: &str) -> bool {
    if lower.is_ascii() && word.is_ascii() {
        return lower.len() == word.len()
            && lower.bytes().zip(word.bytes()).all(|(lower, byte)| lower == byte.to_ascii_lowercase());
    }
    if word.contains('Σ') {
        // The one letter whose lower case depends on where it stands.
        return word.to_lowercase() == lower;
    }
    word.chars().flat_map(char::to_lowercase).eq(lower.chars())
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, formatter)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What rules of UAX #29 join or keep apart, next to spaces: marks that are letters, joiners, flags, signs inside
    /// words and numbers, scripts without spaces, letters of three bytes and of four.
    const PARTS: &str =
        "[ \t\r\n\u{A0}\u{3000}a-cXΣßİ0-3'.,:_\u{301}\u{93E}\u{200D}\u{AD}🇩🇪👩東ア\u{5D0}\"𐐀]{0,24}";

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn words_are_those_of_the_unicode_segmentation(text in PARTS, padded in any::<bool>()) {
            let text = if padded { text.replace('.', " ") } else { text };
            let expected: Vec<_> = text.unicode_words().collect();
            prop_assert_eq!(words_of(&text).collect::<Vec<_>>(), expected);
        }
    }
}
