//! `describe`: what is wired to what.

use portolan_application::customers::CustomerSummary;
use portolan_application::listings::ListingView;
use portolan_application::orders::OrderView;
use portolan_application::queries::Queried;
use portolan_application::totals::MarketTotals;
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
    for (view, names) in [
        queries::<ListingView>(),
        queries::<OrderView>(),
        queries::<CustomerSummary>(),
        queries::<MarketTotals>(),
    ] {
        for name in names {
            row("query", name, &format!("answered by the view `{view}`"))?;
        }
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
    for name in wiring::event_handlers() {
        row("handler", &name, "each event, in every process that serves")?;
    }
    for (feature, is_built_in) in wiring::FEATURES {
        row("feature", feature, if *is_built_in { "built in" } else { "off" })?;
    }
    rows.flush()
}

/// What a view is asked, with its name.
const fn queries<V: Queried>() -> (&'static str, [&'static str; 3]) {
    (V::NAME, [V::FIND, V::GET, V::COUNT])
}

/// The scheme alone: a URL may hold a password.
fn scheme(url: &str) -> &str {
    url.split_once(':').map_or("", |(scheme, _)| scheme)
}
