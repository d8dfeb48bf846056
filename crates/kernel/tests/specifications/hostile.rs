//! Texts and documents of nobody's good will: none panics or goes on for long, and each is a specification or an error
//! with its place. `fuzz/` looks for more of them, from the same `corpus/`.

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

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

/// How many are tried.
const CASES: usize = 100_000;

/// A case that takes longer never ends, as far as its caller can tell: most take microseconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Reads it both ways; whether it was a specification as text, and as JSON.
fn read(text: &str) -> (bool, bool) {
    let as_text = match Specification::<Parcel>::parse(text) {
        Ok(specification) => {
            assert_eq!(Specification::parse(&specification.to_string()), Ok(specification), "{text:?}");
            true
        }
        Err(error) => {
            let line = text.split('\n').nth(error.line - 1).unwrap();
            assert!(error.column >= 1 && error.column <= line.chars().count() + 1, "{text:?}: {error}");
            false
        }
    };
    let as_json = match Specification::<Parcel>::parse_json(text) {
        Ok(specification) => {
            assert_eq!(Specification::from_json(&specification.to_json().unwrap()), Ok(specification));
            true
        }
        Err(error) => {
            assert!(error.pointer.is_empty() || error.pointer.starts_with('/'), "{text:?}: {error}");
            false
        }
    };
    (as_text, as_json)
}

#[test]
fn hostile_texts_and_documents_are_specifications_or_errors_and_none_takes_long() {
    let (begin, begun) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut random = Random(0x5eed);
        let (mut texts, mut documents) = (0, 0);
        for case in 0..CASES {
            let text = if case % 2 == 0 { random.pieces() } else { random.mutated() };
            begin.send(text.clone()).unwrap();
            let (as_text, as_json) = read(&text);
            texts += usize::from(as_text);
            documents += usize::from(as_json);
        }
        (texts, documents)
    });
    // Each that begins says that the one before has ended.
    let mut last = String::new();
    loop {
        match begun.recv_timeout(PATIENCE) {
            Ok(text) => last = text,
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("this is not read to its end: {last:?}"),
        }
    }
    let (texts, documents) = reader.join().unwrap_or_else(|_| panic!("this panics: {last:?}"));
    assert!(texts > CASES / 100 && texts < CASES / 2, "{texts} texts of {CASES} were specifications");
    assert!(documents > CASES / 100 && documents < CASES / 2, "{documents} documents of {CASES} were");
}

#[test]
fn the_corpus_is_read_or_refused() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specifications/corpus");
    for (folder, count) in [("text", 9), ("json", 8)] {
        let files: Vec<_> = std::fs::read_dir(corpus.join(folder)).unwrap().map(Result::unwrap).collect();
        assert!(files.len() >= count, "{folder} has {} files", files.len());
        let texts = files.iter().map(|file| std::fs::read_to_string(file.path()).unwrap());
        let accepted = texts.map(|text| read(&text)).filter(|(text, json)| *text || *json).count();
        assert!(accepted >= 3 && accepted < files.len(), "{accepted} of {folder} were specifications");
    }
}

#[test]
fn a_regular_expression_costs_no_more_than_the_text_is_long() {
    // Exponential where a matcher tries one way after another.
    let specification = Specification::<Parcel>::parse(r#"label ~ "^(a|a|aa)*(a+)+$""#).unwrap();
    let mut parcel = crate::samples::full();
    parcel.label = Some(format!("{}!", "a".repeat(100_000)));
    let (end, ended) = mpsc::channel();
    std::thread::spawn(move || end.send(specification.is_satisfied_by(&parcel)));
    assert_eq!(ended.recv_timeout(PATIENCE), Ok(false));
    for pattern in ["(a{1000}){1000}", r"\\pL{1000}", &"(".repeat(60), &"a".repeat(1_001)] {
        let text = format!("label ~ \"{pattern}\"");
        assert!(Specification::<Parcel>::parse(&text).is_err(), "{pattern}");
    }
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
