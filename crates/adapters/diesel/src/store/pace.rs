//! Which questions are answered so soon that whoever asks may answer them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many kinds of questions are known; one more, and all are forgotten.
const MOST: usize = 1_024;

/// An answer that takes no longer than this may be given on the thread that asks. To hand a question over and to be woken
/// again takes about as long, where a core has to wake up for it.
const SHORT: Duration = Duration::from_micros(250);

/// An answer that takes longer than this keeps its kind from being answered where it is asked.
const LONG: Duration = Duration::from_millis(1);

/// For how many short answers: of this many questions one at the most holds up the thread that asks it.
const BARRED: u32 = 256;

/// What is known of the questions of one kind, as they were answered before.
///
/// Nobody knows how long a question takes before it is answered: what an index finds is few rows today and half of the
/// table tomorrow. So the first of a kind is left to a reader, and so are the next [`BARRED`] behind one that took long.
#[derive(Debug, Default)]
pub(in super::super) struct Pace(Mutex<HashMap<u64, u32>>);

impl Pace {
    /// Whether the last ones of this kind were answered soon.
    pub(super) fn is_short(&self, kind: u64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&kind) == Some(&0)
    }

    /// Takes in how long the next one took.
    pub(in super::super) fn took(&self, kind: u64, time: Duration) {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kinds.len() >= MOST && !kinds.contains_key(&kind) {
            kinds.clear();
        }
        let left = kinds.entry(kind).or_insert(1);
        if time > LONG {
            *left = BARRED;
        } else if time <= SHORT {
            *left = left.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BETWEEN: Duration = Duration::from_micros(600);

    #[test]
    fn one_short_answer_is_enough_and_a_long_one_takes_many_to_be_forgotten() {
        let pace = Pace::default();
        assert!(!pace.is_short(7), "nothing is known of it");
        pace.took(7, BETWEEN);
        assert!(!pace.is_short(7));
        pace.took(7, SHORT);
        pace.took(7, BETWEEN);
        assert!(pace.is_short(7) && !pace.is_short(8), "each kind for itself");
        pace.took(7, LONG * 2);
        for _ in 0..BARRED {
            assert!(!pace.is_short(7));
            pace.took(7, SHORT);
        }
        assert!(pace.is_short(7));
    }

    #[test]
    fn there_is_a_bound_to_what_is_known() {
        let pace = Pace::default();
        for kind in 0..=MOST as u64 {
            pace.took(kind, SHORT);
        }
        let known: Vec<u64> = (0..=MOST as u64).filter(|kind| pace.is_short(*kind)).collect();
        assert_eq!(known, [MOST as u64], "the others are learnt again");
    }
}
