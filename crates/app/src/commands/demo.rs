//! `demo`: a throw-away market to look at.

use std::net::SocketAddr;
use std::sync::Arc;

use portolan_application::listings::{ListingView, fields};
use portolan_domain::listing;
use portolan_kernel::{Money, Query, Sort, Timestamp};
use serde_json::{Value, json};

use super::serve;
use crate::config::Config;
use crate::import::{Import, Progress, Stopped};
use crate::signals::Interrupted;
use crate::wiring::{App, Parts};
use crate::{Failure, output};

/// What is imported: a market at a moment when much is going on.
const SAMPLE: &str = include_str!("../../sample/market.jsonl");

/// Imports the sample as if it had just happened, and serves it.
///
/// # Errors
/// As [`serve::run`].
pub async fn run(config: &Config) -> Result<(), Failure> {
    let listener = listen(config).await?;
    // Heard from before there is anything that would be left behind.
    let mut interrupted = Interrupted::listen();
    let place = tempfile::Builder::new().prefix("portolan-demo-").tempdir()?;
    let write = format!("sqlite:{}", place.path().join("market.db").display());
    let config = Config { write, ..config.clone() };
    output::note("importing a sample market ...");
    let importer = App::build(&config, Parts::to_import(&config)).await?;
    let sample = shifted(SAMPLE, importer.clock().now())?;
    let report = Import::new(importer.clone(), false)
        .run(sample.as_bytes(), Arc::new(Silent), async { _ = interrupted.heard().await })
        .await;
    importer.shutdown().await?;
    let (report, _) = report.map_err(|stopped| match stopped {
        Stopped::Interrupted => Failure::Failed("interrupted; nothing is left of the market".to_owned()),
        other => other.into(),
    })?;
    output::note(&format!(
        "{} commands, {} accepted; the market is gone when this program ends",
        report.commands, report.accepted
    ));
    let app = App::build(&config, Parts::to_serve(&config)).await?;
    let open = longest_open(&app).await?;
    serve::serve(&config, &app, listener, interrupted, |address| tour(address, open.as_deref())).await
}

/// The usual address, or a free one where the usual one is taken and nobody asked for it.
async fn listen(config: &Config) -> Result<tokio::net::TcpListener, Failure> {
    match serve::listen(config.listen).await {
        Err(_) if config.listen == Config::default().listen => {
            serve::listen(SocketAddr::new(config.listen.ip(), 0)).await
        }
        bound => bound,
    }
}

/// The sample with its times moved, so that its last command was given now.
fn shifted(sample: &str, now: Timestamp) -> Result<String, Failure> {
    let broken =
        |what: &dyn std::fmt::Display| Failure::Failed(format!("the bundled sample is broken: {what}"));
    let mut commands: Vec<Value> = Vec::new();
    for line in sample.lines() {
        commands.push(serde_json::from_str(line).map_err(|error| broken(&error))?);
    }
    let time = |value: &Value| value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let last =
        commands.last().and_then(|command| time(&command["at"])).ok_or_else(|| broken(&"it has no end"))?;
    let shift = now.as_micros() - last.as_micros();
    let mut text = String::with_capacity(sample.len());
    for mut command in commands {
        for field in ["at", "ends_at"] {
            if let Some(given) = time(&command[field]) {
                command[field] = Value::from(Timestamp::from_micros(given.as_micros() + shift).to_string());
            }
        }
        text.push_str(&command.to_string());
        text.push('\n');
    }
    Ok(text)
}

/// The listing that takes bids for the longest time yet.
async fn longest_open(app: &App) -> Result<Option<Arc<ListingView>>, Failure> {
    let query = Query::new(fields::status().eq(listing::Status::Published)).sort(Sort::parse("-ends_at")?);
    let page = app.mediator().service().views().listings.find(&query).await?;
    Ok(page.rows.into_iter().next().map(|row| row.view))
}

/// What to open and what to try first.
fn tour(address: SocketAddr, open: Option<&ListingView>) -> Result<(), Failure> {
    let web = format!("http://{address}");
    let mut lines = vec![
        String::new(),
        "Open in a browser:".to_owned(),
        format!("  {web}/                                      the market, as it happens"),
        format!("  {web}/docs                                  every route"),
        format!("  {web}/listings?sort=-price.amount&limit=5   the dearest listings"),
        String::new(),
        "Then, in another terminal:".to_owned(),
        format!("  curl -s '{web}/listings?sort=ends_at&limit=3'     # what ends first"),
        format!("  curl -sN {web}/events                             # everything, as it happens"),
        format!("  curl -s {web}/health/ready                        # how every part is"),
    ];
    if let Some(listing) = open {
        let id = listing.id;
        let Money { amount, currency } = listing.next_minimum.unwrap_or(listing.price);
        let ceiling = json!({ "amount": amount.saturating_add(500), "currency": currency });
        let bid = json!({ "bidder": "00000000-0000-4000-8000-000000000001", "ceiling": ceiling });
        lines.extend([
            format!("  curl -s {web}/listings/{id}/events   # what happened to one listing"),
            format!("  curl -s {web}/listings/{id}/bids \\"),
            "       -H 'Content-Type: application/json' -H 'Idempotency-Key: first-try' \\".to_owned(),
            format!("       -d '{bid}'   # bid on it; send it twice, it counts once"),
        ]);
    }
    lines.extend([String::new(), "Ctrl-C ends it.".to_owned()]);
    lines.iter().try_for_each(|line| output::line(line))
}

struct Silent;

impl Progress for Silent {
    fn line(&self, _bytes: u64) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_ends_now_and_keeps_its_distances() {
        let now: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        let moved = shifted(SAMPLE, now).unwrap();
        assert_eq!(moved.lines().count(), SAMPLE.lines().count());
        let at = |text: &str, field: &str| {
            let command: Value = serde_json::from_str(text).unwrap();
            command[field].as_str().unwrap().parse::<Timestamp>().unwrap().as_micros()
        };
        assert_eq!(at(moved.lines().last().unwrap(), "at"), now.as_micros());
        let (before, after) = (SAMPLE.lines().next().unwrap(), moved.lines().next().unwrap());
        assert_eq!(at(before, "ends_at") - at(before, "at"), at(after, "ends_at") - at(after, "at"));
    }

    #[test]
    fn a_broken_sample_says_so() {
        let now = Timestamp::from_micros(0);
        assert!(shifted("", now).unwrap_err().to_string().contains("no end"));
        assert!(shifted("{", now).is_err());
    }
}
