//! Which index serves the common questions of the view of listings.

use portolan_application::listings::ListingView;
use portolan_domain::listing::Status;
use portolan_domain::{ListingId, PartyId};
use portolan_kernel::{Money, PageSize, Projector, Sort, Specification};

use super::super::super::engine;
use super::*;

/// Puts rows into the view as they are.
struct AsTheyAre;

impl Projector<ListingView> for AsTheyAre {
    type View = ListingView;

    fn target(&self, event: &Recorded<ListingView>) -> Option<ListingId> {
        Some(event.event.id)
    }

    fn project(&self, row: &mut Option<ListingView>, event: &Recorded<ListingView>) {
        *row = Some(event.event.clone());
    }
}

/// One of a hundred sellers, half of them published, all ending one after the other.
fn listing(number: u64) -> ListingView {
    let id = |number: u64| uuid::Uuid::from_u128(u128::from(number) + 1);
    let price = Money::new((number * 7_919 % 10_000).cast_signed(), "EUR".parse().unwrap());
    ListingView {
        id: ListingId::from_uuid(id(number)),
        seller: PartyId::from_uuid(id(number % 100)),
        title: if number.is_multiple_of(50) { "a lamp for a desk".into() } else { "a chair".into() },
        description: "as it is".into(),
        status: if number.is_multiple_of(2) { Status::Published } else { Status::Sold },
        asking: price,
        price,
        next_minimum: None,
        leader: None,
        bids: 0,
        ends_at: Timestamp::from_micros(number.cast_signed() * 1_000_000),
        published_at: None,
    }
}

fn event(number: u64) -> Recorded<ListingView> {
    let event = listing(number);
    Recorded {
        position: Position(number + 1),
        event_id: event.id.uuid(),
        aggregate_id: event.id.uuid(),
        version: Version(1),
        occurred_at: Timestamp::default(),
        recorded_at: Timestamp::default(),
        metadata: String::new(),
        event,
    }
}

#[tokio::test]
async fn the_common_questions_about_listings_go_by_an_index() {
    // Whoever has statistics chooses as it pleases.
    if engine::KEEPS_STATISTICS {
        return;
    }
    let Some(place) = trial::place() else { return };
    let (registry, mappers) = (Registry::new(), Mappers::new());
    let store =
        Store::open(&place.config, OpenMode::ReadWrite, &registry, &mappers, Arc::new(Midnight)).unwrap();
    let (view, projection) = store.view("listings", 1, AsTheyAre).await.unwrap();
    let events: Vec<_> = (0..2_000).map(event).collect();
    projection.apply(Batch::new(&events, Position(2_000)).unwrap().last()).await.unwrap();
    let seller = listing(8).seller.uuid();
    for (filter, sort, indexes) in [
        (format!("seller = \"{seller}\""), "id", &["hash index on seller"][..]),
        (format!("seller = \"{seller}\" and status = \"published\""), "id", &["hash index on seller"]),
        ("status = \"published\"".to_owned(), "-price.amount", &["ordered index on price.amount"]),
        (
            "status = \"published\" and price.amount >= 100".to_owned(),
            "-price.amount",
            &["ordered index on price.amount"],
        ),
        (
            "status = \"published\" and ends_at < \"1970-01-01T00:01:00Z\"".to_owned(),
            "ends_at",
            &["ordered index on ends_at"],
        ),
        ("status = \"published\"".to_owned(), "ends_at", &["ordered index on ends_at"]),
        ("title search \"lamp desk\"".to_owned(), "id", &["word index"]),
    ] {
        let criteria = Specification::parse(&filter).unwrap();
        let query = Query::new(criteria).sort(Sort::parse(sort).unwrap());
        let query = query.page(PageRequest::first(PageSize::new(50).unwrap()));
        let explained = view.explain(&query).await.unwrap();
        assert_eq!(explained.indexes, indexes, "{filter} by {sort}: {}", explained.query);
        assert_eq!(explained.residual, None, "{filter} by {sort}");
    }
}
