//! Random candidates and random specifications over any schema: nulls, empty collections, other currencies, the
//! ends of i64, combining marks, case pairs, astral planes, wildcards and quotes.

use std::sync::Arc;

use portolan_kernel::specification::{
    Comparison, Decimal, Members, Node, Path, Pattern, Quantified, Quantifier, Schema, Sought, Test, Type,
    Value, Words,
};
use portolan_kernel::{Money, Timestamp};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::parcel::{Parcel, ParcelId, Stage, Stop};

/// Few values of each type, so that equal ones meet often.
const TEXTS: [&str; 16] = [
    "",
    "a",
    "A",
    "lamp",
    "Lamp desk",
    "é",
    "e\u{301}",
    "Straße STRASSE",
    "Σας ΣΑΣ",
    "東京 radio",
    "😀 a😀",
    "100%",
    "_ % \\ *",
    "it's \"quoted\" \\",
    "line\nbreak\ttab\u{1}",
    "' or 1=1 --",
];
const PATTERNS: [&str; 6] = ["a", "^a", "(?i)LAMP", "[aeiou]{2}|é", r"\W$", ""];
const TIMES: [i64; 5] = [0, 1, 1_767_600_000_000_001, -62_135_596_800_000_000, 253_402_207_200_999_999];

pub(crate) fn integers() -> impl Strategy<Value = i64> + Clone {
    select(vec![i64::MIN, -1, 0, 1, 12, i64::MAX])
}

pub(crate) fn texts() -> impl Strategy<Value = String> + Clone {
    prop_oneof![8 => select(TEXTS.map(String::from).to_vec()), 1 => ".{0,6}"]
}

fn decimals() -> impl Strategy<Value = Decimal> + Clone {
    (select(vec![i64::MIN, -15, 0, 1, 150, i64::MAX]), select(vec![0, 1, 18]))
        .prop_map(|(mantissa, scale)| Decimal::new(mantissa, scale).unwrap())
}

fn monies() -> impl Strategy<Value = Money> + Clone {
    (integers(), select(vec!["EUR", "USD", "JPY", "KWD"]))
        .prop_map(|(amount, code)| Money::new(amount, code.parse().unwrap()))
}

fn ids() -> impl Strategy<Value = ParcelId> + Clone {
    (0..4_u128).prop_map(|number| uuid::Uuid::from_u128(number).into())
}

fn times() -> impl Strategy<Value = Timestamp> + Clone {
    select(TIMES.to_vec()).prop_map(Timestamp::from_micros)
}

pub(crate) fn parcels() -> impl Strategy<Value = Parcel> {
    let stops = proptest::collection::vec((texts(), option::of(monies())), 0..3)
        .prop_map(|stops| stops.into_iter().map(|(city, toll)| Stop { city, toll }).collect());
    let scalars = (ids(), any::<bool>(), integers(), option::of(decimals()), option::of(texts()));
    let others = (select(vec![Stage::Packed, Stage::Sent]), option::of(times()), option::of(monies()));
    let parts = (option::of((texts(), texts())), proptest::collection::vec(texts(), 0..3), stops);
    (scalars, others, parts).prop_map(|(scalars, others, parts)| {
        let (id, fragile, weight, volume, label) = scalars;
        let (stage, sent_at, postage) = others;
        let (address, tags, stops) = parts;
        Parcel { id, fragile, weight, volume, label, stage, sent_at, postage, address, tags, stops }
    })
}

/// Any tree over the fields of the schema.
pub(crate) fn nodes(schema: &'static Schema) -> BoxedStrategy<Node> {
    nested(schema, 3)
}

fn nested(schema: &'static Schema, depth: u32) -> BoxedStrategy<Node> {
    let leaf = prop_oneof![
        1 => Just(Node::Everything),
        1 => Just(Node::nothing()),
        12 => leaves(schema, depth),
    ];
    leaf.prop_recursive(depth, 24, 4, |inner| {
        prop_oneof![
            2 => inner.clone().prop_map(Node::not),
            2 => proptest::collection::vec(inner.clone(), 0..4).prop_map(Node::and),
            2 => proptest::collection::vec(inner, 0..4).prop_map(Node::or),
        ]
    })
    .boxed()
}

/// One test of one field.
pub(crate) fn leaves(schema: &'static Schema, depth: u32) -> BoxedStrategy<Node> {
    let paths: Vec<Path> = schema.paths().collect();
    select(paths)
        .prop_flat_map(move |path| {
            let is_null = Just(Node::predicate(path, Test::IsNull)).boxed();
            match path.value_type() {
                Type::Elements(elements) if depth > 0 => {
                    let inner = nested(elements(), depth - 1);
                    (select(vec![Quantifier::Any, Quantifier::All]), inner)
                        .prop_map(move |(quantifier, inner)| {
                            let collection = path.field;
                            Node::Quantified(Quantified { quantifier, collection, inner: Box::new(inner) })
                        })
                        .boxed()
                }
                Type::Scalars(of) => values(*of)
                    .prop_map(move |value| Node::predicate(path, Test::Contains(Sought::new(value))))
                    .boxed(),
                Type::Elements(_) | Type::Object => is_null,
                value_type => prop_oneof![1 => is_null, 8 => tests(path, value_type)].boxed(),
            }
        })
        .boxed()
}

fn tests(path: Path, value_type: Type) -> BoxedStrategy<Node> {
    use Comparison::{Eq, Gt, Gte, Lt, Lte, Neq};
    let comparison = (select(vec![Eq, Neq, Lt, Lte, Gt, Gte]), values(value_type))
        .prop_map(|(comparison, value)| Test::Compare(comparison, value));
    let listed = prop_oneof![1 => Just(Value::Null), 6 => values(value_type)];
    let members = prop_oneof![
        4 => proptest::collection::vec(listed.clone(), 0..4),
        1 => proptest::collection::vec(listed, 9..14),
    ]
    .prop_map(|values| Test::In(Members::new(values)));
    let mut tests = vec![comparison.boxed(), members.boxed()];
    if value_type.is_text() {
        let text = || texts().prop_map(Arc::<str>::from);
        tests.push(texts().prop_map(|part| Test::Contains(Sought::new(Value::Text(part.into())))).boxed());
        tests.push(text().prop_map(Test::StartsWith).boxed());
        tests.push(text().prop_map(Test::EndsWith).boxed());
        tests.push(
            select(PATTERNS.to_vec()).prop_map(|source| Test::Matches(Pattern::new(source).unwrap())).boxed(),
        );
    }
    if path.field.searchable {
        tests.push(texts().prop_map(|words| Test::Search(Words::new(&words))).boxed());
    }
    proptest::strategy::Union::new(tests).prop_map(move |test| Node::predicate(path, test)).boxed()
}

fn values(value_type: Type) -> BoxedStrategy<Value> {
    match value_type {
        Type::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        Type::Integer => integers().prop_map(Value::Integer).boxed(),
        Type::Decimal => decimals().prop_map(Value::Decimal).boxed(),
        Type::Enum(names) => select(names.to_vec()).prop_map(|name| Value::Text(name.into())).boxed(),
        Type::Uuid => ids().prop_map(|id| Value::Uuid(id.into())).boxed(),
        Type::Time => times().prop_map(Value::Time).boxed(),
        Type::Money => monies().prop_map(Value::Money).boxed(),
        _ => prop_oneof![4 => texts(), 1 => select(vec!["EUR".to_owned(), "U".to_owned()])]
            .prop_map(|text| Value::Text(text.into()))
            .boxed(),
    }
}
