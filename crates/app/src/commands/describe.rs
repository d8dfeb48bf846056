//! `describe`: what is wired to what.

use portolan_application::wire::CommandLine;
use serde_json::json;

use crate::Failure;
use crate::config::Config;
use crate::output::Rows;
use crate::wiring::{self, Place};

/// Prints the wiring, one part a row.
///
/// # Errors
/// [`Failure::Usage`] for the URL of a read model that does not parse; where stdout takes no more.
pub fn run(config: &Config, json: bool) -> Result<(), Failure> {
    let mut rows = Rows::new(json);
    let mut row = |kind: &str, name: &str, detail: &str| {
        rows.push(&json!({ "kind": kind, "name": name, "detail": detail }))
    };
    row("backend", "write", scheme(&config.write))?;
    if let Some(next) = &config.next_write {
        row("backend", "next_write", scheme(next))?;
    }
    for (key, url) in config.read.urls() {
        row("backend", key, scheme(url))?;
    }
    row("backend", "broker", &format!("{}, and nothing is published yet", scheme(&config.broker)))?;
    for name in CommandLine::NAMES {
        row("command", name, "")?;
    }
    for name in wiring::VIEWS {
        let detail = match Place::of(config, name)? {
            Place::Memory => "follows the journal in memory, in every process".to_owned(),
            Place::WriteStore => "kept in the write store, filled by one process at a time".to_owned(),
            place @ Place::Store(_) => format!("kept in {place}, filled by one process at a time"),
        };
        row("view", name, &detail)?;
    }
    let on = |switch: crate::config::Switch| if switch.is_on() { "on" } else { "off" };
    row("process", "order_for_sale", &format!("ListingSold -> place_order ({})", on(config.processes)))?;
    row(
        "deadline",
        "close_at_end",
        &format!("end of a listing -> close_listing ({})", on(config.deadlines)),
    )?;
    for (feature, is_built_in) in wiring::FEATURES {
        row("feature", feature, if *is_built_in { "built in" } else { "off" })?;
    }
    rows.flush()
}

/// The scheme alone: a URL may hold a password.
fn scheme(url: &str) -> &str {
    url.split_once(':').map_or("", |(scheme, _)| scheme)
}
