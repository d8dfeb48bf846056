//! Tests of one field, as conditions.

use std::borrow::Cow;

use portolan_kernel::IndexKind;
use portolan_kernel::specification::{Comparison, Part, Path, Predicate, Sought, Test, Value, ValueRef};

use super::super::super::engine;
use super::super::layout::{Column, Place, Table};
use super::super::statement::{Bound, Statement};
use super::{
    Condition, Mistake, Scope, Translator, always, any, begin, begin_of, begin_sign, exact, joined, never,
    not,
};

/// Whether an index of the table leads to the rows that pass.
pub(super) fn has_way(table: &Table, predicate: &Predicate) -> bool {
    let Some(index) = column_of(table, predicate.path).and_then(|column| column.index) else {
        // The table is in the order of the ids, by an index that is always there.
        return is_id(table, predicate.path)
            && matches!(predicate.test, Test::Compare(Comparison::Eq, _) | Test::In(_));
    };
    match &predicate.test {
        Test::Compare(Comparison::Eq, _) => true,
        Test::In(members) => !members.values().is_empty() && !members.values().contains(&Value::Null),
        Test::Compare(Comparison::Neq, _) => false,
        Test::Compare(..) => index == IndexKind::Ordered,
        Test::StartsWith(start) => index == IndexKind::Ordered && !start.is_empty(),
        Test::Contains(_) | Test::EndsWith(_) | Test::Matches(_) | Test::IsNull | Test::Search(_) => false,
    }
}

/// Whether the path is the id of the rows of the table.
fn is_id(table: &Table, path: Path) -> bool {
    !table.is_child() && path.field.name == "id"
}

/// The column that an index on this path is on: of money, the amount.
fn column_of(table: &Table, path: Path) -> Option<&Column> {
    match table.place(path.field)? {
        Place::Column(column) => table.columns.get(column),
        Place::Money(amount) => table.columns.get(amount + usize::from(path.part == Part::Currency)),
        Place::Child(_) => None,
    }
}

