//! A write and a read repository behind one handle, on the stores that the program uses.
#![cfg(test)]

use std::time::Duration;

use portolan_app::config::Config;
use portolan_app::wiring::{App, Parts};
use portolan_application::listings::{ListingView, fields};
use portolan_domain::listing::{Draft, Listing};
use portolan_domain::{ListingId, PartyId};
use portolan_kernel::{Compound, Context, Id, Money, Query, Receipt};

const PATIENCE: Duration = Duration::from_secs(30);

fn draft(id: ListingId, ends_at: portolan_kernel::Timestamp) -> Draft {
    let money = |text: &str| text.parse::<Money>().unwrap();
    Draft {
        listing: id,
        seller: PartyId::from_uuid(uuid::Uuid::from_u128(1)),
        title: "A brass lamp".into(),
        description: "".into(),
        asking: money("10.00 EUR"),
        increment: money("1.00 EUR"),
        reserve: None,
        ends_at,
    }
}

#[tokio::test]
async fn one_handle_adds_finds_counts_gets_and_removes() {
    let place = tempfile::tempdir().unwrap();
    let write = format!("sqlite:{}", place.path().join("market.db").display());
    let config = Config { write, ..Config::default() };
    let app = App::build(&config, Parts::to_serve(&config)).await.unwrap();
    let view = app.mediator().service().views().listings.clone();
    let id = ListingId::from_uuid(app.ids().next_id());
    let lamps = || fields::title().contains("lamp");
    let begin = || app.mediator().write_side().begin(Context::new(app.ids().next_id(), app.clock().now()));

    let unit = begin();
    let listings = Compound::<Listing, ListingView>::new(unit.repository(), view.clone());
    let added = listings.add(Listing::draft(draft(id, app.clock().now())).unwrap()).unwrap();
    assert_eq!(listings.get(id).await.unwrap().map(|found| found.key()), Some(added.key()));
    assert_eq!(listings.count(&lamps()).await.unwrap(), 0, "readers see what is committed");
    let key = added.key();
    let receipt: Receipt = unit.commit(key).await.unwrap();
    view.wait_for(receipt.position, PATIENCE).await.unwrap();

    let unit = begin();
    let listings = Compound::<Listing, ListingView>::new(unit.repository(), view.clone());
    let page = listings.find(&Query::new(lamps()).at_least(receipt.position)).await.unwrap();
    assert_eq!(page.rows.iter().map(|row| row.view.id).collect::<Vec<_>>(), [id]);
    let found = listings.get(id).await.unwrap().unwrap();
    listings.remove(&found);
    assert!(listings.get(id).await.unwrap().is_none());
    let receipt = unit.commit(key).await.unwrap();
    view.wait_for(receipt.position, PATIENCE).await.unwrap();

    let unit = begin();
    let listings = Compound::<Listing, ListingView>::new(unit.repository(), view);
    assert_eq!(listings.count(&lamps()).await.unwrap(), 0);
    assert!(listings.get(id).await.unwrap().is_none());
    app.shutdown().await.unwrap();
}
