//! Listings as a market has them: 25,000 sellers, titles and descriptions of sixty words, four currencies.

use std::sync::Arc;

use portolan_kernel::{Index, Money, Projector, Recorded, Timestamp, View};
use uuid::Uuid;

portolan_kernel::id_type! {
    /// One listing.
    pub(crate) struct ListingId;
}
portolan_kernel::id_type! {
    /// Who sells and bids.
    pub(crate) struct PartyId;
}

/// Where a listing is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Draft,
    Published,
    Sold,
    Unsold,
    Withdrawn,
}

portolan_kernel::enumeration!(Status {
    Draft = "draft",
    Published = "published",
    Sold = "sold",
    Unsold = "unsold",
    Withdrawn = "withdrawn",
});

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Listing {
    pub(crate) id: ListingId,
    pub(crate) seller: PartyId,
    pub(crate) title: Arc<str>,
    pub(crate) description: Arc<str>,
    pub(crate) status: Status,
    pub(crate) asking: Money,
    pub(crate) price: Money,
    pub(crate) next_minimum: Option<Money>,
    pub(crate) leader: Option<PartyId>,
    pub(crate) bids: i64,
    pub(crate) ends_at: Timestamp,
    pub(crate) published_at: Option<Timestamp>,
}

portolan_kernel::candidate! {
    /// The fields of a [`Listing`].
    pub(crate) mod fields: Listing {
        id: ListingId [sortable],
        seller: PartyId [sortable],
        title: Arc<str> [sortable, searchable],
        description: Arc<str> [searchable],
        status: Status [sortable],
        asking: Money [sortable],
        price: Money [sortable],
        next_minimum: Option<Money> [sortable],
        leader: Option<PartyId> [sortable],
        bids: i64 [sortable],
        ends_at: Timestamp [sortable],
        published_at: Option<Timestamp> [sortable],
    }
}

impl View for Listing {
    const NAME: &'static str = "listings";
    type Id = ListingId;

    fn id(&self) -> ListingId {
        self.id
    }

    fn indexes() -> Vec<Index<Self>> {
        vec![
            Index::hash(fields::seller()),
            Index::hash(fields::leader()),
            Index::hash(fields::status()),
            Index::ordered(fields::id()),
            Index::ordered(fields::title()),
            Index::ordered(fields::price().amount()),
            Index::ordered(fields::bids()),
            Index::ordered(fields::ends_at()),
            Index::ordered(fields::published_at()),
            Index::words(fields::title()),
            Index::words(fields::description()),
        ]
    }
}

pub(crate) struct Listings;

impl Projector<Listing> for Listings {
    type View = Listing;

    fn target(&self, event: &Recorded<Listing>) -> Option<ListingId> {
        Some(event.event.id)
    }

    fn project(&self, row: &mut Option<Listing>, event: &Recorded<Listing>) {
        *row = Some(event.event.clone());
    }
}

const WORDS: &str = "東京 typewriter sextant pewter lantern violin oak marble antique gilded print mirror walnut \
    leather amber carved naïve teak lamp chair ring rosewood vase rug desk brass enamel Straße Über ivory map \
    globe copper engraved fiddle cedar camera opal silver silk quilt watch linen etched Ærø painted wool glass \
    tapestry porcelain velvet radio bronze clock crystal pearl stool bench harp kettle";

/// Random listings that come out the same each time.
pub(crate) struct Market {
    words: Vec<&'static str>,
    random: u64,
}

impl Market {
    pub(crate) fn new() -> Self {
        Self { words: WORDS.split_whitespace().collect(), random: 0x9e37_79b9_7f4a_7c15 }
    }

    fn next(&mut self, below: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 16) as usize % below
    }

    fn text(&mut self, least: usize, most: usize) -> Arc<str> {
        let count = least + self.next(most - least + 1);
        let all = self.words.len();
        let places: Vec<_> = (0..count).map(|_| self.next(all)).collect();
        let words: Vec<_> = places.into_iter().map(|place| self.words[place]).collect();
        words.join(" ").into()
    }

    fn party(&mut self) -> PartyId {
        PartyId::from(Uuid::from_u128(
            (0x019b_8d2b_8c00_7000_8000 << 48) | (self.next(25_000) as u128 * 0x9e37_79b1),
        ))
    }

    pub(crate) fn listing(&mut self, number: usize) -> Listing {
        let time = 1_767_600_000_000_000 + number as i64 * 20_000_000;
        let random = self.next(usize::MAX >> 20) as u128;
        let id = ((time as u128 / 1_000) << 80) | (0x7 << 76) | (0x8 << 60) | random;
        let code = ["EUR", "USD", "GBP", "JPY"][self.next(4)];
        let money = |amount: usize| Money::new(amount as i64, code.parse().unwrap());
        let asking = self.next(50_000);
        let price = asking + self.next(50_000);
        let status = match self.next(20) {
            0..10 => Status::Published,
            10..14 => Status::Sold,
            14..16 => Status::Unsold,
            16..19 => Status::Draft,
            _ => Status::Withdrawn,
        };
        let is_led = self.next(2) == 0;
        Listing {
            id: ListingId::from(Uuid::from_u128(id)),
            seller: self.party(),
            title: self.text(2, 4),
            description: self.text(5, 36),
            status,
            asking: money(asking),
            price: money(price),
            next_minimum: (status == Status::Published).then(|| money(price + 100)),
            leader: is_led.then(|| self.party()),
            bids: self.next(12) as i64,
            ends_at: Timestamp::from_micros(time + self.next(1 << 40) as i64),
            published_at: (status != Status::Draft).then(|| Timestamp::from_micros(time)),
        }
    }
}
