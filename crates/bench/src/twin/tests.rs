//! The twins write what Portolan writes: the same rows in every table, which its own check finds nothing wrong with.

use std::path::Path;

use portolan_app::wiring;
use portolan_diesel::Check;
use rusqlite::Connection;

use super::batched::Batched;
use super::plain::Plain;
use crate::ground::Ground;
use crate::market::Market;
use crate::portolan::{COMMANDS, Portolan, config};
use crate::work;

/// Few listings, so that each gets many bids: by its leader, by others, above the leader's ceiling and below it.
const LISTINGS: usize = 5;
const COMMANDS_SENT: usize = 400;

/// What differs from run to run: event ids, times, traces.
const TABLES: [(&str, &str); 7] = [
    ("listings", "*"),
    ("listing_texts", "*"),
    ("bids", "*"),
    (
        "orders",
        "hex(id), version, hex(customer), status, items, total_amount, currency, address_name, tracking",
    ),
    ("order_lines", "*"),
    // Portolan keeps its refusals as well; in a measured run there are none.
    ("commands where outcome like '{\"accepted%'", "hex(command_id), hex(fingerprint), outcome, kept_until"),
    (
        "journal",
        "position, commit_position, aggregate_type, hex(aggregate_id), version, event_type, schema_version,
         json_remove(payload, '$.placed_at'), json_remove(metadata, '$.traceparent'), length(metadata)",
    ),
];

#[tokio::test]
async fn the_twins_write_the_rows_that_portolan_writes() {
    let place = tempfile::tempdir().unwrap();
    let ground = Ground::make(place.path()).await.unwrap();
    let fresh = || ground.fresh().unwrap();
    let (ours, batched, plain) = (fresh(), fresh(), fresh());
    let accepted = trade(Portolan::open(&ours.path(), COMMANDS).await.unwrap()).await;
    assert!(accepted.contains(&false) && accepted.contains(&true));
    assert_eq!(trade(Batched::open(&batched.path()).unwrap()).await, accepted);
    assert_eq!(trade(Plain::open(&plain.path()).unwrap()).await, accepted);
    let expected = rows(&ours.path());
    for twin in [batched.path(), plain.path()] {
        for (ours, theirs) in expected.iter().zip(rows(&twin)) {
            assert_eq!(*ours, theirs);
        }
        assert_eq!(findings(&twin).await, Vec::<String>::new());
    }
}

/// Bids and orders, one after the other; which were accepted.
async fn trade<M: Market>(market: M) -> Vec<bool> {
    let mut accepted = Vec::new();
    for number in 0..COMMANDS_SENT {
        let mut bid = work::bid(1, number, LISTINGS);
        // Some are too low, some only raise the price, some are repeated by their leader.
        bid.ceiling += 3_000 * (work::random(2, number as u64) % 3) as i64;
        bid.bidder = work::id(work::Kind::Bidder, work::random(3, number as u64) % 4);
        accepted.push(market.place_bid(bid).await);
        accepted.push(number % 8 == 0 && market.place_order(work::order(4, number)).await);
    }
    market.close().await;
    accepted
}

/// Every row of every table, as text.
fn rows(store: &Path) -> Vec<Vec<String>> {
    let connection = Connection::open(store).unwrap();
    let table = |(table, columns): (&str, &str)| {
        let mut select =
            connection.prepare(&format!("select {columns} from {table} order by 1, 2, 3")).unwrap();
        let columns = select.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let values: Vec<_> =
                (0..columns).map(|column| format!("{:?}", row.get_ref(column).unwrap())).collect();
            Ok(format!("{table}: {}", values.join(" | ")))
        };
        select.query_map([], row).unwrap().map(Result::unwrap).collect()
    };
    TABLES.map(table).into()
}

async fn findings(store: &Path) -> Vec<String> {
    let store = wiring::read_only(&config(store)).await.unwrap();
    let mut found = Vec::new();
    let mut tell = |check| {
        if let Check::Found(finding) = check {
            found.push(finding.to_string());
        }
    };
    let checked = store.check(&mut tell).await;
    assert!(checked.unwrap().events > COMMANDS_SENT as u64);
    found
}
