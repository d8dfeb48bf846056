//! Numbers of words, the same in every snapshot: a word keeps its number, also when no row has it any more.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// The words of one index, each with its number.
#[derive(Default)]
pub(crate) struct Dictionary(RwLock<HashMap<Box<str>, u32>>);

impl Dictionary {
    /// The number of the word; `None` where no row has ever had it.
    pub(crate) fn number(&self, word: &str) -> Option<u32> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(word).copied()
    }

    /// The number of the word, which it has from now on if it had none.
    pub(super) fn number_or_new(&self, word: &str) -> u32 {
        if let Some(number) = self.number(word) {
            return number;
        }
        number_in(&mut self.0.write().unwrap_or_else(PoisonError::into_inner), word)
    }

    /// How many words have a number: those are below it.
    pub(super) fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Numbers words while nobody else knows this dictionary, at no cost of a lock.
    pub(super) fn number_unshared(&mut self, word: &str) -> u32 {
        number_in(self.0.get_mut().unwrap_or_else(PoisonError::into_inner), word)
    }

    /// About how many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        let numbers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        numbers.keys().map(|word| word.len().next_multiple_of(16) + 40).sum()
    }
}

fn number_in(numbers: &mut HashMap<Box<str>, u32>, word: &str) -> u32 {
    if let Some(number) = numbers.get(word) {
        return *number;
    }
    // Memory ends long before the numbers do.
    let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    numbers.insert(word.into(), next);
    next
}
