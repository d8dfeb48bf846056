//! Random specimens and random specifications over them: nulls, empty collections, other currencies, the ends of
//! i64, combining marks, case pairs, astral planes, wildcards and quotes.

use portolan_kernel::specification::{
    Candidate, Comparison, Decimal, Members, Node, Path, Pattern, Quantified, Quantifier, Schema, Sought,
    Test, Type, Value, Words,
};
use portolan_kernel::{Currency, Id as _, Money, Timestamp};
use uuid::Uuid;

use super::{Part, Place, Specimen, SpecimenId, Stage};

/// Few texts, so that equal ones meet often; each differs from another in one thing that a store may get wrong.
pub(crate) const TEXTS: [&str; 24] = [
    "",
    " ",
    "a",
    "A",
    "a ",
    "lamp",
    "Lamp",
    "Lamp desk",
    "desk  LAMP",
    "\u{e9}",
    "e\u{301}",
    "stra\u{df}e STRASSE",
    "\u{3a3}\u{3b1}\u{3c2} \u{3a3}\u{391}\u{3a3}",
    "\u{6771}\u{4eac} radio",
    "\u{1f600} a\u{1f600}",
    "\u{ffff}\u{10ffff}",
    "100%",
    "100",
    "a_b",
    "axb",
    "_ % \\ *",
    "it's \"quoted\" \\",
    "line\nbreak\ttab\u{1}",
    "' or 1=1 --",
];

/// The ends and the beginnings of names.
const NAMES: [&str; 4] = ["found", "examined", "ed", "kept"];

const PATTERNS: [&str; 6] = ["a", "^a", "(?i)LAMP", "[aeiou]{2}|\u{e9}", r"\W$", ""];
const NUMBERS: [i64; 7] = [i64::MIN, -1, 0, 1, 12, i64::MAX - 1, i64::MAX];
const TIMES: [i64; 5] = [0, 1, 1_767_600_000_000_001, -62_135_596_800_000_000, 253_402_207_200_999_999];
const CURRENCIES: [&str; 3] = ["EUR", "JPY", "KWD"];

/// How many values of an `in` there are at the most.
const LISTED: usize = 14;

/// A source of specimens and specifications. The same seed gives the same again.
#[derive(Debug, Clone)]
pub struct Random {
    random: fastrand::Rng,
}

