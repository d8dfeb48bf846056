//! A read model for one question: built from the journal, asked, forgotten.

use portolan_application::Views;
use portolan_application::wire::MarketDecoder;
use portolan_kernel::{Batch, Decoder, Journal, Position, READ_LIMIT, Recorded};

use super::{read_only, views};
use crate::Failure;
use crate::cli::View;
use crate::config::Config;

/// The read models, of which this one is at the journal's head.
///
/// # Errors
/// Those of the store.
pub async fn one_view(config: &Config, wanted: View) -> Result<Views, Failure> {
    let journal = read_only(config).await?;
    let (views, filling) = views::empty();
    let filling = &filling[wanted as usize];
    let decoder = MarketDecoder::default();
    let mut after = Position::ZERO;
    loop {
        let read = journal.read(after, READ_LIMIT).await?;
        let Some(last) = read.last().map(|envelope| envelope.position) else { return Ok(views) };
        let mut events = Vec::with_capacity(read.len());
        for envelope in read {
            let event = decoder.decode(&envelope)?;
            events.push(Recorded::of(envelope, event));
        }
        filling.apply(Batch::new(&events, last)?).await?;
        after = last;
    }
}
