//! The twin in memory: rows in a vector, and maps and sets of their places as the standard library has them.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use portolan_application::listings::ListingView;
use portolan_domain::listing::Status;
use portolan_domain::{ListingId, PartyId};
use portolan_kernel::Timestamp;

use super::{PAGE, Question, SEARCHED};

type Places<K> = HashMap<K, Vec<u32>>;

/// The same indexes as the view of listings has.
#[derive(Default)]
pub(crate) struct ByHand {
    rows: Vec<ListingView>,
    seller: Places<PartyId>,
    leader: Places<Option<PartyId>>,
    status: Places<Status>,
    id: BTreeSet<(ListingId, u32)>,
    title: BTreeSet<(Arc<str>, u32)>,
    price: BTreeSet<(Reverse<i64>, u32)>,
    bids: BTreeSet<(i64, u32)>,
    ends_at: BTreeSet<(Timestamp, u32)>,
    published_at: BTreeSet<(Option<Timestamp>, u32)>,
    title_words: Places<String>,
    description_words: Places<String>,
}

impl ByHand {
    /// All of it over these rows, index by index.
    pub(crate) fn build(rows: Vec<ListingView>) -> Self {
        Self {
            seller: places(&rows, |row| row.seller),
            leader: places(&rows, |row| row.leader),
            status: places(&rows, |row| row.status),
            id: numbered(&rows).map(|(number, row)| (row.id, number)).collect(),
            title: numbered(&rows).map(|(number, row)| (Arc::clone(&row.title), number)).collect(),
            price: numbered(&rows).map(|(number, row)| (Reverse(row.price.amount), number)).collect(),
            bids: numbered(&rows).map(|(number, row)| (row.bids, number)).collect(),
            ends_at: numbered(&rows).map(|(number, row)| (row.ends_at, number)).collect(),
            published_at: numbered(&rows).map(|(number, row)| (row.published_at, number)).collect(),
            title_words: words(&rows, |row| &row.title),
            description_words: words(&rows, |row| &row.description),
            rows,
        }
    }

    /// One more row.
    pub(crate) fn insert(&mut self, row: ListingView) {
        let number = self.rows.len() as u32;
        self.seller.entry(row.seller).or_default().push(number);
        self.leader.entry(row.leader).or_default().push(number);
        self.status.entry(row.status).or_default().push(number);
        self.id.insert((row.id, number));
        self.title.insert((Arc::clone(&row.title), number));
        self.price.insert((Reverse(row.price.amount), number));
        self.bids.insert((row.bids, number));
        self.ends_at.insert((row.ends_at, number));
        self.published_at.insert((row.published_at, number));
        add_words(&mut self.title_words, number, &row.title);
        add_words(&mut self.description_words, number, &row.description);
        self.rows.push(row);
    }

    /// All rows.
    pub(crate) fn rows(&self) -> &[ListingView] {
        &self.rows
    }

    /// The rows of the answer.
    pub(crate) fn answer(&self, question: Question) -> Vec<Arc<ListingView>> {
        let row = |number: &u32| &self.rows[*number as usize];
        let is_published = |row: &&ListingView| row.status == Status::Published;
        let owned = |row: &ListingView| Arc::new(row.clone());
        match question {
            Question::Point(seller) => self
                .seller
                .get(&seller)
                .into_iter()
                .flatten()
                .map(row)
                .filter(is_published)
                .map(owned)
                .collect(),
            Question::Page => {
                let dearest = self.price.iter().map(|(_, number)| row(number));
                dearest.filter(is_published).take(PAGE).map(owned).collect()
            }
            Question::Search => {
                let [first, second] = SEARCHED.map(|word| self.title_words.get(word));
                let (first, second) = (first.into_iter().flatten(), second.map_or(&[][..], Vec::as_slice));
                let both = first.filter(|number| second.binary_search(number).is_ok());
                both.take(PAGE).map(row).map(owned).collect()
            }
        }
    }
}

fn numbered(rows: &[ListingView]) -> impl Iterator<Item = (u32, &ListingView)> {
    (0..).zip(rows)
}

fn places<K: Eq + std::hash::Hash>(rows: &[ListingView], key: impl Fn(&ListingView) -> K) -> Places<K> {
    let mut places = Places::new();
    for (number, row) in numbered(rows) {
        places.entry(key(row)).or_default().push(number);
    }
    places
}

fn words(rows: &[ListingView], text: impl Fn(&ListingView) -> &str) -> Places<String> {
    let mut places = Places::new();
    for (number, row) in numbered(rows) {
        add_words(&mut places, number, text(row));
    }
    places
}

/// These texts have nothing but spaces between their words.
fn add_words(places: &mut Places<String>, number: u32, text: &str) {
    for word in text.split(' ') {
        let places = places.entry(word.to_lowercase()).or_default();
        if places.last() != Some(&number) {
            places.push(number);
        }
    }
}