impl Random {
    /// What this seed gives.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed) }
    }

    /// A specimen with this id.
    pub fn specimen(&mut self, id: SpecimenId) -> Specimen {
        Specimen {
            id,
            flag: self.maybe(|random| random.random.bool()),
            number: self.maybe(Self::number),
            exact: self.maybe(Self::exact),
            title: self.text(),
            text: self.maybe(Self::text),
            stage: self.maybe(|random| random.one_of([Stage::Found, Stage::Examined, Stage::Kept])),
            other: self.maybe(Self::uuid),
            moment: self.maybe(Self::time),
            price: self.maybe(Self::money),
            place: self.maybe(|random| Place { city: random.maybe(Self::text) }),
            tags: self.several(3, Self::text),
            counts: self.several(3, Self::number),
            parts: self.several(3, |random| Part {
                name: random.text(),
                quantity: random.number(),
                worth: random.maybe(Self::money),
            }),
        }
    }

    /// A specification over the fields of `C`, as a tree.
    pub fn node<C: Candidate>(&mut self) -> Node {
        self.nested(C::schema(), 3)
    }

    fn nested(&mut self, schema: &'static Schema, depth: usize) -> Node {
        let kind = if depth == 0 { 3 } else { self.random.usize(0..5) };
        match kind {
            0 => Node::not(self.nested(schema, depth - 1)),
            1 => Node::and(self.several(4, |random| random.nested(schema, depth - 1))),
            2 => Node::or(self.several(4, |random| random.nested(schema, depth - 1))),
            _ => self.leaf(schema, depth),
        }
    }

    fn leaf(&mut self, schema: &'static Schema, depth: usize) -> Node {
        let paths: Vec<Path> = schema.paths().collect();
        let Some(&path) = paths.get(self.random.usize(0..paths.len().max(1))) else {
            return Node::Everything;
        };
        match path.value_type() {
            Type::Elements(elements) => {
                let quantifier = self.one_of([Quantifier::Any, Quantifier::All]);
                let inner = Box::new(self.nested(elements(), depth.saturating_sub(1)));
                Node::Quantified(Quantified { quantifier, collection: path.field, inner })
            }
            Type::Scalars(of) => {
                let value = self.value(*of);
                Node::predicate(path, Test::Contains(Sought::new(value)))
            }
            Type::Object => Node::predicate(path, Test::IsNull),
            value_type => {
                let test = self.test(path, value_type);
                Node::predicate(path, test)
            }
        }
    }

    fn test(&mut self, path: Path, value_type: Type) -> Test {
        use Comparison::{Eq, Gt, Gte, Lt, Lte, Neq};
        let is_text = matches!(value_type, Type::Text | Type::Enum(_));
        let kinds = 9 + if is_text { 4 } else { 0 } + usize::from(path.field.searchable);
        match self.random.usize(0..kinds) {
            0 => Test::IsNull,
            1..=7 => {
                let comparison = self.one_of([Eq, Eq, Neq, Lt, Lte, Gt, Gte]);
                Test::Compare(comparison, self.value(value_type))
            }
            8 => {
                let most = if self.random.u8(0..5) == 0 { LISTED } else { 4 };
                let values = self.several(most, |random| {
                    if random.random.u8(0..7) == 0 { Value::Null } else { random.value(value_type) }
                });
                Test::In(Members::new(values))
            }
            9 => Test::Contains(Sought::new(Value::Text(self.part_of(value_type).into()))),
            10 => Test::StartsWith(self.part_of(value_type).into()),
            11 => Test::EndsWith(self.part_of(value_type).into()),
            12 => {
                let source = self.one_of(PATTERNS);
                Pattern::new(source).map_or(Test::IsNull, Test::Matches)
            }
            _ => Test::Search(Words::new(&self.text())),
        }
    }

    fn value(&mut self, value_type: Type) -> Value {
        match value_type {
            Type::Boolean => Value::Boolean(self.random.bool()),
            Type::Integer => Value::Integer(self.number()),
            Type::Decimal => Value::Decimal(self.exact()),
            Type::Uuid => Value::Uuid(self.uuid()),
            Type::Time => Value::Time(self.time()),
            Type::Money => Value::Money(self.money()),
            Type::Enum(names) if !names.is_empty() => {
                Value::Text(names[self.random.usize(0..names.len())].into())
            }
            // Parts of money are asked as text too.
            _ if self.random.u8(0..5) == 0 => Value::Text(self.one_of(CURRENCIES).into()),
            _ => Value::Text(self.text().into()),
        }
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.random.u8(0..4) > 0).then(|| make(self))
    }

    fn several<T>(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.random.usize(0..=most)).map(|_| make(self)).collect()
    }

    fn one_of<T: Copy, const COUNT: usize>(&mut self, values: [T; COUNT]) -> T {
        values[self.random.usize(0..COUNT)]
    }

    fn number(&mut self) -> i64 {
        self.one_of(NUMBERS)
    }

    fn text(&mut self) -> String {
        self.one_of(TEXTS).to_owned()
    }

    /// Some characters from the middle of a text, or of a name.
    fn part_of(&mut self, value_type: Type) -> String {
        let whole = if value_type == Type::Text { self.one_of(TEXTS) } else { self.one_of(NAMES) };
        let characters: Vec<char> = whole.chars().collect();
        let from = self.random.usize(0..=characters.len().min(2));
        let length = match self.random.u8(0..3) {
            0 => characters.len() - from,
            _ => self.random.usize(0..=(characters.len() - from).min(3)),
        };
        characters[from..from + length].iter().collect()
    }

    /// The same number in several scales.
    fn exact(&mut self) -> Decimal {
        let rare = self.random.u8(0..8) == 0;
        let mantissa = if rare { self.one_of([i64::MIN, i64::MAX]) } else { self.one_of([0, 15, 150]) };
        Decimal::new(mantissa, self.one_of([0, 1])).unwrap_or_default()
    }

    fn uuid(&mut self) -> Uuid {
        Uuid::from_u128(u128::from(self.random.u8(0..4)) << self.one_of([0_u32, 120]))
    }

    fn time(&mut self) -> Timestamp {
        Timestamp::from_micros(self.one_of(TIMES))
    }

    fn money(&mut self) -> Money {
        #[expect(clippy::expect_used, reason = "the list holds codes of ISO 4217 alone")]
        let currency: Currency = self.one_of(CURRENCIES).parse().expect("a currency");
        Money::new(self.one_of([i64::MIN, 0, 1, i64::MAX]), currency)
    }
}

