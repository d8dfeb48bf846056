//! Listings as read models and as what a person would write instead, and the questions that both are asked.

pub(crate) mod by_hand;
pub(crate) mod rows;
pub(crate) mod table;

use portolan_application::listings::{ListingView, fields};
use portolan_domain::listing::Status;
use portolan_domain::{ListingId, PartyId};
use portolan_kernel::{PageRequest, PageSize, Query, Result, Sort, Specification};

/// What a row of the scan costs at least, in cents.
pub(crate) const DEAR: i64 = 50_000;

/// What the title of a row of the scan contains.
pub(crate) const SOUGHT: &str = "lamp";

/// Words that are each in about one title of twenty.
pub(crate) const SEARCHED: [&str; 2] = ["lamp", "desk"];

/// How many rows a page has.
pub(crate) const PAGE: usize = 50;

/// A question, for a read model and for its twin.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question {
    /// Everything that this one has published, by id.
    Point(PartyId),
    /// The dearest that are published.
    Page,
    /// The first with two words in the title.
    Search,
}

impl Question {
    /// As a read model is asked.
    ///
    /// # Errors
    /// None: the fields are there.
    pub(crate) fn query(self) -> Result<Query<ListingView>> {
        let published = fields::status().eq(Status::Published);
        let (criteria, sort, size) = match self {
            Self::Point(seller) => (fields::seller().eq(seller).and(published), "id", PageSize::EVERYTHING),
            Self::Page => (published, "-price.amount", PageSize::new(PAGE)?),
            Self::Search => (fields::title().search(&SEARCHED.join(" ")), "id", PageSize::new(PAGE)?),
        };
        Ok(Query::new(criteria).sort(Sort::parse(sort)?).page(PageRequest::first(size)))
    }
}

/// What the scan looks for.
pub(crate) fn scanned() -> Specification<ListingView> {
    let dear = fields::price().amount().gte(DEAR);
    fields::status().eq(Status::Published).and(dear).and(fields::title().contains(SOUGHT))
}

/// The same as a closure.
pub(crate) fn is_scanned(row: &ListingView) -> bool {
    row.status == Status::Published && row.price.amount >= DEAR && row.title.contains(SOUGHT)
}

/// Whose rows these are, in their order.
pub(crate) fn ids(rows: impl IntoIterator<Item = impl AsRef<ListingView>>) -> Vec<ListingId> {
    rows.into_iter().map(|row| row.as_ref().id).collect()
}
