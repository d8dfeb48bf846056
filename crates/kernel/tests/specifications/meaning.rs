//! The meaning of every operator, and what a specification looks like as text.

use portolan_kernel::specification::{Decimal, MAX_NODES, Specification};
use portolan_kernel::{Candidate, Timestamp};

use crate::parcel::{Parcel, ParcelId, Stage, parcel, stop};
use crate::samples::{bare, full, money};

/// Whether it holds of the full parcel and of the bare one; the complement must say the opposite of each.
#[track_caller]
fn holds(specification: Specification<Parcel>, of_full: bool, of_bare: bool) {
    assert_eq!(specification.is_satisfied_by(&full()), of_full, "{specification} of the full one");
    assert_eq!(specification.is_satisfied_by(&bare()), of_bare, "{specification} of the bare one");
    let complement = !specification.clone();
    assert_eq!(complement.is_satisfied_by(&full()), !of_full, "{complement} of the full one");
    assert_eq!(complement.is_satisfied_by(&bare()), !of_bare, "{complement} of the bare one");
    let normalised = specification.normalised();
    assert_eq!(normalised.is_satisfied_by(&full()), of_full, "{normalised} of the full one");
    assert_eq!(normalised.is_satisfied_by(&bare()), of_bare, "{normalised} of the bare one");
}

#[test]
fn a_null_is_never_unknown() {
    let volume = |text: &str| text.parse::<Decimal>().unwrap();
    holds(parcel::volume().eq(volume("1.5")), true, false);
    holds(parcel::volume().neq(volume("1.5")), false, true);
    holds(parcel::volume().neq(volume("2")), true, true);
    holds(parcel::volume().lt(volume("2")), true, false);
    holds(parcel::volume().lte(volume("1.5")), true, false);
    holds(parcel::volume().gt(volume("-9")), true, false);
    holds(parcel::volume().gte(volume("1.51")), false, false);
    holds(parcel::volume().is_null(), false, true);
    holds(parcel::volume().is_not_null(), true, false);
    holds(parcel::volume().eq(None::<Decimal>), false, true);
    holds(parcel::volume().neq(None::<Decimal>), true, false);
    holds(parcel::volume().lt(None::<Decimal>), false, false);
    holds(parcel::volume().is_in([volume("1.5"), volume("7")]), true, false);
    holds(parcel::volume().is_in([Some(volume("7")), None]), false, true);
    holds(parcel::volume().is_in([] as [Decimal; 0]), false, false);
    let many = (0..100).map(|number| Some(Decimal::from(number))).chain([None]);
    holds(parcel::volume().is_in(many.clone()), false, true);
    holds(parcel::volume().is_in(many.chain([Some(volume("1.5"))])), true, true);
}