/// The id of the specimen with this number.
pub(crate) fn id(number: usize) -> SpecimenId {
    SpecimenId::from_uuid(Uuid::from_u128(number as u128))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// How many rows satisfy a leaf of this kind, and how many do not.
    type Seen = BTreeMap<String, (usize, usize)>;

    fn look(node: &Node, rows: &[Specimen], seen: &mut Seen) {
        let kind = match node {
            Node::Everything => return,
            Node::Not(inner) => return look(inner, rows, seen),
            Node::And(nodes) | Node::Or(nodes) => {
                return nodes.iter().for_each(|node| look(node, rows, seen));
            }
            Node::Quantified(quantified) => format!("{:?}", quantified.quantifier),
            Node::Predicate(predicate) => {
                let value_type = predicate.path.value_type();
                let operator = match &predicate.test {
                    Test::IsNull if !predicate.path.field.nullable => return,
                    Test::Compare(comparison, _) => comparison.sign(),
                    Test::In(_) => "in",
                    Test::Contains(_) => "contains",
                    Test::StartsWith(_) => "starts with",
                    Test::EndsWith(_) => "ends with",
                    Test::Matches(_) => "~",
                    Test::IsNull => "is null",
                    Test::Search(_) => "search",
                };
                format!("{value_type} {operator}")
            }
        };
        let satisfied = rows.iter().filter(|row| node.is_satisfied_by(*row)).count();
        let counts = seen.entry(kind).or_default();
        *counts = (counts.0 + satisfied, counts.1 + rows.len() - satisfied);
    }

    #[test]
    fn each_operator_with_each_type_is_true_and_false_for_fifty_rows_of_a_run() {
        for seed in 0..5 {
            let mut random = Random::new(seed);
            let rows: Vec<Specimen> = (0..80).map(|number| random.specimen(id(number))).collect();
            let mut seen = Seen::new();
            for _ in 0..1_000 {
                let node = random.node::<Specimen>();
                look(&node, &rows, &mut seen);
            }
            let rare: Vec<_> =
                seen.iter().filter(|(_, (yes, no))| *yes < 50 || *no < 50).map(|(kind, _)| kind).collect();
            // Six comparisons, `in` and `is null` of eight scalar types; four more of texts and enums, two of
            // collections of scalars, one of objects; `search`, `any`, `all`.
            assert!(seen.len() >= 8 * 8 + 2 * 4 + 2 + 1 + 3, "{} kinds: {seen:?}", seen.len());
            assert!(rare.is_empty(), "seed {seed}: {rare:?} of {seen:?}");
        }
    }

    #[test]
    fn a_seed_gives_the_same_again() {
        let make = || {
            let mut random = Random::new(7);
            (random.specimen(id(1)), random.node::<Specimen>())
        };
        assert_eq!(make(), make());
    }
}
