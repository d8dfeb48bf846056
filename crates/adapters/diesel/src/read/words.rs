//! The table of words: which rows have a word in a field.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use portolan_kernel::specification::{Node, Predicate, Quantified, Quantifier, Test};

use super::super::{Conn, Fault, engine};
use super::layout::{Layout, MEMBERS, PART, WORD, WORD_FIELD, kept_word};
use super::members::{Members, Part, place};
use super::rows::in_parts;
use super::statement::{Bound, Cell, Cells, Shapes, Statement};

/// How many words one statement writes: few different numbers, so that there are few different texts.
const TOGETHER: [usize; 3] = [64, 8, 1];

/// Up to so many parts are looked up one by one.
const FEW_PARTS: usize = 64;

/// What the table of words says about a node.
pub(super) enum Sought<'a> {
    /// The rows that have all of these words in the field with this number.
    Words(usize, &'a [Box<str>]),
    /// The rows that all of these find.
    All(Vec<Self>),
    /// The rows that one of these finds.
    Any(Vec<Self>),
}

impl<'a> Sought<'a> {
    /// What it says about this node, and whether it says all of it; else it finds more rows than the node does. `None`
    /// where it says nothing.
    pub(super) fn of(layout: &Layout, node: &'a Node) -> Option<(Self, bool)> {
        match node {
            Node::Predicate(Predicate { path, test: Test::Search(words) }) => {
                let field = layout.word_field(None, path.field)?;
                let words = words.words();
                (!words.is_empty()).then_some((Self::Words(field, words), true))
            }
            Node::Quantified(Quantified { quantifier: Quantifier::Any, collection, inner }) => {
                let parts = match &**inner {
                    Node::And(parts) => parts.as_slice(),
                    part => std::slice::from_ref(part),
                };
                let words = parts.iter().filter_map(|part| match part {
                    Node::Predicate(Predicate { path, test: Test::Search(words) }) => {
                        let field = layout.word_field(Some(collection), path.field)?;
                        (!words.words().is_empty()).then(|| (field, words.words()))
                    }
                    _ => None,
                });
                let words: Vec<_> = words.collect();
                // It knows of each word alone whether an element has it, not of two whether it is one element.
                let is_exact = matches!(*words, [(_, [_])]) && parts.len() == 1;
                let all: Vec<_> = words.into_iter().map(|(field, words)| Self::Words(field, words)).collect();
                (!all.is_empty()).then_some((Self::All(all), is_exact))
            }
            Node::And(nodes) => {
                let all: Vec<_> = nodes.iter().filter_map(|node| Self::of(layout, node)).collect();
                let is_exact = all.len() == nodes.len() && all.iter().all(|(_, is_exact)| *is_exact);
                let all: Vec<_> = all.into_iter().map(|(sought, _)| sought).collect();
                (!all.is_empty()).then_some((Self::All(all), is_exact))
            }
            Node::Or(nodes) => {
                let any: Option<Vec<_>> = nodes.iter().map(|node| Self::of(layout, node)).collect();
                let any = any.filter(|any| !any.is_empty())?;
                let is_exact = any.iter().all(|(_, is_exact)| *is_exact);
                Some((Self::Any(any.into_iter().map(|(sought, _)| sought).collect()), is_exact))
            }
            _ => None,
        }
    }

    /// The rows that it finds.
    pub(super) fn rows(&self, conn: &mut Conn, layout: &Layout, shapes: &Shapes) -> Result<Members, Fault> {
        match self {
            Self::Words(field, words) => with_words(conn, layout, shapes, *field, words),
            Self::All(all) => {
                let mut found: Option<Members> = None;
                for sought in all {
                    let rows = sought.rows(conn, layout, shapes)?;
                    let rows = found.map_or(rows.clone(), |found| found.and(&rows));
                    if rows.is_empty() {
                        return Ok(rows);
                    }
                    found = Some(rows);
                }
                Ok(found.unwrap_or_default())
            }
            Self::Any(any) => {
                let mut found = Members::default();
                for sought in any {
                    found = found.or(sought.rows(conn, layout, shapes)?);
                }
                Ok(found)
            }
        }
    }

