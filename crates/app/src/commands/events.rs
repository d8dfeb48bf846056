//! `events`: the journal as rows.

use portolan_kernel::{AggregateKey, Envelope, Error, Journal, Position, Until, Version};
use serde_json::{Value, json};

use super::named;
use crate::Failure;
use crate::cli::Events;
use crate::config::Config;
use crate::output::Rows;
use crate::wiring;

/// How many events are read and held at once.
const PAGE: usize = 1_000;

/// Prints what was asked for.
///
/// # Errors
/// Those of the journal.
pub async fn run(config: &Config, events: &Events) -> Result<(), Failure> {
    let store = wiring::read_only(config).await?;
    let mut printer = Printer { rows: Rows::new(events.json.json), left: events.limit.unwrap_or(usize::MAX) };
    let interrupted = crate::signals::interrupted();
    tokio::select! {
        printed = print(&*store, events, &mut printer) => printed?,
        () = interrupted => {}
    }
    printer.rows.flush()
}

async fn print(journal: &dyn Journal, events: &Events, printer: &mut Printer) -> Result<(), Failure> {
    let before = Position(events.from.saturating_sub(1));
    match events.aggregate {
        Some(id) if !events.follow => match named::with_id(journal, id).await?.as_slice() {
            [] => Ok(()),
            [one] => history(journal, *one, before, printer).await,
            // In the order of positions, for which the journal has to be read.
            _ => feed(journal, before, events, printer).await,
        },
        _ => feed(journal, before, events, printer).await,
    }
}

/// One aggregate's events, found by its index.
async fn history(
    journal: &dyn Journal,
    key: AggregateKey,
    before: Position,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let mut after = Version::ZERO;
    loop {
        let page = journal.history(key, after, Until::Now, PAGE).await?;
        for envelope in page.iter().filter(|envelope| envelope.position > before) {
            if !printer.print(envelope)? {
                return Ok(());
            }
        }
        match page.last() {
            Some(last) => after = last.version,
            None => return Ok(()),
        }
    }
}

/// Everything after a position, and with `--follow` what is still to come.
async fn feed(
    journal: &dyn Journal,
    mut after: Position,
    events: &Events,
    printer: &mut Printer,
) -> Result<(), Failure> {
    loop {
        let page = journal.read(after, PAGE).await?;
        let wanted = |envelope: &&Envelope| events.aggregate.is_none_or(|id| envelope.aggregate_id == id);
        for envelope in page.iter().filter(wanted) {
            if !printer.print(envelope)? {
                return Ok(());
            }
        }
        match page.last() {
            Some(last) => after = last.position,
            None if events.follow => {
                printer.rows.flush()?;
                journal.changed(after).await?;
            }
            None => return Ok(()),
        }
    }
}

struct Printer {
    rows: Rows,
    left: usize,
}

impl Printer {
    /// Prints an event; whether more are wanted.
    fn print(&mut self, envelope: &Envelope) -> Result<bool, Failure> {
        if self.left == 0 {
            return Ok(false);
        }
        self.rows.push(&row(envelope)?)?;
        self.left -= 1;
        Ok(self.left > 0)
    }
}

/// An event as a row, its texts parsed.
pub(crate) fn row(envelope: &Envelope) -> Result<Value, Error> {
    let parse = |what: &str, text: &str| {
        serde_json::from_str::<Value>(text).map_err(|error| {
            Error::Invalid(format!(
                "the {what} of the event at position {} is no JSON: {error}",
                envelope.position
            ))
        })
    };
    Ok(json!({
        "position": envelope.position,
        "event_id": envelope.event_id,
        "aggregate": envelope.aggregate_type,
        "id": envelope.aggregate_id,
        "version": envelope.version,
        "type": envelope.event_type,
        "schema": envelope.schema_version,
        "occurred_at": envelope.occurred_at,
        "recorded_at": envelope.recorded_at,
        "data": parse("payload", &envelope.payload)?,
        "meta": parse("metadata", &envelope.metadata)?,
    }))
}
