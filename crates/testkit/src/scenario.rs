//! Given, when, then: the rules of an aggregate, told in events.

use std::fmt::Debug;

use portolan_kernel::{Aggregate, DomainError, Refusal, replay};

/// An aggregate with a past, about to decide.
///
/// ```
/// use portolan_testkit::counter::{self, Counter, CounterId};
/// use portolan_testkit::scenario::given;
///
/// let id = CounterId::derived(uuid::Uuid::nil(), "one");
/// let opened = counter::Event::Opened(counter::Opened::named(id, "visitors"));
/// given::<Counter>([opened.clone()])
///     .when(|counter| counter.increment(2))
///     .then([counter::Event::Incremented(counter::Incremented { by: 2 })]);
/// given::<Counter>([opened]).when(|counter| counter.remove_line("milk")).refused("no_line");
/// ```
#[derive(Debug)]
pub struct Given<A: Aggregate>(A);

/// An aggregate to which this happened.
///
/// # Panics
/// Where the first event begins no such aggregate.
#[must_use]
pub fn given<A: Aggregate>(past: impl IntoIterator<Item = A::Event>) -> Given<A> {
    let past: Vec<_> = past.into_iter().collect();
    let state = replay::<A>(&past);
    assert!(state.is_some(), "the first of these events begins no {}: {past:?}", A::TYPE);
    #[expect(clippy::unwrap_used, reason = "asserted in the line above")]
    Given(state.unwrap())
}

impl<A: Aggregate> Given<A> {
    /// Lets it decide.
    pub fn when<E>(self, decide: impl FnOnce(&A) -> Result<Vec<A::Event>, E>) -> Decided<A, E> {
        let decision = decide(&self.0);
        Decided { before: Some(self.0), decision }
    }
}

/// A decision that begins an aggregate.
pub fn when_new<A: Aggregate, E>(decide: impl FnOnce() -> Result<Vec<A::Event>, E>) -> Decided<A, E> {
    Decided { before: None, decision: decide() }
}

/// A decision, about to be compared with what it should be.
#[derive(Debug)]
#[must_use = "a decision that is not looked at tests nothing"]
pub struct Decided<A: Aggregate, E> {
    before: Option<A>,
    decision: Result<Vec<A::Event>, E>,
}

impl<A: Aggregate, E: Debug> Decided<A, E> {
    /// It was these events. Answers the state after them; `None` where nothing was begun.
    ///
    /// # Panics
    /// Where it was a refusal or other events.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = A::Event>) -> Option<A> {
        let expected: Vec<_> = expected.into_iter().collect();
        assert!(
            self.decision.is_ok(),
            "refused with {:?}; expected {expected:?}",
            self.decision.as_ref().err()
        );
        let events = self.decision.unwrap_or_default();
        assert_eq!(events, expected, "other events than expected");
        after(self.before, &events)
    }

    /// It was accepted, whatever its events, and left a state that passes this test.
    ///
    /// # Panics
    /// Where it was a refusal, or the state does not pass.
    #[track_caller]
    pub fn then_state(self, test: impl FnOnce(&A) -> bool) {
        assert!(self.decision.is_ok(), "refused with {:?}", self.decision.err());
        let state = after(self.before, &self.decision.unwrap_or_default());
        assert!(state.as_ref().is_some_and(test), "the state does not pass: {state:?}");
    }
}

impl<A: Aggregate, E: DomainError> Decided<A, E> {
    /// It was refused with this code. Answers the refusal, with its sentence and numbers.
    ///
    /// # Panics
    /// Where it was accepted, or refused with another code.
    #[track_caller]
    pub fn refused(self, code: &str) -> Refusal {
        assert!(self.decision.is_err(), "accepted; expected the refusal `{code}`: {:?}", self.decision.ok());
        #[expect(clippy::unwrap_used, reason = "asserted in the line above")]
        let refusal = Refusal::from(self.decision.err().unwrap());
        assert_eq!(refusal.code, code, "another refusal than expected: {refusal}");
        refusal
    }
}

fn after<A: Aggregate>(before: Option<A>, events: &[A::Event]) -> Option<A> {
    match before {
        None => replay::<A>(events),
        Some(mut state) => {
            events.iter().for_each(|event| state.apply(event));
            Some(state)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builders::{incremented, opened};
    use crate::counter::Counter;

    #[test]
    #[should_panic(expected = "other events than expected")]
    fn other_events_fail() {
        given::<Counter>([opened("one")]).when(|counter| counter.increment(1)).then([incremented(2)]);
    }

    #[test]
    #[should_panic(expected = "refused with")]
    fn a_refusal_fails_where_events_are_expected() {
        given::<Counter>([opened("one")]).when(|counter| counter.remove_line("a")).then([incremented(1)]);
    }

    #[test]
    #[should_panic(expected = "accepted; expected the refusal")]
    fn an_acceptance_fails_where_a_refusal_is_expected() {
        given::<Counter>([opened("one")]).when(|counter| counter.increment(1)).refused("overflow");
    }

    #[test]
    #[should_panic(expected = "another refusal")]
    fn another_refusal_fails() {
        given::<Counter>([opened("one")]).when(|counter| counter.remove_line("a")).refused("overflow");
    }

    #[test]
    #[should_panic(expected = "does not pass")]
    fn another_state_fails() {
        given::<Counter>([opened("one")])
            .when(|counter| counter.increment(1))
            .then_state(|counter| counter.count == 2);
    }

    #[test]
    fn a_decision_can_begin_an_aggregate() {
        let begun = when_new::<Counter, crate::counter::Refused>(|| Ok(vec![opened("one")]));
        assert_eq!(begun.then([opened("one")]).map(|counter| counter.text), Some("one".to_owned()));
    }
}