    /// How the rows with a word are looked up, for people.
    pub(super) fn text(layout: &Layout) -> Result<String, Fault> {
        Ok(with_word(layout, 0, "").text()?)
    }
}

/// The rows that have all of these words, from the rarest on.
fn with_words(
    conn: &mut Conn,
    layout: &Layout,
    shapes: &Shapes,
    field: usize,
    words: &[Box<str>],
) -> Result<Members, Fault> {
    let mut words: Vec<(i64, &str)> = words.iter().map(|word| (0, &**word)).collect();
    if words.len() > 1 {
        for (parts, word) in &mut words {
            let mut sql = Statement::new("select count(*)");
            push_word(&mut sql, layout, field, word);
            *parts = sql.number_of(conn, shapes)?;
        }
        words.sort_unstable();
    }
    let mut found: Option<Members> = None;
    for (_, word) in words {
        let rows = match &found {
            Some(found) if found.parts().len() <= FEW_PARTS => {
                let places: Vec<i64> = found.parts().collect();
                let mut parts = BTreeMap::new();
                in_parts(&places, |places| {
                    let mut sql = with_word(layout, field, word).word(" and ").name(PART).word(" in (");
                    sql.push_list(places, |sql, place| sql.push_bind(Bound::Integer(*place)));
                    parts.extend(load(conn, shapes, sql.word(")"))?);
                    Ok(())
                })?;
                found.clone().and(&Members::of(parts.into_iter().collect()))
            }
            _ => {
                let sql = with_word(layout, field, word).word(" order by ").name(PART);
                let rows = Members::of(load(conn, shapes, sql)?);
                found.map_or(rows.clone(), |found| found.and(&rows))
            }
        };
        if rows.is_empty() {
            return Ok(rows);
        }
        found = Some(rows);
    }
    Ok(found.unwrap_or_default())
}

fn with_word<'a>(layout: &'a Layout, field: usize, word: &'a str) -> Statement<'a> {
    let mut sql = Statement::new("select ").name(PART).word(", ").name(MEMBERS);
    push_word(&mut sql, layout, field, word);
    sql
}

fn push_word<'a>(sql: &mut Statement<'a>, layout: &'a Layout, field: usize, word: &'a str) {
    sql.push_word(" from ");
    sql.push_name(layout.words.as_ref().map_or("", |words| &words.name));
    sql.push_word(" where ");
    sql.push_name(WORD_FIELD);
    sql.push_word(" = ");
    sql.push_number(field as u64);
    sql.push_word(" and ");
    sql.push_name(WORD);
    sql.push_word(" = ");
    sql.push_bind(match kept_word(word) {
        Cow::Borrowed(word) => Bound::text(word),
        Cow::Owned(word) => Bound::Text(Cow::Owned(engine::kept(&word).into_owned())),
    });
}

fn load(conn: &mut Conn, shapes: &Shapes, sql: Statement<'_>) -> Result<Vec<(i64, Part)>, Fault> {
    let rows = sql.load(conn, shapes)?.into_iter();
    let parts = rows.map(|Cells(cells)| match &*cells {
        [Cell::Integer(place), members] => Some((*place, part(members)?)),
        _ => None,
    });
    parts.collect::<Option<_>>().ok_or_else(|| Fault::unreadable(MEMBERS))
}

fn part(cell: &Cell) -> Option<Part> {
    Part::read(cell.bytes()?)
}

/// Words that rows have, or have no more, on their way into the table.
#[derive(Default)]
pub(super) struct NewWords {
    /// By field and part.
    changes: BTreeMap<(usize, i64), Changes>,
}

/// By word: offsets, and whether the row has the word.
type Changes = HashMap<Box<str>, Vec<(u16, bool)>>;

impl NewWords {
    /// The row with this number has the word in the field with that number, or has it no more.
    pub(super) fn note(&mut self, number: i64, (field, word): (usize, Box<str>), has: bool) {
        let (part, offset) = place(number);
        self.changes.entry((field, part)).or_default().entry(word).or_default().push((offset, has));
    }

