//! What null and missing mean: one truth table, written out.

use portolan_kernel::specification::{
    Candidate as _, Comparison, Members, Node, Path, Pattern, Quantified, Quantifier, Sought, Test, Type,
    Value, Words,
};
use portolan_kernel::{Money, Specification, Timestamp};
use uuid::Uuid;

use super::algebra::select;
use crate::specimen::random::id;
use crate::specimen::{Random, Specimen};
use crate::{ReadSubject, Verdict, ensure_eq};

/// R3: missing and null under every operator and under `not`: one truth table.
pub async fn r03_null_and_missing_have_one_truth_table(subject: &mut ReadSubject) -> Verdict {
    let empty = Specimen {
        flag: None,
        number: None,
        exact: None,
        text: None,
        stage: None,
        other: None,
        moment: None,
        price: None,
        place: None,
        tags: Vec::new(),
        counts: Vec::new(),
        parts: Vec::new(),
        ..Random::new(3).specimen(id(0))
    };
    subject.collect(vec![empty]).await?;
    for path in Specimen::schema().paths() {
        for (test, is_true) in tests(path) {
            holds(subject, &Node::Predicate(predicate(path, test)), is_true).await?;
        }
        if let Type::Elements(_) = path.value_type() {
            for (quantifier, inner, is_true) in [
                (Quantifier::Any, Node::Everything, false),
                (Quantifier::Any, Node::nothing(), false),
                (Quantifier::All, Node::Everything, true),
                (Quantifier::All, Node::nothing(), true),
            ] {
                let inner = Box::new(inner);
                let quantified = Quantified { quantifier, collection: path.field, inner };
                holds(subject, &Node::Quantified(quantified), is_true).await?;
            }
        }
    }
    Ok(())
}

/// The row satisfies it or not, and its complement the other way round.
async fn holds(subject: &ReadSubject, node: &Node, is_true: bool) -> Verdict {
    let found = select(subject, &Specification::from_tree(node.clone())?).await?.len();
    ensure_eq!(found == 1, is_true, "`{node}` of a row with nothing but nulls");
    let complement = Node::not(node.clone());
    let found = select(subject, &Specification::from_tree(complement)?).await?.len();
    ensure_eq!(found == 1, !is_true, "`not ({node})` of a row with nothing but nulls");
    Ok(())
}

fn predicate(path: Path, test: Test) -> portolan_kernel::specification::Predicate {
    portolan_kernel::specification::Predicate { path, test }
}

/// Every test that the path answers, with what it says of null; of an empty collection, where it is one.
fn tests(path: Path) -> Vec<(Test, bool)> {
    use Comparison::{Eq, Gt, Gte, Lt, Lte, Neq};
    if !path.field.nullable {
        let Type::Scalars(of) = path.value_type() else { return Vec::new() };
        return vec![(Test::Contains(Sought::new(value(*of))), false)];
    }
    let value_type = path.value_type();
    let mut tests = vec![(Test::IsNull, true)];
    if value_type.is_scalar() {
        let listed = |values: Vec<Value>| Test::In(Members::new(values));
        let comparisons = [(Eq, false), (Neq, true), (Lt, false), (Lte, false), (Gt, false), (Gte, false)];
        tests.extend(comparisons.map(|(comparison, is)| (Test::Compare(comparison, value(value_type)), is)));
        tests.extend([
            (listed(vec![]), false),
            (listed(vec![value(value_type)]), false),
            (listed(vec![Value::Null]), true),
            (listed(vec![value(value_type), Value::Null]), true),
        ]);
    }
    if value_type.is_text() {
        let text = |text: &str| Value::Text(text.into());
        tests.extend([
            (Test::Contains(Sought::new(text(""))), false),
            (Test::Contains(Sought::new(text("a"))), false),
            (Test::StartsWith("".into()), false),
            (Test::EndsWith("".into()), false),
        ]);
        tests.extend(Pattern::new("").ok().map(|pattern| (Test::Matches(pattern), false)));
    }
    if path.field.searchable {
        tests.extend([(Test::Search(Words::new("")), false), (Test::Search(Words::new("lamp")), false)]);
    }
    tests
}

/// Some value of this type.
fn value(value_type: Type) -> Value {
    match value_type {
        Type::Boolean => Value::Boolean(false),
        Type::Integer => Value::Integer(0),
        Type::Decimal => Value::Decimal(portolan_kernel::specification::Decimal::default()),
        Type::Uuid => Value::Uuid(Uuid::nil()),
        Type::Time => Value::Time(Timestamp::default()),
        Type::Money => match "EUR".parse() {
            Ok(euro) => Value::Money(Money::new(0, euro)),
            Err(_) => Value::Null,
        },
        Type::Enum(names) => names.first().map_or(Value::Null, |name| Value::Text((*name).into())),
        _ => Value::Text("".into()),
    }
}
