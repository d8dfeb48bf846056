//! Ids that come out the same in every run.

use std::sync::atomic::{AtomicU64, Ordering};

use portolan_kernel::IdSource;
use uuid::Uuid;

/// Ids that count up: of the form of version 7, so that they sort in the order they were made.
///
/// Sources of different `series` never make the same id: one for each process that writes to a store.
#[derive(Debug, Default)]
pub struct SequentialIds {
    series: u16,
    next: AtomicU64,
}

impl SequentialIds {
    /// The ids of this series, from its first.
    #[must_use]
    pub const fn new(series: u16) -> Self {
        Self { series, next: AtomicU64::new(0) }
    }
}

impl IdSource for SequentialIds {
    fn next_id(&self) -> Uuid {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        // 48 bits of counter where version 7 has its milliseconds, the rest beside the series.
        let mut bytes = [0_u8; 16];
        bytes[..6].copy_from_slice(&number.to_be_bytes()[2..]);
        bytes[6] = 0x70;
        bytes[8] = 0x80;
        bytes[14..].copy_from_slice(&self.series.to_be_bytes());
        Uuid::from_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_repeat_in_every_run_and_differ_between_series() {
        let ids = SequentialIds::new(3);
        let (first, second) = (ids.next_id(), ids.next_id());
        assert!(first < second);
        assert_eq!(first.get_version_num(), 7);
        assert_eq!(first, SequentialIds::new(3).next_id());
        assert_ne!(first, SequentialIds::new(4).next_id());
    }
}
