//! `why`: why a row does not satisfy a specification, or that it does.

use std::fmt::Display;

use portolan_application::customers::CustomerSummary;
use portolan_application::listings::ListingView;
use portolan_application::orders::OrderView;
use portolan_application::projections::{ListingProjector, OrderProjector};
use portolan_application::totals::MarketTotals;
use portolan_application::wire::{MarketDecoder, MarketEvent};
use portolan_domain::{Listing, Order, PartyId};
use portolan_kernel::{
    Aggregate, AggregateKey, Decoder, Id as _, Journal, Projector, ReadRepository, Recorded, Until, Version,
    View,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::named;
use super::query::criteria;
use crate::cli::{self, Why};
use crate::config::Config;
use crate::output::Rows;
use crate::wiring::OneView;
use crate::{Failure, wiring};

/// How many events are read at once.
const PAGE: usize = 1_000;

/// The rows that are no aggregate's, as `--type` names them.
const CUSTOMER: &str = "customer";
const TOTALS: &str = "totals";

type Reading = fn(&str) -> Result<(), Failure>;

/// What a specification is read as, for each row that `--type` can name.
const READINGS: [(&str, Reading); 4] = [
    (Listing::TYPE, read_as::<ListingView>),
    (Order::TYPE, read_as::<OrderView>),
    (CUSTOMER, read_as::<CustomerSummary>),
    (TOTALS, read_as::<MarketTotals>),
];

/// Prints the smallest failing parts with the row's values, or that the row satisfies the specification. The row of an
/// aggregate is made of its own history alone; for any other its view is built, as for `query`. What is wrong with the
/// specification is said before any store is opened, unless it is right for another row that the id may be of.
///
/// # Errors
/// [`Failure::Usage`] for a specification or an id that is none; [`Failure::Failed`] where there is no such row.
pub async fn run(config: &Config, why: &Why) -> Result<(), Failure> {
    let row_type = why.row_type.as_deref();
    let id = Uuid::parse_str(&why.id);
    refuse_wrong(&why.criteria, |row| match (row_type, &id) {
        (Some(wanted), _) => row == wanted,
        (None, Ok(_)) => row != TOTALS,
        (None, Err(_)) => row == TOTALS,
    })?;
    let answers = match (row_type, id) {
        (Some(TOTALS), _) | (None, Err(_)) => of_totals(config, why).await?,
        (Some(CUSTOMER), Ok(id)) => of_customer(config, id, &why.criteria).await?,
        (_, Err(_)) => return Err(no_id(&why.id)),
        (_, Ok(id)) => {
            let store = wiring::read_only(config).await?;
            match row_type.is_none() && named::with_id(&*store, id).await?.is_empty() {
                true => of_customer(config, id, &why.criteria).await?,
                false => answer(&*store, id, row_type, &why.criteria).await?,
            }
        }
    };
    let mut rows = Rows::sentences(why.json.json);
    answers.iter().try_for_each(|row| rows.push(row))?;
    rows.flush()
}

/// Refuses a specification that no row can be asked for which is `possible`. Where they refuse it for different reasons,
/// as each has fields of its own, all of them are told.
fn refuse_wrong(text: &str, possible: impl Fn(&str) -> bool) -> Result<(), Failure> {
    let mut wrong: Vec<(&str, String)> = Vec::new();
    for (row, read) in READINGS.into_iter().filter(|(row, _)| possible(row)) {
        let Err(failure) = read(text) else { return Ok(()) };
        wrong.push((row, failure.to_string()));
    }
    let Some((_, first)) = wrong.first() else { return Ok(()) };
    if wrong.iter().all(|(_, other)| other == first) {
        return Err(Failure::Usage(first.clone()));
    }
    let each: Vec<_> = wrong.iter().map(|(row, failure)| format!("for `--type {row}`: {failure}")).collect();
    Err(Failure::Usage(each.join("\n")))
}

fn read_as<V: View>(text: &str) -> Result<(), Failure> {
    criteria::<V>(text).map(drop)
}

/// The lines that are printed for an aggregate's row: one that says that it does, or one for each reason.
///
/// # Errors
/// As [`run`].
pub async fn answer(
    journal: &dyn Journal,
    id: Uuid,
    aggregate_type: Option<&str>,
    text: &str,
) -> Result<Vec<Value>, Failure> {
    let key = named::one(journal, id, aggregate_type).await?;
    match key.aggregate_type {
        Listing::TYPE => of(&ListingProjector, journal, key, text).await,
        Order::TYPE => of(&OrderProjector, journal, key, text).await,
        other => Err(Failure::Failed(format!("a {other} has no row of its own"))),
    }
}

async fn of<P: Projector<MarketEvent>>(
    projector: &P,
    journal: &dyn Journal,
    key: AggregateKey,
    text: &str,
) -> Result<Vec<Value>, Failure> {
    let decoder = MarketDecoder;
    let (mut row, mut after) = (None, Version::ZERO);
    loop {
        let page = journal.history(key, after, Until::Now, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.version;
        for envelope in page {
            let event = decoder.decode(&envelope)?;
            projector.project(&mut row, &Recorded::of(envelope, event));
        }
    }
    let row = row.ok_or_else(|| Failure::Failed(format!("{key} was removed")))?;
    told(&row, &key.id, text)
}

async fn of_customer(config: &Config, id: Uuid, text: &str) -> Result<Vec<Value>, Failure> {
    let built = OneView::build(config, cli::View::Customers).await?;
    let told = of_row(&*built.views.customers, &PartyId::from_uuid(id), text).await;
    built.end().await;
    told?
        .ok_or_else(|| Failure::Failed(format!("there is no aggregate {id}, nor a customer who has ordered")))
}

async fn of_totals(config: &Config, Why { id, criteria: text, .. }: &Why) -> Result<Vec<Value>, Failure> {
    if !id.contains('/') {
        return Err(no_id(id));
    }
    let built = OneView::build(config, cli::View::Totals).await?;
    let told = of_row(&*built.views.totals, &id.as_str().into(), text).await;
    built.end().await;
    told?.ok_or_else(|| {
        Failure::Failed(format!("there are no totals {id}: nothing happened then in that currency"))
    })
}

async fn of_row<V: View>(
    view: &dyn ReadRepository<V>,
    id: &V::Id,
    text: &str,
) -> Result<Option<Vec<Value>>, Failure> {
    let row = view.get(id).await?;
    row.map(|row| told(&*row.view, id, text)).transpose()
}

fn told<V: View>(row: &V, id: &impl Display, text: &str) -> Result<Vec<Value>, Failure> {
    let id = id.to_string();
    Ok(match criteria::<V>(text)?.why_not(row)? {
        None => vec![json!({ "id": id, "satisfied": true })],
        Some(why) => why
            .reasons
            .iter()
            .map(|reason| json!({ "id": id, "satisfied": false, "because": reason.because, "part": reason.part }))
            .collect(),
    })
}

fn no_id(text: &str) -> Failure {
    Failure::Usage(format!(
        "`{text}` is no id: that of a listing, an order or a customer is a UUID, that of totals a day and a currency, like \
         `2026-01-05/EUR`"
    ))
}
