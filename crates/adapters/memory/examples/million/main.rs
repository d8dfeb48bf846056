//! A million listings in memory: each kind of question next to its hand-written twin, as JSON lines.
//!
//! `cargo run --release -p portolan-memory --example million [ROWS]`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends at what is wrong"
)]

mod listing;
mod measure;

use std::time::Instant;

use portolan_kernel::{
    Batch, PageRequest, PageSize, Position, Projection, Query, ReadRepository, Recorded, Sort, Specification,
    Timestamp, Version,
};
use portolan_memory::MemoryView;
use uuid::Uuid;

use listing::{Listing, Listings, Market, Status};
use measure::{Percentiles, line, micros, per_call};

const BATCH: usize = 1_000;

#[tokio::main]
async fn main() {
    let count = std::env::args().nth(1).map_or(1_000_000, |rows| rows.parse().unwrap());
    let mut market = Market::new();
    let rows: Vec<Listing> = (0..count).map(|number| market.listing(number)).collect();
    let before = measure::resident_bytes();
    let (view, projection) = portolan_memory::view("listings", Listings);
    let filled = Instant::now();
    fill(&projection, &rows, 0).await;
    line("fill", "rows_per_s", count as f64 / filled.elapsed().as_secs_f64());
    line("rows", "bytes_per_row", (measure::resident_bytes() - before) as f64 / count as f64);

    let scanned = scan(&view, &rows).await;
    let built = Instant::now();
    view.build_indexes().await.unwrap();
    line("build_all_indexes", "rows_per_s", count as f64 / built.elapsed().as_secs_f64());
    let mut all = 0;
    for (index, bytes) in view.index_sizes().unwrap() {
        all += bytes;
        line(&index, "bytes_per_row", bytes as f64 / count as f64);
    }
    line("all_indexes", "bytes_per_row", all as f64 / count as f64);

    let seller = rows[count / 2].seller;
    let by_seller = format!("seller = \"{seller}\" and status = \"published\"");
    let found = ask(&view, "seller_and_status", &by_seller, "id", None).await;
    line("seller_and_status", "times_faster_than_its_scan", seller_scan(&rows, &rows[count / 2]) / found);
    line("seller_and_status", "times_faster_than_the_scan", scanned / found);
    ask(&view, "first_page_half", "status = \"published\"", "-price.amount", Some(50)).await;
    ask(&view, "search_two_words", "title search \"lamp desk\"", "id", Some(50)).await;
    ask(&view, "search_by_price", "title search \"lamp desk\"", "-price.amount", Some(50)).await;
    ask(&view, "search_one_word", "title search \"lamp\"", "id", Some(50)).await;
    ask(&view, "search_description", "description search \"lamp desk oak\"", "id", Some(50)).await;
    ask(&view, "range", "price.amount >= 100 and price.amount < 150", "price.amount", Some(50)).await;
    ask(&view, "unlucky_walk", "status = \"published\" and price.amount < 1000", "-price.amount", Some(50))
        .await;
    inserts(&view, &projection, &mut market, count).await;
}

async fn fill(projection: &impl Projection<Listing>, rows: &[Listing], first: usize) {
    for (batch, rows) in rows.chunks(BATCH).enumerate() {
        let first = first + batch * BATCH;
        let events: Vec<_> = (first..).zip(rows).map(|(place, row)| offered(place, row.clone())).collect();
        let to = events.last().unwrap().position;
        projection.apply(Batch::new(&events, to).unwrap()).await.unwrap();
    }
}

fn offered(place: usize, row: Listing) -> Recorded<Listing> {
    Recorded {
        position: Position(place as u64 + 1),
        event_id: Uuid::nil(),
        aggregate_id: row.id.into(),
        version: Version(place as u64 + 1),
        occurred_at: Timestamp::default(),
        recorded_at: Timestamp::default(),
        metadata: String::new(),
        event: row,
    }
}

/// The whole scan, before there is any index, next to a closure over the same rows in one vector.
async fn scan(view: &MemoryView<Listing>, rows: &[Listing]) -> f64 {
    let text = r#"status = "published" and price.amount >= 50000 and title contains "lamp""#;
    let specification = Specification::<Listing>::parse(text).unwrap();
    let twin = |row: &&Listing| {
        row.status == Status::Published && row.price.amount >= 50_000 && row.title.contains("lamp")
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut counts = (0, 0);
    for _ in 0..11 {
        let started = Instant::now();
        counts.0 = rows.iter().filter(twin).count();
        theirs.push(micros(started));
        let started = Instant::now();
        // A count that no index serves: `is_satisfied_by` on every row.
        counts.1 = view.scan_count(&specification).await.unwrap() as usize;
        ours.push(micros(started));
    }
    assert_eq!(counts.0, counts.1);
    let (ours, theirs) = (Percentiles::of(ours), Percentiles::of(theirs));
    line("scan", "p50_us", ours.at(50));
    line("scan_by_closure", "p50_us", theirs.at(50));
    line("scan", "times_the_closure", ours.at(50) / theirs.at(50));
    ours.at(50)
}

fn seller_scan(rows: &[Listing], of: &Listing) -> f64 {
    let twin = |row: &&Listing| row.seller == of.seller && row.status == Status::Published;
    per_call(5, || rows.iter().filter(twin).count())
}

async fn ask(view: &MemoryView<Listing>, name: &str, text: &str, sort: &str, limit: Option<usize>) -> f64 {
    let size = limit.map_or(PageSize::EVERYTHING, |rows| PageSize::new(rows).unwrap());
    let query = Query::new(Specification::parse(text).unwrap())
        .sort(Sort::parse(sort).unwrap())
        .page(PageRequest::first(size));
    let explained = view.explain(&query).await.unwrap();
    let mut times = Vec::new();
    let mut rows = 0;
    for _ in 0..201 {
        let started = Instant::now();
        rows = view.find(&query).await.unwrap().rows.len();
        times.push(micros(started));
    }
    let times = Percentiles::of(times);
    println!("{{\"workload\":\"{name}\",\"plan\":\"{}\",\"rows\":{rows}}}", explained.query);
    line(name, "p50_us", times.at(50));
    line(name, "p99_us", times.at(99));
    times.at(50)
}

/// Single inserts into a view with every index, while a reader holds a snapshot each time.
async fn inserts(
    view: &MemoryView<Listing>,
    projection: &impl Projection<Listing>,
    market: &mut Market,
    first: usize,
) {
    let mut times = Vec::new();
    for place in first..first + 5_000 {
        let event = [offered(place, market.listing(place))];
        let started = Instant::now();
        projection.apply(Batch::new(&event, event[0].position).unwrap()).await.unwrap();
        times.push(micros(started));
    }
    assert_eq!(view.count(&Specification::everything()).await.unwrap() as usize, first + 5_000);
    let times = Percentiles::of(times);
    line("insert_with_all_indexes", "p50_us", times.at(50));
    line("insert_with_all_indexes", "p99_us", times.at(99));
}