impl<'a> Translator<'a> {
    pub(super) fn predicate(&mut self, scope: Scope<'a>, predicate: &'a Predicate) -> Option<Condition<'a>> {
        let Predicate { path, test } = predicate;
        match scope.table.place(path.field)? {
            Place::Child(child) => self.of_collection(scope.table.children.get(child)?, test),
            Place::Money(amount) if path.part == Part::Whole => {
                let currency = self.column(scope, amount + 1)?;
                let amount = self.column(scope, amount)?;
                self.of_money([amount, currency], path.field.nullable, test)
            }
            Place::Money(amount) => {
                let column = amount + usize::from(path.part == Part::Currency);
                self.of_column(scope, column, test)
            }
            Place::Column(column) => self.of_column(scope, column, test),
        }
    }

    fn of_column(&mut self, scope: Scope<'a>, place: usize, test: &'a Test) -> Option<Condition<'a>> {
        let column = scope.table.columns.get(place)?;
        let sql = || self.column(scope, place);
        let is_not_null = |sql: Statement<'a>| sql.word(" is not null");
        let condition = match test {
            Test::IsNull => {
                return Some(exact(if column.nullable { sql()?.word(" is null") } else { never() }));
            }
            Test::In(members) => return self.among(scope, place, members.values()),
            Test::Search(words) if words.words().is_empty() => {
                return Some(exact(if column.nullable { is_not_null(sql()?) } else { always() }));
            }
            // No engine has these words, nor the expressions of the `regex` crate. Rows with a word are found by the plan.
            Test::Search(_) | Test::Matches(_) => return None,
            Test::Compare(comparison, value) => {
                let value = Bound::of(column.kind, value.borrowed())?;
                if *comparison == Comparison::Neq && column.nullable {
                    let unequal = sql()?.word(" <> ").bind(value);
                    self.take_binds(1)?;
                    return Some(exact(joined(
                        vec![self.column(scope, place)?.word(" is null"), unequal],
                        " or ",
                    )));
                }
                let compares = sql()?.word(self.sign(*comparison)).bind(value.clone());
                self.led(scope, place, vec![(begin_sign(self.sign(*comparison)), value)], compares)?
            }
            Test::Contains(sought) => self.contains(sql()?, sought)?,
            Test::StartsWith(start) => {
                let end = behind_start(&engine::kept(start)).map(|end| Bound::Text(Cow::Owned(end)));
                let from = (" >= ", Bound::text(start));
                let bounds = std::iter::once(from).chain(end.clone().map(|end| (" <= ", end)));
                let bounds = if start.is_empty() { Vec::new() } else { bounds.collect() };
                self.led(scope, place, bounds, starts_with(sql()?, sql()?, start, end))?
            }
            Test::EndsWith(end) if end.is_empty() => always(),
            Test::EndsWith(end) => {
                let mut ends = Statement::default();
                engine::ends_with(&mut ends, sql()?, end);
                ends
            }
        };
        let guard = column.nullable.then(|| sql().map(is_not_null)).flatten();
        // A range, and that of the beginnings.
        self.take_binds(4)?;
        Some(exact(self.guarded(guard, condition)))
    }

    /// Money compares within its currency.
    fn of_money(
        &mut self,
        [amount, currency]: [Statement<'a>; 2],
        is_nullable: bool,
        test: &'a Test,
    ) -> Option<Condition<'a>> {
        let is_currency = |of: ValueRef<'a>| match of {
            ValueRef::Money(money) if self.layout.is_bent(Mistake::IgnoresCurrency) => {
                Some((always(), money.amount))
            }
            ValueRef::Money(money) => {
                let code = Bound::Text(money.currency.code().into());
                Some((currency.clone().word(" = ").bind(code), money.amount))
            }
            _ => None,
        };
        let guard = is_nullable.then(|| currency.clone().word(" is not null"));
        match test {
            Test::IsNull => {
                Some(exact(if is_nullable { currency.clone().word(" is null") } else { never() }))
            }
            Test::Compare(Comparison::Neq, value) => {
                let (same, equal) = is_currency(value.borrowed())?;
                self.take_binds(2)?;
                let equal = amount.word(" = ").bind(Bound::Integer(equal));
                let both = joined(vec![same, equal], " and ");
                Some(exact(not(self.guarded(guard, both))))
            }
            Test::Compare(comparison, value) => {
                let (same, than) = is_currency(value.borrowed())?;
                self.take_binds(2)?;
                let compares = amount.word(self.sign(*comparison)).bind(Bound::Integer(than));
                Some(exact(self.guarded(guard, joined(vec![same, compares], " and "))))
            }
            Test::In(members) => {
                self.take_binds(members.values().len().checked_mul(2)?)?;
                let has_null = members.values().contains(&Value::Null);
                let some = members.values().iter().filter(|value| **value != Value::Null);
                let each = some.map(|value| {
                    let (same, equal) = is_currency(value.borrowed())?;
                    Some(joined(vec![same, amount.clone().word(" = ").bind(Bound::Integer(equal))], " and "))
                });
                let each = each.collect::<Option<Vec<_>>>()?;
                self.or_null(guard, (!each.is_empty()).then(|| joined(each, " or ")), has_null)
            }
            _ => None,
        }
    }

    /// That the collection is null, which none is, or that it has this plain value.
    fn of_collection(&mut self, table: &'a Table, test: &'a Test) -> Option<Condition<'a>> {
        match test {
            Test::IsNull => Some(exact(never())),
            Test::Contains(sought) => {
                let column = table.columns.first()?;
                let value = Bound::of(column.kind, sought.value().borrowed())?;
                self.take_binds(1)?;
                let is_it = Statement::default().name(&table.name).word(".").name(&column.name);
                Some(exact(self.some_element(table, is_it.word(" = ").bind(value))))
            }
            _ => None,
        }
    }

    fn among(&mut self, scope: Scope<'a>, place: usize, values: &'a [Value]) -> Option<Condition<'a>> {
        let column = scope.table.columns.get(place)?;
        self.take_binds(values.len().checked_mul(2)?)?;
        let has_null = values.contains(&Value::Null);
        let some = values.iter().filter(|value| **value != Value::Null);
        let bound = some.map(|value| Bound::of(column.kind, value.borrowed())).collect::<Option<Vec<_>>>()?;
        let among = (!bound.is_empty()).then(|| {
            let begins = self.indexed_begin(scope, place).map(|begin| {
                let begins = bound.iter().cloned().map(begin_of).collect();
                in_list(begin, begins)
            });
            let sql = in_list(self.column(scope, place)?, bound);
            Some(joined(begins.into_iter().chain([sql]).collect(), " and "))
        });
        let guard = match column.nullable {
            true => Some(self.column(scope, place)?.word(" is not null")),
            false => None,
        };
        self.or_null(guard, among.flatten(), has_null)
    }

    /// One of these, or null where null is listed.
    fn or_null(
        &self,
        guard: Option<Statement<'a>>,
        among: Option<Statement<'a>>,
        has_null: bool,
    ) -> Option<Condition<'a>> {
        let is_null = || guard.clone().map(not);
        Some(match (among, has_null) {
            (Some(among), false) => exact(self.guarded(guard, among)),
            (Some(among), true) => match is_null() {
                Some(is_null) => any(vec![exact(is_null), exact(self.guarded(guard, among))]),
                None => exact(among),
            },
            (None, true) => exact(is_null().unwrap_or_else(never)),
            (None, false) => exact(never()),
        })
    }

    fn contains(&self, column: Statement<'a>, sought: &'a Sought) -> Option<Statement<'a>> {
        let Value::Text(part) = sought.value() else { return None };
        if self.layout.is_bent(Mistake::WildcardsInContains) {
            return Some(
                column
                    .word(" like ")
                    .bind(Bound::Text(Cow::Owned(engine::kept(&format!("%{part}%")).into_owned()))),
            );
        }
        if self.layout.is_bent(Mistake::FoldsCase) {
            let mut folded = Statement::new("lower(");
            folded.push(column);
            let mut contains = Statement::default();
            let part = Bound::Text(Cow::Owned(engine::kept(&part.to_lowercase()).into_owned()));
            engine::contains(&mut contains, folded.word(")"), part);
            return Some(contains);
        }
        let mut contains = Statement::default();
        engine::contains(&mut contains, column, Bound::text(part));
        Some(contains)
    }

    /// The condition, and that the field is not null.
    fn guarded(&self, guard: Option<Statement<'a>>, condition: Statement<'a>) -> Statement<'a> {
        match guard {
            Some(guard) if !self.layout.is_bent(Mistake::NullUnderNot) => {
                joined(vec![guard, condition], " and ")
            }
            _ => joined(vec![condition], " and "),
        }
    }

    fn sign(&self, comparison: Comparison) -> &'static str {
        match comparison {
            Comparison::Eq => " = ",
            Comparison::Neq => " <> ",
            Comparison::Lt if self.layout.is_bent(Mistake::IncludesTheBound) => " <= ",
            Comparison::Lt => " < ",
            Comparison::Lte => " <= ",
            Comparison::Gt => " > ",
            Comparison::Gte => " >= ",
        }
    }

    /// The condition, and what it says about the beginnings that an index of the engine holds, where it holds no more of a
    /// text: without these words nothing leads to the index.
    fn led(
        &self,
        scope: Scope<'a>,
        place: usize,
        bounds: Vec<(&'static str, Bound<'a>)>,
        condition: Statement<'a>,
    ) -> Option<Statement<'a>> {
        let Some(begin) = self.indexed_begin(scope, place) else { return Some(condition) };
        let bounds = bounds.into_iter();
        let begins = bounds.map(|(sign, bound)| begin.clone().word(sign).bind(begin_of(bound)));
        Some(joined(begins.chain([condition]).collect(), " and "))
    }

    /// The beginning of the column, where an index that is looked for holds no more of it.
    fn indexed_begin(&self, scope: Scope<'a>, place: usize) -> Option<Statement<'a>> {
        let column = scope.table.columns.get(place).filter(|column| scope.is_seen && column.is_cut())?;
        Some(begin(Statement::default().name(&scope.table.name).word(".").name(&column.name)))
    }

    /// The column, hidden from the planner where it has an index that is not asked for.
    fn column(&self, scope: Scope<'a>, place: usize) -> Option<Statement<'a>> {
        let column = scope.table.columns.get(place)?;
        let has_index = column.index.is_some() || (!scope.table.is_child() && column.name == "id");
        let hide = if has_index && !scope.is_seen { engine::HIDE_FROM_INDEXES } else { "" };
        Some(Statement::new(hide).name(&scope.table.name).word(".").name(&column.name))
    }
}

fn in_list<'a>(column: Statement<'a>, values: Vec<Bound<'a>>) -> Statement<'a> {
    let mut sql = column.word(" in (");
    sql.push_list(values, Statement::push_bind);
    sql.word(")")
}

/// Texts that start with this one are those from it on, to before `end`, the next text that does not: a range, which an
/// index serves.
fn starts_with<'a>(
    column: Statement<'a>,
    again: Statement<'a>,
    start: &'a str,
    end: Option<Bound<'a>>,
) -> Statement<'a> {
    if start.is_empty() {
        return always();
    }
    let from = column.word(" >= ").bind(Bound::text(start));
    match end {
        Some(end) => joined(vec![from, again.word(" < ").bind(end)], " and "),
        None => from,
    }
}

/// The first text behind all those that start with this one; `None` where there is no text behind them.
fn behind_start(start: &str) -> Option<String> {
    let mut characters: Vec<char> = start.chars().collect();
    while let Some(last) = characters.pop() {
        // Behind the last before the surrogates comes the first behind them.
        let next = match last {
            '\u{d7ff}' => Some('\u{e000}'),
            last => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_start_is_the_next_code_point() {
        assert_eq!(behind_start("ab").as_deref(), Some("ac"));
        assert_eq!(behind_start("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(behind_start("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(behind_start("\u{10ffff}"), None);
    }
}
