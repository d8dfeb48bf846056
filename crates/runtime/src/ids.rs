//! The system's ids: UUIDs of version 7, rising within a process.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use portolan_kernel::{Clock, IdSource};
use uuid::{Builder, Uuid};

use crate::SystemClock;

/// Bits of the counter that follows the millisecond: the 12 of `rand_a` and the upper 30 of `rand_b`.
const COUNTER_BITS: u32 = 42;

/// Bits that are random in every id.
const TAIL_BITS: u32 = 32;

/// New ids, without a system call for each.
///
/// They follow RFC 9562, section 6.2, method 1: a millisecond, a counter of 42 bits that starts at a random
/// number below its half, and 32 random bits. So ids of one process rise strictly, also where the clock stands
/// still or goes back, and two processes do not meet. They are unique, not secret: never use one as a key.
pub struct SystemIds {
    clock: Arc<dyn Clock>,
    last: Mutex<Last>,
}

/// What the last id was made of.
#[derive(Clone, Copy, Default)]
struct Last {
    milli: u64,
    counter: u64,
}

impl SystemIds {
    /// Ids by the system's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock))
    }

    /// Ids by this clock.
    #[must_use]
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self { clock, last: Mutex::default() }
    }

    fn step(&self, milli: u64) -> Last {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = if milli > last.milli {
            Last { milli, counter: fastrand::u64(..1 << (COUNTER_BITS - 1)) }
        } else if last.counter + 1 < 1 << COUNTER_BITS {
            Last { counter: last.counter + 1, ..*last }
        } else {
            // A full counter borrows the next millisecond rather than starting over.
            Last { milli: last.milli + 1, counter: 0 }
        };
        *last
    }
}

impl Default for SystemIds {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SystemIds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SystemIds")
    }
}

impl IdSource for SystemIds {
    fn next_id(&self) -> Uuid {
        let now = u64::try_from(self.clock.now().as_micros()).unwrap_or(0) / 1_000;
        let Last { milli, counter } = self.step(now);
        // The version takes the upper 4 of the first 16 bits, the variant the upper 2 of the next byte.
        let upper = (counter >> (COUNTER_BITS - 12)) as u16;
        let lower = (counter & ((1 << (COUNTER_BITS - 12)) - 1)) << TAIL_BITS | u64::from(fastrand::u32(..));
        let mut bytes = [0; 10];
        bytes[..2].copy_from_slice(&upper.to_be_bytes());
        bytes[2..].copy_from_slice(&lower.to_be_bytes());
        Builder::from_unix_timestamp_millis(milli, &bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::{AtomicI64, Ordering};

    use portolan_kernel::Timestamp;

    use super::*;

    struct Moved(AtomicI64);

    impl Clock for Moved {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0.load(Ordering::Relaxed))
        }
    }

    fn at(milli: i64) -> (Arc<Moved>, SystemIds) {
        let clock = Arc::new(Moved(AtomicI64::new(milli * 1_000)));
        (Arc::clone(&clock), SystemIds::with_clock(clock))
    }

    #[test]
    fn an_id_is_of_version_7_and_carries_the_millisecond() {
        let (_, ids) = at(1_767_571_200_123);
        let id = ids.next_id();
        assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
        assert_eq!(id.as_u128() >> 80, 1_767_571_200_123);
    }

    #[test]
    fn ids_rise_while_the_clock_stands_goes_back_and_goes_on() {
        let (clock, ids) = at(1_000);
        let mut made = Vec::new();
        for milli in [1_000, 1_000, 400, 1_001, 5_000, 4_999] {
            clock.0.store(milli * 1_000, Ordering::Relaxed);
            made.extend((0..200).map(|_| ids.next_id()));
        }
        assert!(made.is_sorted_by(|earlier, later| earlier < later));
    }

    #[test]
    fn a_full_counter_borrows_the_next_millisecond() {
        let (_, ids) = at(7);
        *ids.last.lock().unwrap() = Last { milli: 7, counter: (1 << COUNTER_BITS) - 2 };
        let (last, borrowed) = (ids.next_id(), ids.next_id());
        assert!(last < borrowed);
        assert_eq!((last.as_u128() >> 80, borrowed.as_u128() >> 80), (7, 8));
    }

    #[test]
    fn two_sources_do_not_meet_in_one_millisecond() {
        let (sources, mut seen) = ([at(1).1, at(1).1, at(1).1], HashSet::new());
        for source in &sources {
            assert!((0..2_000).all(|_| seen.insert(source.next_id())));
        }
    }
}
