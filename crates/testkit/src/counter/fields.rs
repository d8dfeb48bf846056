//! The declared fields of a counter and its lines: what specifications ask about.

use portolan_kernel::{Money, Timestamp, candidate};
use uuid::Uuid;

use super::{Counter, CounterId, Line};

candidate! {
    /// The fields of a [`Counter`].
    pub mod counter: Counter {
        id: CounterId [sortable],
        count: i64 [sortable],
        text: String [sortable, searchable],
        price: Option<Money> [],
        moment: Timestamp [sortable],
        place_taken_by: Option<Uuid> [sortable],
        lines: Vec<Line> [],
    }
}

candidate! {
    /// The fields of a [`Line`].
    pub mod line: Line {
        key: String [],
        quantity: i64 [],
        price: Money [],
    }
}
