//! `why`: why a row does not satisfy a specification, or that it does.

use portolan_application::projections::{ListingProjector, OrderProjector};
use portolan_application::wire::{MarketDecoder, MarketEvent};
use portolan_domain::{Listing, Order};
use portolan_kernel::{Aggregate, AggregateKey, Decoder, Journal, Projector, Recorded, Until, Version};
use serde_json::{Value, json};
use uuid::Uuid;

use super::named;
use super::query::criteria;
use crate::cli::Why;
use crate::config::Config;
use crate::output::Rows;
use crate::{Failure, wiring};

/// How many events are read at once.
const PAGE: usize = 1_000;

/// Prints the smallest failing parts with the row's values, or that the row satisfies the specification. The row
/// is made of its own history alone, so that no view has to be built.
///
/// # Errors
/// [`Failure::Usage`] for a specification that is none; [`Failure::Failed`] where there is no such row.
pub async fn run(config: &Config, why: &Why) -> Result<(), Failure> {
    let store = wiring::read_only(config).await?;
    let answers = answer(&*store, why.id, why.aggregate_type.as_deref(), &why.criteria).await?;
    let mut rows = Rows::sentences(why.json.json);
    answers.iter().try_for_each(|row| rows.push(row))?;
    rows.flush()
}

/// The lines that are printed: one that says that it does, or one for each reason.
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
    let specification = criteria::<P::View>(text)?;
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
    Ok(match specification.why_not(&row)? {
        None => vec![json!({ "id": key.id, "satisfied": true })],
        Some(why) => why
            .reasons
            .iter()
            .map(|reason| json!({ "id": key.id, "satisfied": false, "because": reason.because, "part": reason.part }))
            .collect(),
    })
}
