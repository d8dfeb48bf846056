//! The counter as a sample: so that the clauses about samples are seen to hold, and to fail.

use super::{Counter, CounterId, Event};
use crate::builders::{counter_id, history_of_everything};
use crate::contracts::sample::Sample;

/// The life of a counter in which each kind of event occurs.
#[derive(Debug)]
pub struct CounterSample;

impl Sample for CounterSample {
    type Aggregate = Counter;

    fn id(name: &str) -> CounterId {
        counter_id(name)
    }

    fn life(name: &str) -> Vec<Vec<Event>> {
        history_of_everything(counter_id(name)).chunks(3).map(<[Event]>::to_vec).collect()
    }
}
