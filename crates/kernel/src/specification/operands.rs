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
}

impl Sought {
    /// This value.
    #[must_use]
    pub fn new(value: Value) -> Self {
        let finder = match &value {
            Value::Text(text) => Some(Arc::new(memchr::memmem::Finder::new(text.as_bytes()).into_owned())),
            _ => None,
        };
        Self { value, finder }
    }

    /// The value.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// Whether it is a part of the text.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        // UTF-8 in UTF-8 is found only where a character begins.
        self.finder.as_ref().is_some_and(|finder| finder.find(text.as_bytes()).is_some())
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
        let mut words: Vec<Box<str>> = text.unicode_words().map(|word| word.to_lowercase().into()).collect();
        words.sort_unstable();
        words.dedup();
        Self { text: text.into(), words: words.into() }
    }

    /// Hands over each word of a text in lower case, in order, repetitions included: what an index of words holds.
    pub fn each(text: &str, mut take: impl FnMut(&str)) {
        let mut lower = String::new();
        for word in text.unicode_words() {
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
            text.unicode_words().any(|word| {
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
        let is_there = |sought: &str| text.unicode_words().any(|word| is_lower_case_of(sought, word));
        self.words.iter().map(|word| &**word).filter(move |word| !is_there(word))
    }
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
