//! Lines of a file, and the ids that make a repeat of the file safe.

use std::collections::HashMap;
use std::io;

use portolan_kernel::Fingerprint;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};
use uuid::{Uuid, uuid};

/// The namespace of the command ids that derive from a line's content.
const NAMESPACE: Uuid = uuid!("3bc0a5e5-9c1c-5c8c-a3a1-6d2f7f0b0f55");

/// The longest line that is read: as long as the largest body over HTTP.
pub(super) const MAX_LINE_BYTES: usize = 1024 * 1024;

/// One line that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number in the file, from 1, empty lines included.
    pub(super) number: u64,
    /// Its text, without space around it.
    pub(super) text: String,
}

/// Reads lines one by one; a line is all that it holds of the file.
pub(super) struct Lines<R> {
    reader: R,
    number: u64,
    buffer: Vec<u8>,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// The lines of `reader`.
    pub(super) fn new(reader: R) -> Self {
        Self { reader, number: 0, buffer: Vec::new() }
    }

    /// The next line that is not empty; `Err` in `Some` for one that is no text or too long.
    ///
    /// # Errors
    /// Those of reading.
    pub(super) async fn next(&mut self) -> io::Result<Option<Result<Line, (u64, String)>>> {
        loop {
            self.buffer.clear();
            let complete = self.read_line().await?;
            if self.buffer.is_empty() && complete.is_none() {
                return Ok(None);
            }
            self.number += 1;
            if complete == Some(false) {
                return Ok(Some(Err((
                    self.number,
                    format!("the line is longer than {MAX_LINE_BYTES} bytes"),
                ))));
            }
            let Ok(text) = std::str::from_utf8(&self.buffer) else {
                return Ok(Some(Err((self.number, "the line is not UTF-8".to_owned()))));
            };
            let text = text.trim();
            if !text.is_empty() {
                return Ok(Some(Ok(Line { number: self.number, text: text.to_owned() })));
            }
        }
    }

    /// Fills the buffer with a line: `Some(true)` for one that ended, `Some(false)` for one that was cut off,
    /// `None` at the end of the file, where the buffer may hold a last line without an end.
    async fn read_line(&mut self) -> io::Result<Option<bool>> {
        let mut too_long = false;
        loop {
            let chunk = self.reader.fill_buf().await?;
            if chunk.is_empty() {
                return Ok(if too_long { Some(false) } else { None });
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = &chunk[..end.unwrap_or(chunk.len())];
            if self.buffer.len() + part.len() > MAX_LINE_BYTES {
                too_long = true;
                self.buffer.clear();
            } else if !too_long {
                self.buffer.extend_from_slice(part);
            }
            let consumed = end.map_or(chunk.len(), |end| end + 1);
            self.reader.consume(consumed);
            if end.is_some() {
                return Ok(Some(!too_long));
            }
        }
    }
}

/// Gives each line the command id that it has in every import of the same file.
#[derive(Debug, Default)]
pub(super) struct LineIds {
    occurred: HashMap<Uuid, u32>,
}

impl LineIds {
    /// The id of a line without one of its own: from its content, and how often that content occurred before.
    pub(super) fn next(&mut self, text: &str) -> Uuid {
        let content = Uuid::new_v5(&NAMESPACE, text.as_bytes());
        let before = self.occurred.entry(content).or_default();
        let id = Uuid::new_v5(&content, &before.to_be_bytes());
        *before = before.saturating_add(1);
        id
    }
}

/// What tells a repeat of a line from another line under its id.
#[must_use]
pub(super) fn fingerprint(text: &str) -> Fingerprint {
    Fingerprint::of(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(text: &[u8]) -> Vec<Result<Line, (u64, String)>> {
        let mut lines = Lines::new(text);
        let mut found = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            found.push(line);
        }
        found
    }

    fn line(number: u64, text: &str) -> Result<Line, (u64, String)> {
        Ok(Line { number, text: text.to_owned() })
    }

    #[tokio::test]
    async fn empty_lines_are_skipped_and_counted() {
        assert_eq!(all(b"a\n\n  \r\nb\r\nc").await, [line(1, "a"), line(4, "b"), line(5, "c")]);
        assert_eq!(all(b"").await, []);
        assert_eq!(all(b"\n\n").await, []);
    }

    #[tokio::test]
    async fn what_is_no_line_says_where() {
        let long = [b"a\n".to_vec(), vec![b'x'; MAX_LINE_BYTES + 1], b"\nb\n\xff\n".to_vec()].concat();
        let found = all(&long).await;
        assert_eq!((&found[0], &found[2]), (&line(1, "a"), &line(3, "b")));
        assert!(matches!(&found[1], Err((2, _))) && matches!(&found[3], Err((4, _))), "{found:?}");
        assert!(matches!(all(&vec![b'x'; MAX_LINE_BYTES + 1]).await.as_slice(), [Err((1, _))]));
    }

    #[test]
    fn a_repeated_line_is_another_command_and_a_repeated_file_is_the_same() {
        let ids = |lines: &[&str]| {
            let mut ids = LineIds::default();
            lines.iter().map(|line| ids.next(line)).collect::<Vec<_>>()
        };
        let first = ids(&["a", "b", "a"]);
        assert_eq!(first, ids(&["a", "b", "a"]));
        assert!(first[0] != first[2] && first[0] != first[1]);
    }
}
