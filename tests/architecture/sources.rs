//! What the sources themselves must not say.

use std::fs;
use std::path::{Path, PathBuf};

use crate::std_paths;

/// Calls that ask the world for the time or for randomness, outside the one file that answers for it.
const CLOCK_CALLS: &[&str] =
    &["SystemTime::now", "Timestamp::now(", "Zoned::now", "Utc::now", "Uuid::now_v7", "Uuid::new_v4"];

/// The system clock and the system's ids live here.
const SYSTEM: &[&str] = &["crates/runtime/src/clock.rs", "crates/runtime/src/ids.rs"];

/// The rings that only compute.
const COMPUTING: &[&str] = &["crates/kernel/src/", "crates/domain/src/", "crates/application/src/"];

/// What they may name of the standard library: values and their shapes, nothing that reaches out of the process or
/// asks it for more than memory. `sync` shares values; who needs a thread is handed one.
const COMPUTED_WITH: &[&str] = &[
    "any",
    "borrow",
    "cmp",
    "collections",
    "concat",
    "convert",
    "error",
    "fmt",
    "future",
    "hash",
    "hint",
    "iter",
    "marker",
    "mem",
    "num",
    "ops",
    "pin",
    "ptr",
    "result",
    "str",
    "string",
    "stringify",
    "sync",
    "task",
    "time::Duration",
    "write",
];

/// Unit tests in files of their own, which read what they compare with.
const READING_TESTS: &[&str] = &["crates/application/src/sample.rs", "crates/application/src/wire/golden.rs"];

const FILE_LINES: usize = 600;

/// Every source file below `crates`, with its text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    collect(&root.join("crates"), &mut found);
    assert!(found.len() > 50, "the sources are where they are looked for");
    let relative = |path: &PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    found.iter().map(|path| (relative(path), fs::read_to_string(path).unwrap())).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn clock_calls(path: &str, text: &str) -> Vec<String> {
    if SYSTEM.contains(&path) {
        return Vec::new();
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    let calls = lines.filter(|(_, line)| CLOCK_CALLS.iter().any(|call| line.contains(call)));
    calls.map(|(index, line)| format!("{path}:{}: {}", index + 1, line.trim())).collect()
}

fn reaching_out(path: &str, text: &str) -> Vec<String> {
    if !COMPUTING.iter().any(|ring| path.starts_with(ring)) || READING_TESTS.contains(&path) {
        return Vec::new();
    }
    let is_computing = |named: &String| {
        COMPUTED_WITH.iter().any(|known| {
            named.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
    };
    let mut named = std_paths::named(text);
    named.retain(|named| !is_computing(named));
    named.into_iter().map(|named| format!("{path} must not know std::{named}")).collect()
}

fn too_long(path: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > FILE_LINES).then(|| format!("{path} has {lines} lines: it holds two things"))
}

#[test]
fn only_the_system_clock_asks_what_time_it_is() {
    let calls: Vec<_> = sources().iter().flat_map(|(path, text)| clock_calls(path, text)).collect();
    assert_eq!(calls, Vec::<String>::new());
}

#[test]
fn a_call_of_the_clock_is_found() {
    let found = clock_calls("crates/domain/src/lib.rs", "fn f() {\n    let now = SystemTime::now();\n}\n");
    assert_eq!(found, ["crates/domain/src/lib.rs:2: let now = SystemTime::now();"]);
}

#[test]
fn kernel_domain_and_application_only_compute() {
    let found: Vec<_> = sources().iter().flat_map(|(path, text)| reaching_out(path, text)).collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn io_of_the_standard_library_is_found() {
    let text = "use std::{fmt, fs};\nuse std::time::{Duration, Instant};\nfn f() { std::process::exit(1) }\n";
    let found = reaching_out("crates/domain/src/listings/listing.rs", text);
    let named = ["fs", "time::Instant", "process::exit"];
    assert_eq!(
        found,
        named.map(|path| format!("crates/domain/src/listings/listing.rs must not know std::{path}"))
    );
    assert_eq!(reaching_out("crates/app/src/output.rs", text), Vec::<String>::new());
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let long: Vec<_> = sources().iter().filter_map(|(path, text)| too_long(path, text)).collect();
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn a_long_file_is_found() {
    assert!(too_long("x.rs", &"\n".repeat(FILE_LINES + 1)).is_some());
}
