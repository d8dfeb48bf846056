//! Errors that teach: where, what was found, and what was expected.

use std::fmt;

/// How much of a line is shown around the place.
const SHOWN_BEFORE: usize = 40;
const SHOWN_BEHIND: usize = 40;

/// Why a text is not a specification.
///
/// Its text names the place and shows it:
/// ```text
/// line 1, column 10: `status` is one of draft, published, sold, not "pubished"; did you mean "published"?
///   status = "pubished"
///            ^
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong there, in a sentence without the place.
    pub message: String,
    shown: String,
    caret: usize,
}

impl ParseError {
    /// At this byte of the text.
    pub(super) fn at(text: &str, offset: usize, message: String) -> Self {
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[offset..].find('\n').map_or(text.len(), |length| offset + length);
        let column = text[line_start..offset].chars().count();
        let skipped = column.saturating_sub(SHOWN_BEFORE);
        let shown = text[line_start..line_end]
            .chars()
            .skip(skipped)
            .take(SHOWN_BEFORE + SHOWN_BEHIND)
            // One cell for each, so that the caret stands right.
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .collect();
        Self {
            line: before.matches('\n').count() + 1,
            column: column + 1,
            message,
            shown,
            caret: column - skipped,
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, message, shown, caret } = self;
        write!(formatter, "line {line}, column {column}: {message}\n  {shown}\n  {:caret$}^", "")
    }
}

impl std::error::Error for ParseError {}

impl From<ParseError> for crate::Error {
    fn from(error: ParseError) -> Self {
        Self::Invalid(error.to_string())
    }
}
