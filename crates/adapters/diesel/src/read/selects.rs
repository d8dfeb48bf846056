//! The statements that select the rows of a page.

use super::layout::{Layout, ROW};
use super::plan::Plan;
use super::rows;
use super::statement::{Bound, Statement};
use super::translate::joined;
use super::translate::keyset::Order;

/// The number of a row.
pub(super) fn number(layout: &Layout) -> Statement<'_> {
    Statement::default().name(&layout.rows.name).word(".").name(ROW)
}

/// That the row has one of these numbers.
pub(super) fn among<'v>(layout: &'v Layout, numbers: &[i64]) -> Statement<'v> {
    let mut sql = number(layout).word(" in (");
    sql.push_list(numbers, |sql, number| sql.push_bind(Bound::Integer(*number)));
    sql.word(")")
}

/// That, and that the row is in one of these parts behind a place in the order.
pub(super) fn also<'v>(among: Statement<'v>, behind: Vec<Option<Statement<'v>>>) -> Option<Statement<'v>> {
    let behind: Option<Vec<_>> = behind.into_iter().collect();
    Some(match behind {
        Some(behind) => joined(vec![among, joined(behind, " or ")], " and "),
        None => among,
    })
}

/// At most so many rows of the plan in this order.
pub(super) fn selected<'v, 'a: 'v>(
    plan: &Plan<'a>,
    order: &Order<'a>,
    also: Option<Statement<'v>>,
    limit: Option<usize>,
) -> Statement<'v> {
    let mut sql: Statement<'v> = rows::select();
    plan.push_from(&mut sql, Some(order), also);
    order.push(&mut sql);
    if let Some(limit) = limit {
        sql.push_word(" limit ");
        sql.push_number(limit as u64);
    }
    sql
}

/// All that the plan finds, in no order.
pub(super) fn all_found<'v>(plan: &Plan<'v>) -> Statement<'v> {
    let mut sql = rows::select();
    plan.push_from(&mut sql, None, None);
    sql
}

/// At most so many rows along the index of the order, by a part of it.
pub(super) fn ordered<'v, 'a: 'v>(
    plan: &Plan<'a>,
    order: &Order<'a>,
    also: Option<Statement<'v>>,
    push_part: impl FnOnce(&Order<'a>, &mut Statement<'v>),
    limit: usize,
) -> Statement<'v> {
    let mut sql: Statement<'v> = rows::select();
    plan.push_from(&mut sql, Some(order), also);
    push_part(order, &mut sql);
    sql.push_word(" limit ");
    sql.push_number(limit as u64);
    sql
}

/// The numbers of the rows behind a place in the order: the index alone has them.
pub(super) fn numbers<'v, 'a: 'v>(
    layout: &'a Layout,
    order: &Order<'a>,
    behind: Option<Statement<'v>>,
    limit: usize,
) -> Statement<'v> {
    let mut sql: Statement<'v> = Statement::new("select ");
    sql.push(number(layout));
    sql.push_word(" from ");
    sql.push_name(&layout.rows.name);
    order.push_walk(&mut sql);
    if let Some(behind) = behind {
        sql.push_word(" where ");
        sql.push(behind);
    }
    order.push(&mut sql);
    sql.push_word(" limit ");
    sql.push_number(limit as u64);
    sql
}

/// The row with this number.
pub(super) fn with_number(layout: &Layout, of: i64) -> Statement<'_> {
    let mut sql = rows::select().word(" from ").name(&layout.rows.name);
    sql.push_word(" where ");
    sql.push(number(layout).word(" = ").bind(Bound::Integer(of)));
    sql
}
