//! What a counter decides: events, or a refusal.

use portolan_kernel::{Money, Timestamp};
use uuid::Uuid;

use super::event::{
    Incremented, LineAdded, LineRemoved, LinesReordered, MomentSet, PlaceTaken, PriceSet, TextSet,
};
use super::{Counter, Event, Line, Refused};

type Decision = Result<Vec<Event>, Refused>;

impl Counter {
    /// Counts on.
    ///
    /// # Errors
    /// [`Refused::Overflow`].
    pub fn increment(&self, by: i64) -> Decision {
        match self.count.checked_add(by) {
            Some(_) => Ok(vec![Event::Incremented(Incremented { by })]),
            None => Err(Refused::Overflow { count: self.count, by }),
        }
    }

    /// Sets the text; the same text again is no event.
    ///
    /// # Errors
    /// None.
    pub fn set_text(&self, text: &str) -> Decision {
        let changes = self.text != text;
        Ok(changes.then(|| Event::TextSet(TextSet { text: text.to_owned() })).into_iter().collect())
    }

    /// Sets the price.
    ///
    /// # Errors
    /// None.
    pub fn set_price(&self, price: Option<Money>) -> Decision {
        Ok(vec![Event::PriceSet(PriceSet { price })])
    }

    /// Sets the time.
    ///
    /// # Errors
    /// None.
    pub fn set_moment(&self, moment: Timestamp) -> Decision {
        Ok(vec![Event::MomentSet(MomentSet { moment })])
    }

    /// Adds a line behind the others.
    ///
    /// # Errors
    /// [`Refused::LineExists`].
    pub fn add_line(&self, line: Line) -> Decision {
        if self.lines.iter().any(|other| other.key == line.key) {
            return Err(Refused::LineExists { key: line.key });
        }
        Ok(vec![Event::LineAdded(LineAdded { line })])
    }

    /// Removes a line.
    ///
    /// # Errors
    /// [`Refused::NoLine`].
    pub fn remove_line(&self, key: &str) -> Decision {
        if !self.lines.iter().any(|line| line.key == key) {
            return Err(Refused::NoLine { key: key.to_owned() });
        }
        Ok(vec![Event::LineRemoved(LineRemoved { key: key.to_owned() })])
    }

    /// Puts the lines in this order of their keys.
    ///
    /// # Errors
    /// [`Refused::NotAnOrder`].
    pub fn reorder(&self, keys: &[&str]) -> Decision {
        let (mut named, mut held) = (keys.to_vec(), self.keys());
        named.sort_unstable();
        held.sort_unstable();
        if named != held {
            return Err(Refused::NotAnOrder { lines: self.lines.len() });
        }
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        Ok(vec![Event::LinesReordered(LinesReordered { keys })])
    }

    /// Takes the one free place.
    ///
    /// # Errors
    /// [`Refused::PlaceTaken`].
    pub fn take_place(&self, by: Uuid) -> Decision {
        match self.place_taken_by {
            None => Ok(vec![Event::PlaceTaken(PlaceTaken { by })]),
            Some(by) => Err(Refused::PlaceTaken { by }),
        }
    }

    /// The keys of its lines, in their order.
    #[must_use]
    pub fn keys(&self) -> Vec<&str> {
        self.lines.iter().map(|line| &*line.key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builders::{euro, line, opened};
    use crate::scenario::given;

    #[test]
    fn it_counts_up_and_down_within_i64() {
        given::<Counter>([opened("one")])
            .when(|counter| counter.increment(-3))
            .then([Event::Incremented(Incremented { by: -3 })]);
        let refusal = given::<Counter>([opened("one"), Event::Incremented(Incremented { by: i64::MAX })])
            .when(|counter| counter.increment(1))
            .refused("overflow");
        assert_eq!(refusal.details["count"], i64::MAX);
    }

    #[test]
    fn lines_keep_their_order_and_go_from_the_middle() {
        let added = |key: &str| Event::LineAdded(LineAdded { line: line(key) });
        let past = [opened("one"), added("a"), added("b"), added("c")];
        given::<Counter>(past.clone())
            .when(|counter| counter.remove_line("b"))
            .then_state(|counter| counter.keys() == ["a", "c"]);
        given::<Counter>(past.clone())
            .when(|counter| counter.reorder(&["c", "a", "b"]))
            .then_state(|counter| counter.keys() == ["c", "a", "b"]);
        given::<Counter>(past.clone()).when(|counter| counter.reorder(&["c", "a"])).refused("not_an_order");
        given::<Counter>(past.clone()).when(|counter| counter.add_line(line("a"))).refused("line_exists");
        given::<Counter>(past).when(|counter| counter.remove_line("A")).refused("no_line");
    }

    #[test]
    fn it_has_one_place() {
        let by = Uuid::from_u128(7);
        let taken = given::<Counter>([opened("one")])
            .when(|counter| counter.take_place(by))
            .then([Event::PlaceTaken(PlaceTaken { by })]);
        assert_eq!(taken.and_then(|counter| counter.place_taken_by), Some(by));
        given::<Counter>([opened("one"), Event::PlaceTaken(PlaceTaken { by })])
            .when(|counter| counter.take_place(Uuid::from_u128(8)))
            .refused("place_taken");
    }

    #[test]
    fn what_it_already_has_is_no_event() {
        given::<Counter>([opened("one")]).when(|counter| counter.set_text("one")).then([]);
        given::<Counter>([opened("one")])
            .when(|counter| counter.set_price(Some(euro(5))))
            .then_state(|counter| counter.price == Some(euro(5)));
    }
}
