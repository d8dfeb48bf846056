//! Files and tests that the documentation names are there.

use std::fs;

use crate::page::{self, Page, Part, Span};

const KNOWN_ENDINGS: &[&str] =
    &[".rs", ".md", ".toml", ".sql", ".json", ".jsonl", ".html", ".js", ".css", ".txt", ".stderr"];

/// Whether a code span is meant as a path in the workspace.
fn is_path(code: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    let ends = code.ends_with('/') || KNOWN_ENDINGS.iter().any(|ending| code.ends_with(ending));
    code.trim_end_matches('/').contains('/') && !code.starts_with('/') && code.chars().all(allowed) && ends
}

/// The paths of a page that are not there, from the root.
fn missing(page: &Page) -> Vec<String> {
    let root = page::root();
    // A guide may make a file.
    let made = |path: &str| {
        page.parts.iter().any(|part| {
        matches!(part, Part::Prose(spans) if page::plain(spans).ends_with(&format!("New file {path}:")))
    })
    };
    let paths = page.code_spans().filter(|code| is_path(code));
    let missing = paths.filter(|path| !root.join(path).exists() && !made(path));
    missing.map(|path| format!("{}: there is no {path}", page.path)).collect()
}

/// The rows of the guarantees that name no test, or one that is not there. The third column names tests, as
/// `path::function`, or clauses of the test kit, as `W5`.
fn unproven(page: &Page) -> Vec<String> {
    let rows = page.parts.iter().filter_map(|part| match part {
        Part::Row(cells) => Some(cells),
        _ => None,
    });
    let mut found = Vec::new();
    for row in rows {
        let promise = page::plain(&row[0]);
        let tests: Vec<_> = row.get(2).into_iter().flatten().filter_map(code).collect();
        if tests.is_empty() {
            found.push(format!("no test: {promise}"));
        }
        let missing = tests.iter().filter(|test| !is_test(test));
        found.extend(missing.map(|test| format!("there is no test {test}: {promise}")));
    }
    found
}

fn code(span: &Span) -> Option<&str> {
    match span {
        Span::Code(code) => Some(code),
        Span::Text(_) => None,
    }
}

fn is_test(name: &str) -> bool {
    match name.rsplit_once("::") {
        Some((path, function)) => holds_test(path, function),
        None => clauses().iter().any(|clause| clause == name),
    }
}

/// Whether the file has a function of this name under a test's attribute.
fn holds_test(path: &str, function: &str) -> bool {
    let Ok(text) = fs::read_to_string(page::root().join(path)) else { return false };
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    lines.iter().enumerate().any(|(index, line)| {
        let is_it = ["fn ", "async fn "].iter().any(|start| line.starts_with(&format!("{start}{function}(")));
        let above = lines[..index].iter().rev().take_while(|line| line.starts_with("#["));
        is_it && above.into_iter().any(|attribute| attribute.contains("test"))
    })
}

/// The clauses in the tables of the test kit.
fn clauses() -> Vec<String> {
    let contracts = page::root().join("crates/testkit/src/contracts");
    let mut found = Vec::new();
    for entry in fs::read_dir(contracts).expect("the contracts are there") {
        let table = entry.expect("it can be read").path().join("mod.rs");
        let Ok(text) = fs::read_to_string(table) else { continue };
        let clauses = text.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once('"'));
        found.extend(clauses.map(|(clause, _)| clause.to_owned()));
    }
    found
}

#[test]
fn every_file_that_a_page_names_is_there() {
    let missing: Vec<_> = page::all().iter().flat_map(missing).collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn a_file_that_is_not_there_is_found() {
    let text = "`crates/kernel/src/lib.rs` `crates/kernel/` `crates/kernel/src/gone.rs` `a/b` `x.rs`\n\nNew file `a/new.rs`:\n";
    assert_eq!(missing(&Page::parse("p.md", text)), ["p.md: there is no crates/kernel/src/gone.rs"]);
}

#[test]
fn every_guarantee_names_a_test_that_is_there() {
    let page = Page::read("docs/guarantees.md");
    assert!(page.parts.iter().filter(|part| matches!(part, Part::Row(_))).count() > 10);
    assert_eq!(unproven(&page), Vec::<String>::new());
}

#[test]
fn a_guarantee_without_a_test_is_found() {
    let text = "| promise | how | test |\n|---|---|---|\n| a | b | c |\n| d | e | `W5` `W99` `tests/docs/names.rs::nothing` |\n\
                | f | g | `tests/docs/names.rs::a_guarantee_without_a_test_is_found` `tests/docs/names.rs::clauses` |\n";
    assert_eq!(
        unproven(&Page::parse("p.md", text)),
        [
            "no test: a",
            "there is no test W99: d",
            "there is no test tests/docs/names.rs::nothing: d",
            "there is no test tests/docs/names.rs::clauses: f",
        ]
    );
}
