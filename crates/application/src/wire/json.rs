//! Reading JSON from outside: strict, and with the place of a mistake.

use serde::Deserialize;
use serde_path_to_error::{Path, Segment};

/// Input that is not what was asked for: where, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}{}", self.place(), self.line_and_column())]
pub struct Malformed {
    /// JSON pointer (RFC 6901) to the value that is wrong, or to the object that lacks a field or has one too many; empty
    /// for the whole.
    pub pointer: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1; 0 where it is not known.
    pub column: usize,
    /// What is wrong, naming the field and what was expected.
    pub message: String,
}

impl Malformed {
    fn place(&self) -> String {
        if self.pointer.is_empty() { String::new() } else { format!("{}: ", self.pointer) }
    }

    fn line_and_column(&self) -> String {
        let Self { line, column, .. } = self;
        if *column == 0 { String::new() } else { format!(" (line {line}, column {column})") }
    }

    fn of(error: &serde_json::Error, path: Option<&Path>) -> Self {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let message =
            without_value(text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text));
        // Where the text is not JSON at all, the path says only how far the reader had come.
        let pointer = path.filter(|_| error.is_data()).map_or_else(String::new, pointer);
        Self { pointer, line, column, message }
    }
}

/// The value in this text, which must hold nothing else.
///
/// # Errors
/// [`Malformed`], naming the place.
pub fn parse<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, Malformed> {
    // Keeping track of the path costs time, so it is done only for input that is wrong.
    serde_json::from_slice(text).map_err(|error| locate::<T>(text, &error))
}

fn locate<'a, T: Deserialize<'a>>(text: &'a [u8], error: &serde_json::Error) -> Malformed {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(located) => Malformed::of(located.inner(), Some(located.path())),
        // The value was right, and something follows it.
        Ok(_) => Malformed::of(error, None),
    }
}

/// The sentence without the value that was found: it may be a ceiling or a reserve, and the place says enough.
fn without_value(message: &str) -> String {
    let found = ["invalid type: ", "invalid value: "].iter().find(|start| message.starts_with(**start));
    let parts = found.and_then(|_| Some((message.find(['"', '`'])?, message.rfind(", expected ")?)));
    match parts {
        Some((value, expected)) if value < expected => {
            format!("{}{}", message[..value].trim_end(), &message[expected..])
        }
        _ => message.to_owned(),
    }
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer += &index.to_string(),
            Segment::Map { key } => pointer += &key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => pointer += variant,
            Segment::Unknown => pointer.push('?'),
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_value_is_not_repeated() {
        let said = |text: &str| parse::<i64>(text.as_bytes()).unwrap_err().message;
        assert_eq!(said("\"7, expected 8\""), "invalid type: string, expected i64");
        assert_eq!(said("1.5"), "invalid type: floating point, expected i64");
        assert_eq!(said("10000000000000000000"), "invalid value: integer, expected i64");
        assert_eq!(said("[]"), "invalid type: sequence, expected i64");
        assert_eq!(said("null"), "invalid type: null, expected i64");
    }
    #[test]
    fn a_place_is_said_where_it_is_known() {
        let known = parse::<i64>(b"\n true").unwrap_err();
        assert_eq!(known.to_string(), "invalid type: boolean, expected i64 (line 2, column 5)");
        let pointer = "/command".to_owned();
        let unknown = Malformed { pointer, line: 1, column: 0, message: "unknown".to_owned() };
        assert_eq!(unknown.to_string(), "/command: unknown");
    }
}
