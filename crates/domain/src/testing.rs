//! Given a history, when a decision is asked for, then these events or that refusal come of it.

use std::fmt::Debug;

use portolan_kernel::{Aggregate, Currency, Id, Money, Timestamp, replay};
use uuid::Uuid;

use crate::PartyId;

/// The aggregate that this history leaves.
pub(crate) fn given<A: Aggregate>(history: impl IntoIterator<Item = A::Event>) -> Given<A> {
    let history: Vec<_> = history.into_iter().collect();
    Given { state: replay(&history).expect("the history begins an aggregate"), history }
}

pub(crate) struct Given<A: Aggregate> {
    history: Vec<A::Event>,
    pub(crate) state: A,
}

impl<A: Aggregate> Given<A> {
    pub(crate) fn when<E>(&self, decide: impl FnOnce(&A) -> Result<Vec<A::Event>, E>) -> When<A::Event, E> {
        let before = self.state.clone();
        let decided = decide(&self.state);
        assert_eq!(self.state, before, "a decision changes nothing");
        When(decided)
    }

    /// The same, after these decisions too, which must all be accepted.
    pub(crate) fn and<E: Debug>(mut self, decide: impl FnOnce(&A) -> Result<Vec<A::Event>, E>) -> Self {
        let events = decide(&self.state).expect("the preparation is accepted");
        events.iter().for_each(|event| self.state.apply(event));
        self.history.extend(events);
        assert_eq!(replay(&self.history).as_ref(), Some(&self.state), "the state is what its events say");
        self
    }
}

#[must_use]
pub(crate) struct When<V, E>(pub(crate) Result<Vec<V>, E>);

impl<V: Debug + PartialEq, E: Debug + PartialEq> When<V, E> {
    #[track_caller]
    pub(crate) fn then(self, events: impl IntoIterator<Item = V>) {
        assert_eq!(self.0, Ok(events.into_iter().collect()));
    }

    #[track_caller]
    pub(crate) fn then_refused(self, error: E) {
        assert_eq!(self.0, Err(error));
    }
}

pub(crate) fn eur(amount: i64) -> Money {
    Money::new(amount, currency("EUR"))
}

pub(crate) fn usd(amount: i64) -> Money {
    Money::new(amount, currency("USD"))
}

pub(crate) fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

/// A day and this many seconds after 2026 began.
pub(crate) fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-01-02T00:00:00Z".parse().unwrap();
    Timestamp::from_micros(start.as_micros() + seconds * 1_000_000)
}

pub(crate) fn party(number: u128) -> PartyId {
    PartyId::from_uuid(Uuid::from_u128(number))
}
