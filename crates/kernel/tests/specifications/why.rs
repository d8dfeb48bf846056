//! Why a candidate is not meant: the smallest failing parts, in words, with its values.

use portolan_kernel::Specification;
use proptest::prelude::*;

use crate::generators::{nodes, parcels};
use crate::parcel::{Parcel, parcel};
use crate::samples::{bare, full, money};

fn why(text: &str, candidate: &Parcel) -> String {
    let specification = Specification::<Parcel>::parse(text).unwrap();
    specification.why_not(candidate).unwrap().map_or_else(|| "it does".to_owned(), |why| why.to_string())
}

#[test]
fn each_operator_says_what_the_row_holds() {
    for (text, words) in [
        (r#"stage = "sent""#, "it does"),
        (r#"stage = "packed""#, r#"`stage` is "sent", not "packed""#),
        ("weight != 12", "`weight` is 12, and must be something else"),
        ("weight < 12", "`weight` is 12, not below 12"),
        ("weight >= 13", "`weight` is 12, not at least 13"),
        (r#"postage < "1 USD""#, r#"`postage` is "12.50 EUR", which does not compare with "1.00 USD""#),
        ("weight in [1, 2]", "`weight` is 12, none of 1, 2"),
        ("weight in []", "`weight` is 12, and the list that it must be in is empty"),
        (
            r#"label contains "Lamp""#,
            r#"`label` is "Ærø lamp, 100%_\\ naïve", which does not contain "Lamp""#,
        ),
        (r#"label search "lamp desk""#, r#"`label` is "Ærø lamp, 100%_\\ naïve", without the word "desk""#),
        ("label is null", r#"`label` is "Ærø lamp, 100%_\\ naïve", not null"#),
        (r#"not fragile = true"#, "`fragile` is true, and must not be"),
        (r#"tags contains "red""#, r#"`tags` is ["blue", "old"], which does not contain "red""#),
        ("address is null", "`address` is there, not null"),
        ("false", "this selects nothing"),
    ] {
        assert_eq!(why(text, &full()), words, "{text}");
    }
    assert_eq!(why(r#"label = "a""#, &bare()), r#"`label` is null, not "a""#);
}

#[test]
fn only_the_parts_that_fail_are_named() {
    let text =
        r#"weight = 12 and stage = "packed" and (fragile = true or weight > 99) and postage > "20 EUR""#;
    assert_eq!(
        why(text, &full()),
        "`stage` is \"sent\", not \"packed\"\n`postage` is \"12.50 EUR\", not above \"20.00 EUR\""
    );
    assert_eq!(
        why("weight = 1 or weight = 2", &full()),
        "none of these holds: `weight` is 12, not 1; `weight` is 12, not 2"
    );
    assert_eq!(why("not (weight = 1 or weight = 12)", &full()), "`weight` is 12, and must not be");
    assert_eq!(
        why("not (weight = 12 and fragile = true)", &full()),
        "all of these hold, and must not: `weight` is 12, and must not be; `fragile` is true, and must not be"
    );
}

#[test]
fn elements_are_named_by_their_place() {
    let cases = [
        ("stops any (city = \"Oulu\")", "none of the 2 elements of `stops` is one with city = \"Oulu\""),
        ("stops all (city = \"Turku\")", "element 2 of `stops`: `city` is \"Åbo\", not \"Turku\""),
        ("not stops any (city = \"Turku\")", "element 1 of `stops`: `city` is \"Turku\", and must not be"),
    ];
    for (text, words) in cases {
        assert_eq!(why(text, &full()), words, "{text}");
    }
    assert_eq!(why("stops any (true)", &bare()), "`stops` has no elements");
}

#[test]
fn one_that_has_outgrown_its_bounds_is_an_error() {
    let deep = (0..100).fold(parcel::postage().eq(money("1 EUR")), |inner, _| !inner);
    assert!(deep.why_not(&bare()).is_err());
}

proptest! {
    #[test]
    fn there_are_reasons_exactly_where_it_does_not_hold(
        node in nodes(<Parcel as portolan_kernel::Candidate>::schema()),
        parcel in parcels(),
    ) {
        let specification = Specification::<Parcel>::from_tree(node).unwrap();
        let why = specification.why_not(&parcel).unwrap();
        prop_assert_eq!(why.is_none(), specification.is_satisfied_by(&parcel));
        for reason in why.iter().flat_map(|why| &why.reasons) {
            let part = Specification::<Parcel>::parse(&reason.part).unwrap();
            prop_assert!(!part.is_satisfied_by(&parcel), "{}", reason.part);
            prop_assert!(!reason.because.is_empty());
        }
        if let Some(why) = why {
            prop_assert!(!why.reasons.is_empty());
        }
    }
}
