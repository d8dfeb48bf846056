//! How many rows satisfy a specification.

use portolan_kernel::StoredView;
use portolan_kernel::specification::Node;

use super::super::{Conn, Fault};
use super::Asked;
use super::members::Members;
use super::page::LAST_CHUNK;
use super::plan::Plan;
use super::rows::{self, FOUND_TOGETHER, Kept, in_parts_of};
use super::selects::{among, number};
use super::statement::{Bound, Shapes, Statement};

/// How many rows satisfy this tree, which is normalised.
pub(super) fn count<V: StoredView>(conn: &mut Conn, asked: Asked<'_>, tree: &Node) -> Result<u64, Fault> {
    let Asked { layout, shapes, .. } = asked;
    let plan = Plan::of(asked, tree, conn)?;
    if let Some(found) = &plan.found {
        return count_found::<V>(conn, shapes, &plan, found);
    }
    let Some(residual) = &plan.residual else {
        let mut sql = Statement::new("select count(*)");
        plan.push_from(&mut sql, None, None);
        return Ok(sql.number_of(conn, shapes)?.unsigned_abs());
    };
    let (mut count, mut after) = (0, i64::MIN);
    loop {
        let mut sql = rows::select();
        plan.push_from(&mut sql, None, Some(number(layout).word(" > ").bind(Bound::Integer(after))));
        sql.push_word(" order by ");
        sql.push(number(layout));
        sql.push_word(" limit ");
        sql.push_number(LAST_CHUNK as u64);
        let chunk: Vec<Kept<V>> = rows::load(conn, shapes, sql)?;
        count += chunk.iter().filter(|row| residual.is_satisfied_by(&*row.view)).count() as u64;
        match chunk.last() {
            Some(last) if chunk.len() == LAST_CHUNK => after = last.number,
            _ => return Ok(count),
        }
    }
}

/// How many of those that the words have found.
fn count_found<V: StoredView>(
    conn: &mut Conn,
    shapes: &Shapes,
    plan: &Plan<'_>,
    found: &Members,
) -> Result<u64, Fault> {
    if plan.is_said() {
        return Ok(found.len());
    }
    let mut count = 0;
    in_parts_of(FOUND_TOGETHER, &found.numbers().collect::<Vec<_>>(), |numbers| {
        let among = among(plan.layout, numbers);
        let Some(residual) = &plan.residual else {
            let mut sql = Statement::new("select count(*)");
            plan.push_from(&mut sql, None, Some(among));
            count += sql.number_of(conn, shapes)?.unsigned_abs();
            return Ok(());
        };
        let mut sql = rows::select();
        plan.push_from(&mut sql, None, Some(among));
        let chunk: Vec<Kept<V>> = rows::load(conn, shapes, sql)?;
        count += chunk.iter().filter(|row| residual.is_satisfied_by(&*row.view)).count() as u64;
        Ok(())
    })?;
    Ok(count)
}