    /// Writes them.
    pub(super) fn write(self, conn: &mut Conn, layout: &Layout, shapes: &Shapes) -> Result<(), Fault> {
        let Some(table) = layout.words.as_ref().map(|words| words.name.as_str()) else { return Ok(()) };
        for ((field, place), changes) in self.changes {
            let mut words: Vec<&str> = changes.keys().map(|word| &**word).collect();
            words.sort_unstable();
            let mut kept = HashMap::new();
            in_parts(&words, |words| {
                let mut sql = Statement::new("select ").name(WORD).word(", ").name(MEMBERS).word(" from ");
                sql.push_name(table);
                push_place(&mut sql, field, place);
                sql.push_word(" and ");
                sql.push_name(WORD);
                sql.push_word(" in (");
                sql.push_list(words, |sql, word| sql.push_bind(Bound::text(word)));
                for Cells(cells) in sql.word(")").load(conn, shapes)? {
                    let word = cells.first().and_then(Cell::text);
                    let part = cells.get(1).and_then(part);
                    let (Some(word), Some(part)) = (word, part) else {
                        return Err(Fault::unreadable(MEMBERS));
                    };
                    kept.insert(Box::<str>::from(word), part);
                }
                Ok(())
            })?;
            let mut new = Vec::new();
            for word in words {
                let was = kept.get(word);
                let mut is = was.cloned().unwrap_or(Part::EMPTY);
                for (offset, has) in changes.get(word).into_iter().flatten() {
                    is.set(*offset, *has);
                }
                match was {
                    Some(was) if *was == is => {}
                    Some(_) if is.is_empty() => {
                        let mut sql = Statement::new("delete from ").name(table);
                        push_place(&mut sql, field, place);
                        sql = sql.word(" and ").name(WORD).word(" = ").bind(Bound::text(word));
                        sql.execute(conn, shapes)?;
                    }
                    Some(_) => {
                        let mut sql = Statement::new("update ").name(table).word(" set ").name(MEMBERS);
                        sql = sql.word(" = ").bind(Bound::Bytes(is.kept().into()));
                        push_place(&mut sql, field, place);
                        sql = sql.word(" and ").name(WORD).word(" = ").bind(Bound::text(word));
                        sql.execute(conn, shapes)?;
                    }
                    None if is.is_empty() => {}
                    None => new.push((word, is.kept())),
                }
            }
            insert(conn, shapes, table, (field, place), &new)?;
        }
        Ok(())
    }
}

fn insert(
    conn: &mut Conn,
    shapes: &Shapes,
    table: &str,
    (field, place): (usize, i64),
    mut new: &[(&str, Vec<u8>)],
) -> Result<(), Fault> {
    for together in TOGETHER {
        while let Some((words, behind)) = new.split_at_checked(together) {
            new = behind;
            let mut sql = Statement::new("insert into ").name(table).word(" (");
            sql.push_list([WORD_FIELD, WORD, PART, MEMBERS], |sql, name| sql.push_name(name));
            sql.push_word(") values ");
            sql.push_list(words, |sql, (word, members)| {
                sql.push_word("(");
                sql.push_bind(Bound::Integer(field as i64));
                sql.push_word(", ");
                sql.push_bind(Bound::text(word));
                sql.push_word(", ");
                sql.push_bind(Bound::Integer(place));
                sql.push_word(", ");
                sql.push_bind(Bound::Bytes(members.as_slice().into()));
                sql.push_word(")");
            });
            sql.execute(conn, shapes)?;
        }
    }
    Ok(())
}

fn push_place(sql: &mut Statement<'_>, field: usize, place: i64) {
    sql.push_word(" where ");
    sql.push_name(WORD_FIELD);
    sql.push_word(" = ");
    sql.push_bind(Bound::Integer(field as i64));
    sql.push_word(" and ");
    sql.push_name(PART);
    sql.push_word(" = ");
    sql.push_bind(Bound::Integer(place));
}
