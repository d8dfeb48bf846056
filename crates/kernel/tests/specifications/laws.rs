//! The laws, for random specifications over random candidates.

use portolan_kernel::specification::{MAX_PATTERNS, Node, Specification};
use portolan_kernel::{Candidate, Error};
use proptest::prelude::*;

use crate::generators::{nodes, parcels};
use crate::parcel::Parcel;

type Parcels = Specification<Parcel>;

/// Small enough that the laws can join several of them.
fn specifications() -> impl Strategy<Value = Parcels> {
    nodes(Parcel::schema())
        .prop_filter("few regular expressions", |node| {
            node.to_string().matches(" ~ ").count() <= MAX_PATTERNS / 4
        })
        .prop_map(|node| Parcels::from_tree(node).unwrap())
}

fn candidates() -> impl Strategy<Value = Vec<Parcel>> {
    proptest::collection::vec(parcels(), 1..12)
}

/// Whether both select the same of the candidates.
fn agree(left: &Parcels, right: &Parcels, candidates: &[Parcel]) -> Result<(), TestCaseError> {
    for candidate in candidates {
        let (of_left, of_right) = (left.is_satisfied_by(candidate), right.is_satisfied_by(candidate));
        prop_assert_eq!(of_left, of_right, "`{}` and `{}` of {:?}", left, right, candidate);
    }
    Ok(())
}

/// Whether those of many candidates are selected that satisfy it one by one.
fn selects_what_satisfies(of: &Parcels, places: &[Option<Parcel>]) -> Result<(), TestCaseError> {
    let mut selected = Vec::new();
    let tree = of.tree().unwrap();
    tree.select(places.len(), |place| places.get(place)?.as_ref(), |place, _| selected.push(place));
    let candidates = places.iter().enumerate().filter_map(|(place, found)| Some((place, found.as_ref()?)));
    let satisfying = candidates.filter(|(_, candidate)| of.is_satisfied_by(candidate));
    let satisfying: Vec<_> = satisfying.map(|(place, _)| place).collect();
    prop_assert_eq!(selected, satisfying, "{}", of);
    Ok(())
}

/// Texts of one length, one that is shorter, and one that begins alike.
fn alike() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["lamp", "lamb", "damp", "lam", "lamps"])
}

fn nodes_of(node: &Node) -> usize {
    1 + match node {
        Node::Everything | Node::Predicate(_) => 0,
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().map(nodes_of).sum(),
        Node::Not(inner) => nodes_of(inner),
        Node::Quantified(quantified) => nodes_of(&quantified.inner),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn text_is_read_back_as_it_was(specification in specifications()) {
        let text = specification.to_string();
        let read = Parcels::parse(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(read, specification);
    }

    #[test]
    fn of_many_candidates_those_are_selected_that_satisfy(
        specification in specifications(),
        places in proptest::collection::vec(proptest::option::weighted(0.9, parcels()), 0..160),
    ) {
        selects_what_satisfies(&specification, &places)?;
    }

    #[test]
    fn texts_that_are_alike_are_told_apart(
        operand in alike(),
        row in parcels(),
        labels in proptest::collection::vec(proptest::option::weighted(0.9, alike()), 0..160),
    ) {
        let specification = Parcels::parse(&format!("label = \"{operand}\"")).unwrap();
        let with = |label: Option<&str>| Some(Parcel { label: label.map(ToOwned::to_owned), ..row.clone() });
        let places: Vec<_> = labels.into_iter().map(with).collect();
        selects_what_satisfies(&specification, &places)?;
    }

    #[test]
    fn json_is_read_back_as_it_was(specification in specifications()) {
        let json = specification.to_json().unwrap();
        let read = Parcels::parse_json(&json.to_string());
        let read = read.map_err(|error| TestCaseError::fail(format!("{error}\n{json}")))?;
        prop_assert_eq!(read, specification);
    }

    #[test]
    fn normalising_keeps_the_candidates_and_is_done_once(
        specification in specifications(),
        candidates in candidates(),
    ) {
        let normalised = specification.clone().normalised();
        agree(&specification, &normalised, &candidates)?;
        prop_assert!(nodes_of(normalised.tree().unwrap()) <= nodes_of(specification.tree().unwrap()));
        prop_assert_eq!(normalised.clone().normalised(), normalised.clone());
        let checked = Parcels::from_tree(normalised.tree().unwrap().clone());
        prop_assert_eq!(checked, Ok::<_, Error>(normalised));
    }

    #[test]
    fn the_laws_of_boolean_algebra_hold(
        left in specifications(),
        right in specifications(),
        candidates in candidates(),
    ) {
        let (a, b) = (|| left.clone(), || right.clone());
        let (everything, nothing) = (Parcels::everything, Parcels::nothing);
        // De Morgan.
        agree(&!(a() & b()), &(!a() | !b()), &candidates)?;
        agree(&!(a() | b()), &(!a() & !b()), &candidates)?;
        // Double negation, and the excluded middle: nothing is unknown.
        agree(&!!a(), &a(), &candidates)?;
        agree(&(a() | !a()), &everything(), &candidates)?;
        agree(&(a() & !a()), &nothing(), &candidates)?;
        // Identity and annihilation.
        agree(&(a() & everything()), &a(), &candidates)?;
        agree(&(a() | nothing()), &a(), &candidates)?;
        agree(&(a() & nothing()), &nothing(), &candidates)?;
        agree(&(a() | everything()), &everything(), &candidates)?;
        // Absorption.
        agree(&(a() & (a() | b())), &a(), &candidates)?;
        agree(&(a() | (a() & b())), &a(), &candidates)?;
    }

    #[test]
    fn random_text_is_a_specification_or_an_error_with_a_place(text in ".{0,80}") {
        if let Err(error) = Parcels::parse(&text) {
            prop_assert!(error.line >= 1 && error.column >= 1);
        }
        let _ = Parcels::parse_json(&text);
    }

    #[test]
    fn mutated_text_is_a_specification_or_an_error_with_a_place(
        specification in specifications(),
        cut in any::<prop::sample::Index>(),
        put in prop::sample::select(vec!["(", ")", "not ", "\"", "\\", "[", ",", " and ", "\u{0}", "é", "9", "null", "{", "}"]),
    ) {
        for text in [specification.to_string(), specification.to_json().unwrap().to_string()] {
            let places: Vec<_> = text.char_indices().map(|(place, _)| place).collect();
            let place = places[cut.index(places.len())];
            for mutated in [format!("{}{put}{}", &text[..place], &text[place..]), text[..place].to_owned()] {
                if let Err(error) = Parcels::parse(&mutated) {
                    prop_assert!(error.line >= 1 && error.column >= 1 && !error.to_string().is_empty());
                }
                if let Err(error) = Parcels::parse_json(&mutated) {
                    prop_assert!(!error.to_string().is_empty());
                }
            }
        }
    }
}