#[test]
fn every_kind_of_field_compares_with_its_own_values() {
    holds(parcel::id().eq(full().id), true, false);
    holds(parcel::fragile().eq(true), true, false);
    holds(parcel::weight().gt(11), true, false);
    holds(parcel::weight().gt(i64::MIN), true, false);
    holds(parcel::weight().gte(i64::MIN), true, true);
    holds(parcel::stage().eq(Stage::Sent), true, false);
    holds(parcel::stage().starts_with("pa"), false, true);
    holds(parcel::sent_at().lt("2026-01-05T08:00:00.000002Z".parse::<Timestamp>().unwrap()), true, false);
    holds(parcel::address().is_null(), false, true);
    holds(parcel::city().eq("Turku"), true, false);
    assert_eq!(parcel::city().eq("Turku").to_string(), r#"address.city = "Turku""#);
}

#[test]
fn money_compares_only_within_its_currency() {
    holds(parcel::postage().eq(money("12.50 EUR")), true, false);
    holds(parcel::postage().eq(money("12.50 USD")), false, false);
    holds(parcel::postage().neq(money("12.50 USD")), true, true);
    holds(parcel::postage().lt(money("99 USD")), false, false);
    holds(parcel::postage().gte(money("0 USD")), false, false);
    holds(parcel::postage().gte(money("12.50 EUR")), true, false);
    holds(parcel::postage().is_in([money("12.50 USD"), money("12.50 EUR")]), true, false);
    holds(parcel::postage().amount().lt(1251), true, false);
    holds(parcel::postage().amount().is_null(), false, true);
    holds(parcel::postage().currency().eq("EUR"), true, false);
    holds(parcel::postage().currency().ends_with("R"), true, false);
}

#[test]
fn text_is_literal_and_case_sensitive() {
    holds(parcel::label().contains("100%_\\"), true, false);
    holds(parcel::label().contains("l%p"), false, false);
    holds(parcel::label().contains("LAMP"), false, false);
    holds(parcel::label().contains(""), true, false);
    holds(parcel::label().starts_with("Ær"), true, false);
    holds(parcel::label().starts_with("ær"), false, false);
    holds(parcel::label().ends_with("ïve"), true, false);
    holds(parcel::label().matches("l.mp").unwrap(), true, false);
    holds(parcel::label().matches("^lamp").unwrap(), false, false);
    assert!(parcel::label().matches("(").is_err());
    assert!(parcel::label().matches(r"\w{1000}{1000}").is_err());
    assert!(parcel::label().matches(&"a".repeat(100_000)).is_err());
}

#[test]
fn search_asks_for_whole_words_in_either_case() {
    holds(parcel::label().search("LAMP ærø"), true, false);
    holds(parcel::label().search("lam"), false, false);
    holds(parcel::label().search("naive"), false, false);
    holds(parcel::label().search("lamp desk"), false, false);
    holds(parcel::label().search(" ,.- "), true, false);
    let many: Vec<_> = (0..70).map(|number| format!("lamp naïve w{number}")).collect();
    holds(parcel::label().search(&many.join(" ")), false, false);
    let sigma = Specification::<Parcel>::any_of([parcel::label().search("ΟΔΌΣ")]);
    let greek = Parcel { label: Some("Ἡ ὁδός ΟΔΌΣ".to_owned()), ..bare() };
    assert!(sigma.is_satisfied_by(&greek));
}

#[test]
fn elements_are_asked_one_by_one() {
    let to_turku = stop::city().eq("Turku");
    holds(parcel::stops().any(to_turku.clone()), true, false);
    holds(parcel::stops().all(to_turku.clone()), false, true);
    holds(parcel::stops().all(!to_turku), false, true);
    holds(parcel::stops().any(Specification::everything()), true, false);
    holds(parcel::stops().any(Specification::nothing()), false, false);
    holds(parcel::stops().all(Specification::everything()), true, true);
    holds(parcel::stops().any(stop::toll().is_null()), true, false);
    holds(parcel::stops().any(stop::city().search("turku åbo")), false, false);
    holds(parcel::tags().contains("blue"), true, false);
    holds(parcel::tags().contains("blu"), false, false);
}

#[test]
fn constructors_make_canonical_forms() {
    let heavy = || parcel::weight().gt(5);
    assert_eq!(Specification::all_of([heavy()]), heavy());
    assert_eq!(Specification::any_of([heavy()]), heavy());
    assert_eq!(Specification::<Parcel>::all_of([]), Specification::everything());
    assert_eq!(Specification::<Parcel>::any_of([]), !Specification::everything());
    assert_eq!(parcel::label().eq(None::<&str>), parcel::label().is_null());
    assert_eq!(heavy() & heavy() | !heavy(), heavy().and(heavy()).or(heavy().not()));
    assert_ne!((heavy() & heavy()) & heavy(), Specification::all_of([heavy(), heavy(), heavy()]));
}

#[test]
fn normalising_says_it_shorter() {
    let (heavy, fragile) = (|| parcel::weight().gt(5), || parcel::fragile().eq(true));
    for (long, short) in [
        (heavy() & (fragile() & heavy()), heavy() & fragile()),
        (!!heavy(), heavy()),
        (!fragile(), parcel::fragile().neq(true)),
        (heavy() & Specification::nothing(), Specification::nothing()),
        (heavy() | Specification::everything(), Specification::everything()),
        (heavy() | parcel::id().is_in([] as [ParcelId; 0]), heavy()),
        (parcel::label().is_in([None::<&str>, None]), parcel::label().is_null()),
        (parcel::stops().any(Specification::any_of([])), Specification::nothing()),
    ] {
        assert_eq!(long.normalised(), short);
    }
}

#[test]
fn text_form_shows_what_binds_what() {
    let (a, b, c) = (|| parcel::weight().gt(5), || parcel::fragile().eq(true), || parcel::label().is_null());
    for (specification, text) in [
        (a() & b() | c(), "weight > 5 and fragile = true or label is null"),
        (a() & (b() | c()), "weight > 5 and (fragile = true or label is null)"),
        ((a() & b()) & c(), "(weight > 5 and fragile = true) and label is null"),
        (!(a() & b()), "not (weight > 5 and fragile = true)"),
        (!!c(), "not label is not null"),
        (Specification::nothing(), "false"),
        (parcel::label().eq("say \"\\\u{1}\n"), "label = \"say \\\"\\\\\\u{1}\\n\""),
        (parcel::postage().is_in([Some(money("5 EUR")), None]), "postage in [\"5.00 EUR\", null]"),
        (parcel::volume().gt(Decimal::from(5)), "volume > 5.0"),
    ] {
        assert_eq!(specification.to_string(), text);
    }
}

#[test]
fn past_the_bounds_is_an_error_and_never_a_crash() {
    let mut deep = parcel::weight().gt(5);
    for _ in 0..100_000 {
        deep = !deep;
    }
    assert_eq!(deep.tree().unwrap_err().code(), "invalid");
    assert!(!deep.is_satisfied_by(&full()) && !(!deep.clone()).is_satisfied_by(&full()));
    let wide = |count: usize| Specification::any_of((0..count).map(|_| parcel::weight().gt(5)));
    assert!(wide(MAX_NODES - 1).tree().is_ok());
    assert!(wide(MAX_NODES).tree().is_err());
    assert!(wide(1_000_000).tree().is_err());
    let patterns = |count: usize| (0..count).map(|_| parcel::label().matches("a").unwrap());
    assert!(Specification::any_of(patterns(16)).tree().is_ok());
    assert!(Specification::any_of(patterns(17)).tree().is_err());
    let inside = parcel::stops().any(Specification::all_of((0..2_000).map(|_| stop::city().eq("x"))));
    assert!(inside.tree().is_err());
    assert!((parcel::weight().gt(5) & inside).tree().is_err());
}

#[test]
fn a_name_that_is_not_declared_is_an_error_that_names_close_ones() {
    let error = |name: &str| Parcel::schema().path(name).unwrap_err().to_string();
    assert_eq!(error("lable"), "`lable` is not a field of Parcel; did you mean `label`?");
    assert_eq!(error("amount"), "`amount` is not a field of Parcel; did you mean `postage.amount`?");
    assert_eq!(error("'; drop table"), "`'; drop table` is not a field of Parcel");
    assert_eq!(Parcel::schema().path("postage.currency").unwrap().to_string(), "postage.currency");
}
