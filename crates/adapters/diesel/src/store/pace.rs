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

/// For how many short answers: at first, and at the most. Each long one doubles it, and so many short ones halve it.
const FIRST_BAR: u32 = 16;
const LAST_BAR: u32 = 4_096;
const CALM: u32 = 256;

/// What is known of the questions of each kind, as they were answered before.
///
/// Nobody knows how long a question takes before it is answered: what an index finds is few rows today and half of the
/// table tomorrow. So the first of a kind is left to a reader, and so are those behind one that took long, the more the
/// oftener that happens. Of a kind that is long again and again, one in thousands holds up the thread that asks.
#[derive(Debug, Default)]
pub(in super::super) struct Pace(Mutex<HashMap<u64, Known>>);

#[derive(Debug, Clone, Copy)]
struct Known {
    /// How many short answers are yet to come from a reader.
    left: u32,
    /// How many there will be after the next long one.
    bar: u32,
    /// How many short ones there were where they were asked, since that last changed.
    calm: u32,
}

impl Pace {
    /// Whether the last ones of this kind were answered soon.
    pub(super) fn is_short(&self, kind: u64) -> bool {
        let kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.get(&kind).is_some_and(|known| known.left == 0)
    }

    /// Takes in how long the next one took.
    pub(in super::super) fn took(&self, kind: u64, time: Duration) {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kinds.len() >= MOST && !kinds.contains_key(&kind) {
            kinds.clear();
        }
        kinds.entry(kind).or_insert(Known { left: 1, bar: FIRST_BAR, calm: 0 }).took(time);
    }
}

impl Known {
    fn took(&mut self, time: Duration) {
        if time > LONG {
            *self = Self { left: self.bar, bar: (self.bar * 2).min(LAST_BAR), calm: 0 };
        } else if time <= SHORT {
            if self.left > 0 {
                self.left -= 1;
                return;
            }
            self.calm += 1;
            if self.calm >= CALM {
                (self.bar, self.calm) = ((self.bar / 2).max(FIRST_BAR), 0);
            }
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
        assert_eq!(short_ones_from_a_reader(&pace), FIRST_BAR);
    }

    /// How many short answers it takes until the next is given where it is asked.
    fn short_ones_from_a_reader(pace: &Pace) -> u32 {
        let mut left = 0;
        while !pace.is_short(7) {
            pace.took(7, SHORT);
            left += 1;
        }
        left
    }

    #[test]
    fn the_oftener_they_are_long_the_fewer_are_answered_where_they_are_asked() {
        let pace = Pace::default();
        let after_a_long_one = || {
            pace.took(7, LONG * 2);
            short_ones_from_a_reader(&pace)
        };
        let bars: Vec<u32> = (0..12).map(|_| after_a_long_one()).collect();
        assert_eq!(bars, [16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 4_096, 4_096, 4_096]);
        (0..8 * CALM).for_each(|_| pace.took(7, SHORT));
        assert_eq!(after_a_long_one(), FIRST_BAR, "it is forgotten");
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
