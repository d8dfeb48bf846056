//! Text and JSON as people and programs write them, and what they are told when it is wrong.

use portolan_kernel::Timestamp;
use portolan_kernel::specification::{Decimal, MAX_TEXT_BYTES, Specification};
use serde_json::{Value, json};

use crate::parcel::{Parcel, Stage, parcel, stop};
use crate::samples::{full, money};

fn parsed(text: &str) -> Specification<Parcel> {
    Specification::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn read(json: Value) -> Specification<Parcel> {
    Specification::from_json(&json).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_operator_is_read_from_text() {
    let time: Timestamp = "2026-01-05T08:00:00Z".parse().unwrap();
    for (text, specification) in [
        ("weight = 12", parcel::weight().eq(12)),
        ("weight == -12", parcel::weight().eq(-12)),
        ("weight != 12", parcel::weight().neq(12)),
        ("weight<12", parcel::weight().lt(12)),
        ("weight <= 12", parcel::weight().lte(12)),
        ("weight > 12", parcel::weight().gt(12)),
        ("weight>=12", parcel::weight().gte(12)),
        ("volume < 12.50", parcel::volume().lt("12.5".parse::<Decimal>().unwrap())),
        ("volume < 12", parcel::volume().lt(Decimal::from(12))),
        ("fragile = true", parcel::fragile().eq(true)),
        ("stage = \"sent\"", parcel::stage().eq(Stage::Sent)),
        ("stage contains 'en'", parcel::stage().contains("en")),
        ("sent_at >= '2026-01-05T09:00:00+01:00'", parcel::sent_at().gte(time)),
        ("postage < \"12.5 EUR\"", parcel::postage().lt(money("12.50 EUR"))),
        ("postage.amount < 1250", parcel::postage().amount().lt(1250)),
        ("postage.currency = \"EUR\"", parcel::postage().currency().eq("EUR")),
        ("address.city = 'Turku'", parcel::city().eq("Turku")),
        ("address is not null", parcel::address().is_null().not()),
        ("label = null", parcel::label().is_null()),
        ("label != null", parcel::label().is_not_null()),
        ("label is null", parcel::label().is_null()),
        ("label is not null", parcel::label().is_not_null()),
        ("label in ['a', null]", parcel::label().is_in([Some("a"), None])),
        ("label in []", parcel::label().is_in([] as [&str; 0])),
        ("label not in ['a']", !parcel::label().is_in(["a"])),
        ("label contains 'a'", parcel::label().contains("a")),
        ("label starts with 'a'", parcel::label().starts_with("a")),
        ("label  ends\n with 'a'", parcel::label().ends_with("a")),
        ("label ~ 'a.b'", parcel::label().matches("a.b").unwrap()),
        ("label search 'a b'", parcel::label().search("a b")),
        ("tags contains 'blue'", parcel::tags().contains("blue")),
        ("stops any (city = 'Åbo')", parcel::stops().any(stop::city().eq("Åbo"))),
        ("stops all (true)", parcel::stops().all(Specification::everything())),
        ("stops.city = 'Åbo'", parcel::stops().any(stop::city().eq("Åbo"))),
        ("stops.city != 'Åbo'", !parcel::stops().any(stop::city().eq("Åbo"))),
        ("stops.toll.amount > 3", parcel::stops().any(stop::toll().amount().gt(3))),
        ("stops.city search 'a b'", parcel::stops().any(stop::city().search("a b"))),
        ("true", Specification::everything()),
        ("false", Specification::nothing()),
        (r#"label = "\"\\\n\t\u{1f600}'""#, parcel::label().eq("\"\\\n\t😀'")),
        (r#"label = 'it\'s'"#, parcel::label().eq("it's")),
    ] {
        assert_eq!(parsed(text), specification, "{text}");
    }
}

#[test]
fn not_binds_before_and_before_or_and_nesting_is_kept() {
    let (a, b, c) = (|| parcel::weight().gt(5), || parcel::fragile().eq(true), || parcel::label().is_null());
    for (text, specification) in [
        ("weight > 5 or fragile = true and label is null", a() | (b() & c())),
        ("not weight > 5 and fragile = true", !a() & b()),
        ("not (weight > 5 and fragile = true)", !(a() & b())),
        ("! weight > 5 && fragile = true || label is null", (!a() & b()) | c()),
        ("weight > 5 & fragile = true | label is null", (a() & b()) | c()),
        ("weight > 5 and fragile = true and label is null", Specification::all_of([a(), b(), c()])),
        ("(weight > 5 and fragile = true) and label is null", (a() & b()) & c()),
        ("((weight > 5))", a()),
        ("not not weight > 5", !!a()),
    ] {
        assert_eq!(parsed(text), specification, "{text}");
    }
}

#[test]
fn an_error_names_the_place_what_was_found_and_what_was_expected() {
    for (text, place, message) in [
        ("", (1, 1), "found the end, expected a field, `not`, `true`, `false` or `(`"),
        ("lable = 'a'", (1, 1), "`lable` is not a field of Parcel; did you mean `label`?"),
        ("stops.citty = 'a'", (1, 1), "`citty` is not a field of Stop; did you mean `city`?"),
        ("label =", (1, 8), "found the end, expected a text in quotes"),
        ("label = lamp", (1, 9), "found `lamp`, expected a text in quotes"),
        ("weight = 'a'", (1, 10), "found \"a\", but `weight` is a whole number"),
        ("weight = 1.5", (1, 10), "1.5 is not a whole number of 64 bits; `weight` is one"),
        (
            "weight = 9223372036854775808",
            (1, 10),
            "9223372036854775808 is not a whole number of 64 bits; `weight` is one",
        ),
        ("label = 5", (1, 9), "found 5, but `label` is text"),
        ("fragile = 1", (1, 11), "found 1, but `fragile` is true or false"),
        ("stage = 'snet'", (1, 9), "`stage` is one of packed, sent, not \"snet\"; did you mean \"sent\"?"),
        (
            "postage < 5",
            (1, 11),
            "found 5, but `postage` is money, written like \"12.50 EUR\"; its minor units are `postage.amount`",
        ),
        ("postage < '1.005 EUR'", (1, 11), "`1.005 EUR` has more decimals than EUR, which has 2"),
        ("postage < '1 EURO'", (1, 11), "`EURO` is not an ISO 4217 currency code"),
        ("id = 'x'", (1, 6), "\"x\" is not a UUID; `id` is one"),
        (
            "sent_at < '2026-01-05T08:00:00.1234567Z'",
            (1, 11),
            "`2026-01-05T08:00:00.1234567Z` has more than six digits of a second",
        ),
        (
            "label like 'a'",
            (1, 7),
            "found `like`, expected an operator: = != < <= > >= ~, `in`, `not in`, `contains`, `starts with`, `ends with`, `search`, `is null`",
        ),
        ("label not 'a'", (1, 11), "found \"a\", expected `in` behind `not`"),
        ("label is 5", (1, 10), "found 5, expected `null` or `not null`"),
        ("label in 'a'", (1, 10), "found \"a\", expected `[`"),
        ("label in ['a' 'b']", (1, 15), "found \"b\", expected `,` or `]`"),
        ("label starts 'a'", (1, 14), "found \"a\", expected `with`"),
        ("weight contains 'a'", (1, 8), "`weight` is a whole number; `contains` asks text"),
        ("weight < null", (1, 8), "nothing is `<` null; ask `is null` or `is not null`"),
        ("stage search 'a'", (1, 7), "`stage` is not searchable"),
        ("label any (true)", (1, 7), "`label` is text; `any` and `all` ask a collection"),
        ("stops = 'a'", (1, 9), "found \"a\", but `stops` is a collection of Stop"),
        ("label is null and\n  label =", (2, 10), "found the end, expected a text in quotes"),
        ("label is null label", (1, 15), "found `label`, expected `and`, `or` or the end"),
        ("(label is null", (1, 15), "found the end, expected `and`, `or` or `)`"),
        ("label = 'Åå", (1, 9), "the text that begins here has no closing '"),
        (
            "label = 'Åå\\x'",
            (1, 12),
            "a backslash begins \\\", \\', \\\\, \\n, \\t or \\u{..} with a code point",
        ),
        (
            "label = '\\u{d800}'",
            (1, 10),
            "a backslash begins \\\", \\', \\\\, \\n, \\t or \\u{..} with a code point",
        ),
        ("label = 'Å' ; drop", (1, 13), "found `;`, which begins nothing here"),
    ] {
        let error = Specification::<Parcel>::parse(text).unwrap_err();
        assert_eq!(((error.line, error.column), error.message.as_str()), (place, message), "{text}");
    }
}

#[test]
fn an_error_shows_the_line_with_a_caret() {
    let error = Specification::<Parcel>::parse("label is null\nand wieght > 5").unwrap_err();
    let shown = "line 2, column 5: `wieght` is not a field of Parcel; did you mean `weight`?\n  and wieght > 5\n      ^";
    assert_eq!(error.to_string(), shown);
    let far = format!("{}wieght > 5", "label is null and ".repeat(50));
    let shown = Specification::<Parcel>::parse(&far).unwrap_err().to_string();
    let lines: Vec<_> = shown.lines().collect();
    assert!(lines[1].len() <= 82, "{shown}");
    assert_eq!(lines[1].find("wieght"), lines[2].find('^'));
    assert!(matches!(portolan_kernel::Error::from(error), portolan_kernel::Error::Invalid(_)));
}

#[test]
fn text_and_json_past_the_limits_are_errors() {
    let error = |text: &str| Specification::<Parcel>::parse(text).unwrap_err().message;
    assert!(error(&" ".repeat(MAX_TEXT_BYTES + 1)).contains("65536"));
    assert_eq!(error(&format!("{}true", "(".repeat(60_000))), "this is nested deeper than 64");
    assert_eq!(error(&format!("{}true", "not ".repeat(15_000))), "this is nested deeper than 64");
    assert_eq!(error(&format!("{}true", "stops any (".repeat(10))), "`stops` is not a field of Stop");
    assert!(error(&["weight = 1"; 1_000].join(" or ")).contains("at most 1000 nodes"));
    assert!(Specification::<Parcel>::parse(&["weight = 1"; 999].join(" or ")).is_ok());
    assert!(error(&format!("{}true", "not ".repeat(64))).contains("64 deep"));
    assert!(Specification::<Parcel>::parse(&format!("{}true", "not ".repeat(63))).is_ok());
    assert!(error(&format!("label ~ '{}'", "a".repeat(2_000))).contains("1000 bytes"));

    assert!(Specification::<Parcel>::parse(&["label ~ 'a'"; 16].join(" or ")).is_ok());
    assert!(error(&["label ~ 'a'"; 17].join(" or ")).contains("16 regular expressions"));

    let error = |text: &str| Specification::<Parcel>::parse_json(text).unwrap_err().message;
    let patterns = vec![json!({"op": "matches", "field": "label", "value": "a"}); 17];
    let patterns = json!({"op": "and", "specs": patterns}).to_string();
    assert!(error(&patterns).contains("16 regular expressions"));
    assert!(error(&" ".repeat(MAX_TEXT_BYTES + 1)).contains("65536"));
    assert!(error(&r#"{"op":"not","spec":"#.repeat(3_000)).contains("recursion limit"));
    let specs = vec![json!({"op": "eq", "field": "weight", "value": 1}); 1_000];
    assert!(Specification::<Parcel>::from_json(&json!({"op": "or", "specs": specs})).is_err());
}

#[test]
fn what_fractal_specifications_dumps_is_read() {
    let leaf = || json!({"op": "eq", "field": "weight", "value": 1});
    for (json, specification) in [
        (leaf(), parcel::weight().eq(1)),
        (json!({"op": "==", "field": "weight", "value": 1}), parcel::weight().eq(1)),
        (json!({"op": "!=", "field": "weight", "value": 1}), parcel::weight().neq(1)),
        (json!({"op": "not", "spec": leaf()}), !parcel::weight().eq(1)),
        (json!({"op": "!", "spec": leaf()}), !parcel::weight().eq(1)),
        (json!({"op": "and", "specs": [leaf(), leaf()]}), parcel::weight().eq(1) & parcel::weight().eq(1)),
        (json!({"op": "|", "specs": [leaf(), leaf()]}), parcel::weight().eq(1) | parcel::weight().eq(1)),
        (json!({"op": "and", "specs": [leaf()]}), parcel::weight().eq(1)),
        (json!({"op": "and", "specs": []}), Specification::everything()),
        (json!({"op": "or", "specs": []}), Specification::nothing()),
        (json!({"op": "empty"}), Specification::everything()),
        (json!({"op": "isnone", "field": "label"}), parcel::label().is_null()),
        (json!({"op": "isnone", "field": "label", "value": null}), parcel::label().is_null()),
        (json!({"op": "eq", "field": "label", "value": null}), parcel::label().is_null()),
        (
            json!({"op": "any", "field": "stops", "spec": {"op": "contains", "field": "city", "value": "u"}}),
            parcel::stops().any(stop::city().contains("u")),
        ),
        (json!({"op": "gte", "field": "postage__amount", "value": 5}), parcel::postage().amount().gte(5)),
        (
            json!({"op": "eq", "field": "postage", "value": {"amount": 1250, "currency": "EUR"}}),
            parcel::postage().eq(money("12.50 EUR")),
        ),
        (
            json!({"op": "eq", "field": "postage", "value": "12.50 EUR"}),
            parcel::postage().eq(money("12.50 EUR")),
        ),
        (
            json!({"op": "in", "field": "id", "value": [full().id, null]}),
            parcel::id().is_in([Some(full().id), None]),
        ),
        (
            json!({"op": "lt", "field": "volume", "value": 1.5}),
            parcel::volume().lt("1.5".parse::<Decimal>().unwrap()),
        ),
        (
            json!({"op": "neq", "field": "stops.city", "value": "a"}),
            !parcel::stops().any(stop::city().eq("a")),
        ),
    ] {
        assert_eq!(read(json.clone()), specification, "{json}");
    }
}

#[test]
fn an_error_in_json_points_to_the_place() {
    for (json, pointer, message) in [
        (json!([]), "", "found a list, expected an object like {\"op\": \"empty\"}"),
        (json!({}), "", "`op` is missing"),
        (json!({"op": 5}), "/op", "found a number, expected the name of an operator"),
        (
            json!({"op": "like", "field": "label", "value": "a"}),
            "/op",
            "`like` is not an operator; known are empty and or not any all eq neq lt lte gt gte in contains startswith endswith matches isnone search",
        ),
        (
            json!({"op": "eq", "field": "lable", "value": "a"}),
            "/field",
            "`lable` is not a field of Parcel; did you mean `label`?",
        ),
        (json!({"op": "eq", "field": "label"}), "", "`value` is missing"),
        (json!({"op": "eq", "field": "label", "value": 1}), "/value", "found 1, but `label` is text"),
        (
            json!({"op": "eq", "field": "label", "value": "a", "x": 1}),
            "",
            "`x` is not a key of this operator",
        ),
        (
            json!({"op": "in", "field": "weight", "value": [1, 1.5]}),
            "/value/1",
            "1.5 is not a whole number of 64 bits; `weight` is one",
        ),
        (
            json!({"op": "and", "specs": [{"op": "empty"}, {"op": "not", "spec": {"op": "lt", "field": "weight", "value": null}}]}),
            "/specs/1/spec",
            "nothing is `<` null; ask `is null` or `is not null`",
        ),
        (
            json!({"op": "all", "field": "stops", "spec": {"op": "eq", "field": "weight", "value": 1}}),
            "/spec/field",
            "`weight` is not a field of Stop",
        ),
        (
            json!({"op": "eq", "field": "postage", "value": {"amount": 1, "currency": "EUR", "x": 1}}),
            "/value",
            "not money: unknown field `x`, expected `amount` or `currency`",
        ),
        (
            json!({"op": "matches", "field": "label", "value": ["a"]}),
            "/value",
            "found a list, but `matches` of `label` takes a text",
        ),
    ] {
        let error = Specification::<Parcel>::from_json(&json).unwrap_err();
        assert_eq!((error.pointer.as_str(), error.message.as_str()), (pointer, message), "{json}");
    }
}
