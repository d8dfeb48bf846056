//! Texts and documents of nobody's good will: none panics, and each is a specification or an error with its place.
//!
//! `PORTOLAN_HOSTILE_CASES=100000 cargo test -p portolan-kernel --test specifications hostile` runs as many.

use portolan_kernel::Specification;

use crate::parcel::Parcel;

const PIECES: [&str; 48] = [
    "label",
    "weight",
    "postage",
    "postage.amount",
    "stops",
    "stops.city",
    "tags",
    "stage",
    "id",
    "sent_at",
    "volume",
    "address.city",
    "nothing",
    "and",
    "or",
    "not",
    "in",
    "contains",
    "starts with",
    "ends",
    "is",
    "null",
    "any",
    "all",
    "search",
    "true",
    "false",
    "(",
    ")",
    "[",
    "]",
    ",",
    "=",
    "!=",
    "<=",
    ">",
    "~",
    "\"",
    "'",
    "\\",
    "\\u{110000}",
    "\"12.50 EUR\"",
    "9223372036854775808",
    "-1.5",
    "\"packed\"",
    "\u{0}",
    "😀e\u{301}",
    "\"(a{1000}){1000}\"",
];

const SEEDS: [&str; 6] = [
    r#"label contains "lamp" and not (weight in [1, 2, null] or postage >= "12.50 EUR")"#,
    r#"stops any (city search "turku" and toll is not null) or tags contains "blue""#,
    r#"sent_at < "2026-01-05T08:00:00.000001Z" and stage = "sent" and label ~ "^a+$""#,
    r#"{"op":"and","specs":[{"op":"eq","field":"weight","value":1},{"op":"not","spec":{"op":"isnone","field":"label"}}]}"#,
    r#"{"op":"any","field":"stops","spec":{"op":"in","field":"city","value":["a",null]}}"#,
    r#"{"op":"gte","field":"postage","value":{"amount":1250,"currency":"EUR"}}"#,
];

/// Numbers that look random and come out the same.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn pieces(&mut self) -> String {
        let count = 1 + self.below(40);
        (0..count).map(|_| format!("{} ", PIECES[self.below(PIECES.len())])).collect()
    }

    fn mutated(&mut self) -> String {
        let mut text: Vec<char> = SEEDS[self.below(SEEDS.len())].chars().collect();
        for _ in 0..self.below(4) {
            let at = self.below(text.len().max(1)).min(text.len());
            match self.below(4) {
                0 => drop(text.drain(at..(at + self.below(8)).min(text.len()))),
                1 => text.insert(at, char::from_u32(self.below(0x1_0000) as u32).unwrap_or('\u{10ffff}')),
                2 => {
                    PIECES[self.below(PIECES.len())].chars().rev().for_each(|letter| text.insert(at, letter))
                }
                _ => {
                    let again: Vec<_> = text[at..].to_vec();
                    text.extend(again);
                }
            }
        }
        text.into_iter().collect()
    }
}

#[test]
fn hostile_texts_and_documents_are_specifications_or_errors() {
    let cases = std::env::var("PORTOLAN_HOSTILE_CASES").ok().map_or(3_000, |cases| cases.parse().unwrap());
    let mut random = Random(0x5eed);
    let (mut accepted, mut refused) = (0, 0);
    for case in 0..cases {
        let text = if case % 2 == 0 { random.pieces() } else { random.mutated() };
        match Specification::<Parcel>::parse(&text) {
            Ok(specification) => {
                accepted += 1;
                let printed = specification.to_string();
                assert_eq!(Specification::parse(&printed), Ok(specification), "{text:?}");
            }
            Err(error) => {
                refused += 1;
                let lines = text.split('\n').count();
                assert!(error.line >= 1 && error.line <= lines, "{text:?}: {error}");
                let line = text.split('\n').nth(error.line - 1).unwrap();
                assert!(error.column >= 1 && error.column <= line.chars().count() + 1, "{text:?}: {error}");
            }
        }
        match Specification::<Parcel>::parse_json(&text) {
            Ok(specification) => {
                accepted += 1;
                assert_eq!(Specification::from_json(&specification.to_json().unwrap()), Ok(specification));
            }
            Err(error) => assert!(error.pointer.is_empty() || error.pointer.starts_with('/'), "{error}"),
        }
    }
    assert!(
        accepted > cases / 100 && refused > cases / 4,
        "{accepted} accepted, {refused} refused of {cases}"
    );
}

#[test]
fn depth_and_length_have_an_end() {
    for open in ["(", "not ", "stops any (", "[", "{\"op\":\"not\",\"spec\":"] {
        assert!(Specification::<Parcel>::parse(&open.repeat(20_000)).is_err());
        assert!(Specification::<Parcel>::parse_json(&open.repeat(20_000)).is_err());
    }
    let long = "weight = 1 or ".repeat(10_000);
    assert!(Specification::<Parcel>::parse(&long).is_err());
}
