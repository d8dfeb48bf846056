//! Clients that bid on and on, whatever happens to the store, and what they were told.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::http::{Answer, Client};
use super::place::{Place, Ran};
use super::trade::{bid, draft, from_now, listing};
use super::wait;

/// How long commands are answered 503 at the most while a store moves.
pub(crate) const READ_ONLY: Duration = Duration::from_secs(2);

/// How many clients bid at once, and on how many listings.
const CLIENTS: u64 = 8;
const LISTINGS: u64 = 4;

/// What a client asked, and was told for good.
struct Told {
    key: String,
    path: String,
    body: Value,
    answer: Answer,
}

/// What a client has seen.
#[derive(Default)]
pub(crate) struct Seen {
    told: Vec<Told>,
    pub(crate) longest_503: Duration,
}

/// Clients that bid on and on, each command under a key of its own, and ask again until they are told an outcome.
pub(crate) struct Load {
    name: u16,
    ends: AtomicBool,
    accepted: AtomicU64,
    highest: AtomicU64,
}

impl Load {
    /// Of nobody yet, and unlike every other of another number.
    pub(crate) fn new(name: u16) -> Self {
        let highest = AtomicU64::new(1_000 + 1_000_000 * u64::from(name));
        Self { name, ends: AtomicBool::new(false), accepted: AtomicU64::new(0), highest }
    }

    /// Makes the listings that are bid on.
    pub(crate) fn publish(client: &Client) {
        for n in 1..=LISTINGS {
            client.post("/listings", &draft(&listing(n), from_now(3_600_000))).expect(201);
            client.post(&format!("/listings/{}/publish", listing(n)), &Value::Null).expect(200);
        }
    }

    fn bid(&self, client: &Client, number: u64) -> Seen {
        let mut seen = Seen::default();
        let mut count = 0;
        while !self.ends.load(Ordering::Relaxed) {
            count += 1;
            // Each fourth is refused, which is an outcome like any other.
            let ceiling =
                if count % 4 == 0 { 1 } else { self.highest.fetch_add(300, Ordering::Relaxed).cast_signed() };
            let bidder = format!("00000000-0000-4000-{:04x}-b1dd{number:04x}{count:04x}", 0x8000 + self.name);
            let path = format!("/listings/{}/bids", listing(1 + (number + count) % LISTINGS));
            let (key, body) = (format!("{}-{number}-{count}", self.name), bid(&bidder, ceiling));
            let answer = asked_until_told(client, &key, &path, &body, &mut seen.longest_503);
            if answer.status == 200 {
                self.accepted.fetch_add(1, Ordering::Relaxed);
            }
            seen.told.push(Told { key, path, body, answer });
        }
        seen
    }

    /// Waits until so many more bids are accepted.
    pub(crate) fn goes_on(&self, by: u64) {
        let before = self.accepted.load(Ordering::Relaxed);
        wait::until("bids are accepted", || {
            (self.accepted.load(Ordering::Relaxed) >= before + by).then_some(())
        });
    }

    /// Lets clients of this server bid while `meanwhile` runs.
    pub(crate) fn during(&self, client: &Client, meanwhile: impl FnOnce()) -> Vec<Seen> {
        std::thread::scope(|scope| {
            let clients: Vec<_> =
                (0..CLIENTS).map(|number| scope.spawn(move || self.bid(&client.clone(), number))).collect();
            let ends = EndsWhenDropped(&self.ends);
            meanwhile();
            drop(ends);
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        })
    }
}

/// Also where a test fails in between, so that it ends.
struct EndsWhenDropped<'a>(&'a AtomicBool);

impl Drop for EndsWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The answer to a command that is asked again as long as there is none: how long it was answered 503 is noted.
pub(crate) fn asked_until_told(
    client: &Client,
    key: &str,
    path: &str,
    body: &Value,
    longest_503: &mut Duration,
) -> Answer {
    let mut since = None;
    loop {
        let answer = client.send("POST", path, &[("idempotency-key", key)], body);
        match answer.status {
            503 => {
                assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{answer:?}");
                let since = *since.get_or_insert_with(Instant::now);
                *longest_503 = (*longest_503).max(since.elapsed());
                std::thread::park_timeout(Duration::from_millis(20));
            }
            // Somebody was faster, or there was no room: no outcome either.
            409 | 429 => std::thread::park_timeout(Duration::from_millis(5)),
            _ => return answer,
        }
    }
}

/// What this program says of the store at this URL.
pub(crate) fn at(mut command: Command, place: &Place, url: &str, arguments: &[&str]) -> Ran {
    command.current_dir(place.path("")).args(["--write", url]).args(arguments);
    command.output().unwrap().into()
}

/// Every command that was acknowledged is in this store exactly once, and nothing else is.
pub(crate) fn holds_what_was_told(
    program: &dyn Fn() -> Command,
    place: &Place,
    url: &str,
    seen: &[Seen],
    client: &Client,
) {
    let events = at(program(), place, url, &["events", "--json"]).ok().rows();
    let told: Vec<&Told> = seen.iter().flat_map(|seen| &seen.told).collect();
    let mut positions = BTreeSet::new();
    for told in &told {
        match told.answer.status {
            200 => {
                let receipt = told.answer.json();
                let position = receipt["position"].as_u64().unwrap();
                assert!(positions.insert(position), "position {position} was given twice");
                let event = &events[usize::try_from(position).unwrap() - 1];
                assert_eq!(
                    (&event["position"], &event["id"], &event["version"]),
                    (&receipt["position"], &receipt["id"], &receipt["version"])
                );
            }
            422 => {}
            other => panic!("{other}: {}", told.answer.text),
        }
    }
    let placed = events.iter().filter(|event| event["type"] == "BidPlaced").count();
    assert_eq!(placed, positions.len(), "each bid that was accepted, once");
    // A repeat of each is told the same, also a refusal, and nothing happens.
    for told in &told {
        let again = asked_until_told(client, &told.key, &told.path, &told.body, &mut Duration::default());
        assert_eq!((again.status, &again.text), (told.answer.status, &told.answer.text));
    }
    assert_eq!(at(program(), place, url, &["events", "--json"]).ok().rows().len(), events.len());
    at(program(), place, url, &["store", "check"]).ok();
}
