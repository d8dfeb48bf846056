//! Sets of row numbers, in parts of one span each: what a table of words holds, and what `search` finds.
//!
//! A part is kept as the numbers themselves where they are few, else as a bit for each number of its span. So a word that
//! one row in three has takes two bits a row, and a word of one row takes two bytes.

/// How many numbers a part spans.
const SPAN: i64 = 4_096;

/// How many words of a machine a part is in memory.
const LIMBS: usize = SPAN as usize / 64;

/// The length of a part that is kept as bits; one that is kept as numbers is shorter.
const BITS_BYTES: usize = LIMBS * 8;

/// Which numbers of one span are members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part([u64; LIMBS]);

impl Part {
    /// None of them.
    pub(super) const EMPTY: Self = Self([0; LIMBS]);

    /// The part that was kept as these bytes; `None` where none is kept so.
    pub(super) fn read(kept: &[u8]) -> Option<Self> {
        let mut part = Self::EMPTY;
        if kept.len() == BITS_BYTES {
            for (limb, bytes) in part.0.iter_mut().zip(kept.as_chunks::<8>().0) {
                *limb = u64::from_le_bytes(*bytes);
            }
            return Some(part);
        }
        let (numbers, []) = kept.as_chunks::<2>() else { return None };
        for number in numbers {
            let offset = u16::from_le_bytes(*number);
            *part.0.get_mut(usize::from(offset) / 64)? |= 1 << (offset % 64);
        }
        Some(part)
    }

    /// As it is kept.
    pub(super) fn kept(&self) -> Vec<u8> {
        if self.len() as usize * 2 >= BITS_BYTES {
            return self.0.iter().flat_map(|limb| limb.to_le_bytes()).collect();
        }
        self.offsets().flat_map(u16::to_le_bytes).collect()
    }

    /// Takes the number with this offset in, or out.
    pub(super) const fn set(&mut self, offset: u16, is_member: bool) {
        let limb = &mut self.0[offset as usize / 64 % LIMBS];
        let bit = 1 << (offset % 64);
        if is_member {
            *limb |= bit;
        } else {
            *limb &= !bit;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::EMPTY
    }

    fn len(&self) -> u64 {
        self.0.iter().map(|limb| u64::from(limb.count_ones())).sum()
    }

    fn offsets(&self) -> impl Iterator<Item = u16> {
        (0_u16..).zip(&self.0).flat_map(|(place, limb)| {
            let mut left = *limb;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as u16)?;
                left &= left - 1;
                Some(place * 64 + bit)
            })
        })
    }
}

/// Where a row number is: its part, and its offset there.
pub(super) const fn place(number: i64) -> (i64, u16) {
    (number.div_euclid(SPAN), number.rem_euclid(SPAN) as u16)
}

/// A set of row numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Members {
    /// In order, and none of them empty.
    parts: Vec<(i64, Part)>,
}

impl Members {
    /// These parts, which are in order.
    pub(super) fn of(parts: Vec<(i64, Part)>) -> Self {
        Self { parts }
    }

    /// Which parts it has.
    pub(super) fn parts(&self) -> impl ExactSizeIterator<Item = i64> {
        self.parts.iter().map(|(part, _)| *part)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub(super) fn len(&self) -> u64 {
        self.parts.iter().map(|(_, part)| part.len()).sum()
    }

    pub(super) fn contains(&self, number: i64) -> bool {
        let (part, offset) = place(number);
        self.part(part).is_some_and(|part| part.0[usize::from(offset) / 64] >> (offset % 64) & 1 == 1)
    }

    /// Its numbers, in order.
    pub(super) fn numbers(&self) -> impl Iterator<Item = i64> {
        self.parts
            .iter()
            .flat_map(|(place, part)| part.offsets().map(move |offset| place * SPAN + i64::from(offset)))
    }

    /// What is in both.
    pub(super) fn and(mut self, other: &Self) -> Self {
        for (place, part) in &mut self.parts {
            let of_other = other.part(*place).unwrap_or(&Part::EMPTY);
            part.0.iter_mut().zip(&of_other.0).for_each(|(limb, other)| *limb &= other);
        }
        self.parts.retain(|(_, part)| !part.is_empty());
        self
    }

    /// What is in one of them, or in both.
    pub(super) fn or(mut self, other: Self) -> Self {
        for (place, part) in other.parts {
            match self.parts.binary_search_by_key(&place, |(place, _)| *place) {
                Ok(same) => {
                    let limbs = &mut self.parts[same].1.0;
                    limbs.iter_mut().zip(part.0).for_each(|(limb, other)| *limb |= other);
                }
                Err(next) => self.parts.insert(next, (place, part)),
            }
        }
        self
    }

    fn part(&self, place: i64) -> Option<&Part> {
        let found = self.parts.binary_search_by_key(&place, |(place, _)| *place).ok()?;
        Some(&self.parts[found].1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn members(numbers: &[i64]) -> Members {
        let mut parts: Vec<(i64, Part)> = Vec::new();
        for number in numbers {
            let (at, offset) = place(*number);
            if parts.last().is_none_or(|(last, _)| *last != at) {
                parts.push((at, Part::EMPTY));
            }
            parts.last_mut().unwrap().1.set(offset, true);
        }
        Members::of(parts)
    }

    fn numbers() -> impl Strategy<Value = Vec<i64>> {
        let sets = (1_i64..20_000, 0_usize..600)
            .prop_flat_map(|(end, count)| proptest::collection::btree_set(0..end, 0..=count));
        sets.prop_map(|set| set.into_iter().collect())
    }

    proptest! {
        #[test]
        fn a_part_is_read_as_it_was_kept(numbers in numbers()) {
            for (_, part) in members(&numbers).parts {
                let kept = part.kept();
                prop_assert!(kept.len() <= BITS_BYTES);
                prop_assert_eq!(Part::read(&kept), Some(part));
            }
        }

        #[test]
        fn sets_are_those_of_the_standard_library(left in numbers(), right in numbers()) {
            let [these, those] = [&left, &right].map(|numbers| members(numbers));
            prop_assert_eq!(these.numbers().collect::<Vec<_>>(), left.clone());
            prop_assert_eq!(these.len(), left.len() as u64);
            let [left, right] = [left, right]
                .map(|numbers| numbers.into_iter().collect::<std::collections::BTreeSet<_>>());
            let both: Vec<_> = left.intersection(&right).copied().collect();
            prop_assert_eq!(these.clone().and(&those).numbers().collect::<Vec<_>>(), both.clone());
            prop_assert_eq!(these.clone().and(&those).is_empty(), both.is_empty());
            let either: Vec<_> = left.union(&right).copied().collect();
            prop_assert_eq!(these.clone().or(those).numbers().collect::<Vec<_>>(), either);
            prop_assert!((0..20_000).all(|number| these.contains(number) == left.contains(&number)));
        }
    }

    #[test]
    fn what_was_not_kept_so_does_not_read() {
        assert_eq!(Part::read(&[1]), None);
        assert_eq!(Part::read(&[0xff, 0xff]), None);
        let mut part = Part::read(&[7, 0]).unwrap();
        part.set(7, false);
        assert!(part.is_empty());
    }
}
