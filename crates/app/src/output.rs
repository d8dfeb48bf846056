//! What the program prints: data to stdout, everything else to stderr.

use std::io::{self, Write};

use comfy_table::presets;
use comfy_table::{ContentArrangement, Table};
use serde_json::Value;

use crate::Failure;

/// One line to stdout.
///
/// # Errors
/// [`Failure::Failed`] where stdout takes no more; a reader that has gone ends the program quietly.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush())
        .map_err(closed)
}

/// A note to people, on stderr.
pub(crate) fn note(text: &str) {
    // Nobody can be told that stderr is gone.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Rows, printed as they come: one JSON object a line, or a table.
pub(crate) struct Rows {
    json: bool,
    /// What a value is in a table.
    cell: fn(&Value) -> String,
    columns: Vec<String>,
    held: Vec<Vec<String>>,
    out: io::BufWriter<io::Stdout>,
}

/// How many rows a table holds to find its widths, before the next table begins.
const TABLE_ROWS: usize = 1_000;

impl Rows {
    /// Rows as JSON lines, or as a table to be looked through: what is long is cut off.
    #[must_use]
    pub(crate) fn new(json: bool) -> Self {
        Self { json, cell, columns: Vec::new(), held: Vec::new(), out: io::BufWriter::new(io::stdout()) }
    }

    /// Rows as JSON lines, or as a table to be read: sentences stand in it whole.
    #[must_use]
    pub(crate) fn sentences(json: bool) -> Self {
        Self { cell: whole, ..Self::new(json) }
    }

    /// One row, a JSON object.
    ///
    /// # Errors
    /// As [`line`].
    pub(crate) fn push(&mut self, row: &Value) -> Result<(), Failure> {
        if self.json {
            serde_json::to_writer(&mut self.out, row).map_err(|error| closed(error.into()))?;
            return self.out.write_all(b"\n").map_err(closed);
        }
        let Value::Object(fields) = row else { return Ok(()) };
        if self.columns.is_empty() {
            self.columns = fields.keys().cloned().collect();
        }
        let cells = self.columns.iter().map(|column| fields.get(column).map_or(String::new(), self.cell));
        self.held.push(cells.collect());
        if self.held.len() >= TABLE_ROWS { self.print_table() } else { Ok(()) }
    }

    /// Prints what is held back: at the end, and before a pause.
    ///
    /// # Errors
    /// As [`line`].
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        if !self.held.is_empty() {
            self.print_table()?;
        }
        self.out.flush().map_err(closed)
    }

    fn print_table(&mut self) -> Result<(), Failure> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(self.columns.iter().map(|column| column.to_uppercase()));
        table.add_rows(self.held.drain(..));
        table.column_iter_mut().for_each(|column| {
            column.set_padding((0, 2));
        });
        let text = table.lines().map(|line| line.trim_end().to_owned() + "\n").collect::<String>();
        self.out.write_all(text.as_bytes()).map_err(closed)
    }
}

/// One thing, a JSON object: on one line as JSON, or for people as a sheet with a line for each field, of which nothing is cut
/// off.
///
/// # Errors
/// As [`line`].
pub(crate) fn sheet(json: bool, thing: &Value) -> Result<(), Failure> {
    if json {
        return line(&thing.to_string());
    }
    let Value::Object(fields) = thing else { return Ok(()) };
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.add_rows(fields.iter().map(|(name, value)| [name.to_uppercase(), whole(value)]));
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    let lines: Vec<_> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    line(&lines.join("\n"))
}

/// As [`cell`], and nothing is cut off: what has parts stands below itself.
fn whole(value: &Value) -> String {
    match value {
        Value::String(text) => cleaned(text).collect(),
        Value::Array(items) => items.iter().map(whole).collect::<Vec<_>>().join("\n"),
        Value::Object(_) if money(value).is_none() => format!("{value:#}")
            .lines()
            .map(|line| cleaned(line).collect())
            .collect::<Vec<String>>()
            .join("\n"),
        other => cell(other),
    }
}

/// A value as people read it: money as `12.50 EUR`, text without quotes, nothing for null.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => shortened(text),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(_) => money(value).unwrap_or_else(|| shortened(&value.to_string())),
        other => other.to_string(),
    }
}

/// The amount and its currency, where that is all that the value is.
fn money(value: &Value) -> Option<String> {
    let fields = value.as_object()?;
    let is_money = fields.len() == 2 && fields.contains_key("currency");
    let money = is_money.then(|| serde_json::from_value::<portolan_kernel::Money>(value.clone()).ok());
    money.flatten().map(|money| money.to_string())
}

fn shortened(text: &str) -> String {
    const WIDTH: usize = 60;
    match text.char_indices().nth(WIDTH) {
        Some(_) => cleaned(text).take(WIDTH - 1).chain(['…']).collect(),
        None => cleaned(text).collect(),
    }
}

/// The text without anything that a terminal would obey.
fn cleaned(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter })
}

/// `portolan events | head` is no failure.
fn closed(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Failure::Unread;
    }
    Failure::Failed(format!("stdout: {error}"))
}
