//! A plan in words.

use portolan_kernel::specification::Node;
use portolan_kernel::{CheckedQuery, Direction, Explanation, View};

use super::Plan;
use crate::read::table::Snapshot;

impl Plan {
    /// The plan in words.
    pub(crate) fn explanation<V: View>(
        &self,
        snapshot: &Snapshot<V>,
        query: &CheckedQuery<'_>,
    ) -> Explanation {
        let name = |index: usize| snapshot.declared.indexes.get(index).map(ToString::to_string);
        let (indexes, how, residual, rows) = match (self.walk, &self.access) {
            (Some((index, _)), _) => {
                let way = match query.keys.first().map(|key| key.direction) {
                    Some(Direction::Descending) => "downwards",
                    _ => "upwards",
                };
                let indexes: Vec<_> = name(index).into_iter().collect();
                let how = format!("walk the {} {way} until the page is full", indexes.join(""));
                let wanted = query.rows.map_or(u64::MAX, |rows| rows as u64 + 1);
                let expected = wanted.saturating_mul(snapshot.rows.live() as u64) / (self.rows.max(1) as u64);
                (indexes, how, &self.tree, expected.min(snapshot.rows.live() as u64))
            }
            (None, Some(access)) => {
                let indexes: Vec<_> = access.indexes().into_iter().filter_map(name).collect();
                let how = match indexes.len() {
                    0 => "no row can be meant".to_owned(),
                    _ => format!("find rows by the {}{}", indexes.join(" and the "), order(query)),
                };
                (indexes, how, &self.residual, self.rows as u64)
            }
            (None, None) => {
                let how = format!("look at every row{}", order(query));
                (Vec::new(), how, &self.residual, snapshot.rows.live() as u64)
            }
        };
        let residual = (*residual != Node::Everything).then(|| residual.to_string());
        Explanation { store: "memory".to_owned(), query: how, indexes, residual, rows: Some(rows) }
    }
}

fn order(query: &CheckedQuery<'_>) -> String {
    let keys: Vec<_> = query.keys.iter().map(ToString::to_string).collect();
    match query.rows {
        Some(rows) => format!(", keep the first {rows} by {}", keys.join(", ")),
        None => format!(", sort by {}", keys.join(", ")),
    }
}
