//! Listings as a market has them: 25,000 sellers, descriptions of up to 36 words, four currencies.

use std::sync::Arc;

use portolan_application::listings::ListingView;
use portolan_domain::listing::Status;
use portolan_domain::{ListingId, PartyId};
use portolan_kernel::{
    Batch, Currency, Id as _, Money, Position, Projection, Projector, Recorded, Timestamp, Version,
};
use uuid::Uuid;

use crate::run::Done;
use crate::work::random;

/// How many sellers and bidders there are.
const PARTIES: usize = 25_000;

/// Rows that are filled in at once.
const BATCH: usize = 1_000;

/// Each is in about one title of twenty, as the description's are in one description of three.
const WORDS: &str = "東京 typewriter sextant pewter lantern violin oak marble antique gilded print mirror walnut \
    leather amber carved naïve teak lamp chair ring rosewood vase rug desk brass enamel Straße Über ivory map \
    globe copper engraved fiddle cedar camera opal silver silk quilt watch linen etched Ærø painted wool glass \
    tapestry porcelain velvet radio bronze clock crystal pearl stool bench harp kettle";

/// Random listings that come out the same each time, each later than the one before.
pub(crate) struct Listings {
    words: Vec<&'static str>,
    currencies: Vec<Currency>,
    drawn: u64,
    made: usize,
}

impl Listings {
    /// From the first.
    ///
    /// # Errors
    /// None: the currencies are codes.
    pub(crate) fn new() -> Done<Self> {
        let currencies =
            ["EUR", "USD", "GBP", "JPY"].into_iter().map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { words: WORDS.split_whitespace().collect(), currencies, drawn: 0, made: 0 })
    }

    fn below(&mut self, end: usize) -> usize {
        self.drawn += 1;
        (random(7, self.drawn) >> 8) as usize % end.max(1)
    }

    fn text(&mut self, least: usize, most: usize) -> Arc<str> {
        let count = least + self.below(most - least + 1);
        let all = self.words.len();
        let drawn: Vec<_> = (0..count).map(|_| self.below(all)).collect();
        let words: Vec<_> = drawn.into_iter().map(|place| self.words[place]).collect();
        words.join(" ").into()
    }

    fn party(&mut self) -> PartyId {
        let number = self.below(PARTIES) as u128;
        PartyId::from_uuid(Uuid::from_u128((0x019b_8d2b_8c00_7000_8000 << 48) | (number * 0x9e37_79b1)))
    }

    fn status(&mut self) -> Status {
        match self.below(20) {
            0..10 => Status::Published,
            10..14 => Status::Sold,
            14..16 => Status::Unsold,
            16..19 => Status::Draft,
            _ => Status::Withdrawn,
        }
    }

    /// The next one.
    pub(crate) fn next(&mut self) -> ListingView {
        let time = 1_767_600_000_000_000 + self.made as i64 * 20_000_000;
        self.made += 1;
        let tail = self.below(1 << 44) as u128;
        let id = ((time as u128 / 1_000) << 80) | (0x7 << 76) | (0x8 << 60) | tail;
        let currency = self.below(self.currencies.len());
        let currency = self.currencies[currency];
        let asking = self.below(50_000) as i64;
        let price = asking + self.below(50_000) as i64;
        let status = self.status();
        let is_led = self.below(2) == 0;
        ListingView {
            id: ListingId::from_uuid(Uuid::from_u128(id)),
            seller: self.party(),
            title: self.text(2, 4),
            description: self.text(5, 36),
            status,
            asking: Money::new(asking, currency),
            price: Money::new(price, currency),
            next_minimum: (status == Status::Published).then(|| Money::new(price + 100, currency)),
            leader: is_led.then(|| self.party()),
            bids: self.below(12) as i64,
            ends_at: Timestamp::from_micros(time + self.below(1 << 40) as i64),
            published_at: (status != Status::Draft).then(|| Timestamp::from_micros(time)),
        }
    }

    /// So many more.
    pub(crate) fn take(&mut self, count: usize) -> Vec<ListingView> {
        (0..count).map(|_| self.next()).collect()
    }
}

/// Puts rows into a view as they are.
pub(crate) struct AsTheyAre;

impl Projector<ListingView> for AsTheyAre {
    type View = ListingView;

    fn target(&self, event: &Recorded<ListingView>) -> Option<ListingId> {
        Some(event.event.id)
    }

    fn project(&self, row: &mut Option<ListingView>, event: &Recorded<ListingView>) {
        *row = Some(event.event.clone());
    }
}

/// The event that puts in the row with this number, from 0.
pub(crate) fn offered(number: usize, row: &ListingView) -> Recorded<ListingView> {
    let place = number as u64 + 1;
    Recorded {
        position: Position(place),
        event_id: Uuid::nil(),
        aggregate_id: row.id.uuid(),
        version: Version(1),
        occurred_at: Timestamp::default(),
        recorded_at: Timestamp::default(),
        metadata: String::new(),
        event: row.clone(),
    }
}

/// Puts these rows into an empty view.
///
/// # Errors
/// Those of the view.
pub(crate) async fn fill(projection: &impl Projection<ListingView>, rows: &[ListingView]) -> Done {
    let rows_in_all = rows.len() as u64;
    for (batch, rows) in rows.chunks(BATCH).enumerate() {
        let events: Vec<_> = (batch * BATCH..).zip(rows).map(|(number, row)| offered(number, row)).collect();
        let to = Position((batch * BATCH + rows.len()) as u64);
        let batch = Batch::new(&events, to)?;
        let is_last = to.get() == rows_in_all;
        projection.apply(if is_last { batch.last() } else { batch }).await?;
    }
    Ok(())
}
