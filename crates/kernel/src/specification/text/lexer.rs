//! The words of the text form.

use std::borrow::Cow;
use std::fmt;

use super::error::ParseError;
use crate::specification::resolve::excerpt;

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    /// A keyword or the name of a field.
    Name(&'a str),
    /// A number, as written.
    Number(&'a str),
    /// A text in quotes, its escapes replaced.
    Text(Cow<'a, str>),
    /// An operator or a bracket, in its usual spelling.
    Sign(&'static str),
    /// Nothing more.
    End,
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(text) => write!(formatter, "`{}`", excerpt(text)),
            Self::Number(text) => formatter.write_str(&excerpt(text)),
            Self::Text(text) => write!(formatter, "\"{}\"", excerpt(text)),
            Self::Sign(sign) => write!(formatter, "`{sign}`"),
            Self::End => formatter.write_str("the end"),
        }
    }
}

/// Spellings of signs, longer ones before those that they begin with.
const SIGNS: [(&str, &str); 17] = [
    ("&&", "&"),
    ("||", "|"),
    ("==", "="),
    ("!=", "!="),
    ("<=", "<="),
    (">=", ">="),
    ("&", "&"),
    ("|", "|"),
    ("=", "="),
    ("!", "!"),
    ("<", "<"),
    (">", ">"),
    ("~", "~"),
    ("(", "("),
    (")", ")"),
    ("[", "["),
    ("]", "]"),
];

/// Reads one word after another.
pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    offset: usize,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, offset: 0 }
    }

    /// The next word, and the byte at which it begins.
    pub(super) fn next(&mut self) -> Result<(Token<'a>, usize), ParseError> {
        let rest = self.text[self.offset..].trim_start();
        let start = self.text.len() - rest.len();
        self.offset = start;
        let Some(first) = rest.chars().next() else { return Ok((Token::End, start)) };
        let token = match first {
            'a'..='z' | 'A'..='Z' | '_' => Token::Name(self.take(rest, is_name_part)),
            '0'..='9' | '-' => Token::Number(self.take(rest, is_number_part)),
            '"' | '\'' => Token::Text(self.quoted(rest, first)?),
            ',' => {
                self.offset += 1;
                Token::Sign(",")
            }
            _ => match SIGNS.iter().find(|(spelling, _)| rest.starts_with(spelling)) {
                Some((spelling, sign)) => {
                    self.offset += spelling.len();
                    Token::Sign(sign)
                }
                None => {
                    let message = format!("found `{}`, which begins nothing here", first.escape_debug());
                    return Err(ParseError::at(self.text, start, message));
                }
            },
        };
        Ok((token, start))
    }

    fn take(&mut self, rest: &'a str, is_part: fn(char) -> bool) -> &'a str {
        let length = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        self.offset += length;
        &rest[..length]
    }

    fn quoted(&mut self, rest: &'a str, quote: char) -> Result<Cow<'a, str>, ParseError> {
        let start = self.offset;
        let inside = &rest[1..];
        // Most texts hold no escape, and are borrowed.
        let plain = inside.find(['\\', quote]).unwrap_or(inside.len());
        if inside[plain..].starts_with(quote) {
            self.offset = start + plain + 2;
            return Ok(Cow::Borrowed(&inside[..plain]));
        }
        let mut text = inside[..plain].to_owned();
        let mut letters = inside[plain..].char_indices();
        while let Some((place, letter)) = letters.next() {
            let offset = start + 1 + plain + place;
            if letter == quote {
                self.offset = offset + 1;
                return Ok(Cow::Owned(text));
            }
            if letter != '\\' {
                text.push(letter);
                continue;
            }
            let escaped = letters.next().map(|(_, letter)| letter);
            text.push(match escaped {
                Some('n') => '\n',
                Some('t') => '\t',
                Some(letter @ ('"' | '\'' | '\\')) => letter,
                Some('u') => {
                    let letter = code_point(letters.as_str());
                    let (letter, length) = letter.ok_or_else(|| self.bad_escape(offset))?;
                    letters.nth(length - 1);
                    letter
                }
                _ => return Err(self.bad_escape(offset)),
            });
        }
        Err(ParseError::at(self.text, start, format!("the text that begins here has no closing {quote}")))
    }

    fn bad_escape(&self, offset: usize) -> ParseError {
        let message = r#"a backslash begins \", \', \\, \n, \t or \u{..} with a code point"#.to_owned();
        ParseError::at(self.text, offset, message)
    }
}

/// The character of `{1f600}`, and how many characters that took.
fn code_point(rest: &str) -> Option<(char, usize)> {
    let (digits, _) = rest.strip_prefix('{')?.split_once('}')?;
    let is_plain = (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let letter = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    is_plain.then_some((letter, digits.len() + 2))
}

const fn is_name_part(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.')
}

const fn is_number_part(letter: char) -> bool {
    // Letters are taken along, so that `12abc` is one wrong number and not two words.
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '+')
}
