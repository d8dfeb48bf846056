//! Which parts of the standard library a source names.

/// Every path into `std` in this text, whole: `use std::{fmt, time::Duration}` names `fmt` and `time::Duration`.
/// Comments name nothing.
pub(crate) fn named(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .flat_map(|line| line.chars().chain(['\n']))
        .collect();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("std") {
        let is_word = !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        if let Some(rest) = code[at + 3..].trim_start().strip_prefix("::").filter(|_| is_word) {
            tree(rest, "", &mut found);
        }
    }
    found
}

/// Takes a tree of paths apart, as it stands behind `::`, and answers what comes behind it.
fn tree<'a>(text: &'a str, prefix: &str, found: &mut Vec<String>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = tree(rest, prefix, found).trim_start();
            match rest.strip_prefix(',') {
                Some(next) if !next.trim_start().starts_with('}') => rest = next,
                _ => break,
            }
        }
        return rest.split_once('}').map_or("", |(_, behind)| behind);
    }
    let end = text.find(|part: char| !(part.is_alphanumeric() || part == '_' || part == '*'));
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}::{name}") };
    if let Some(deeper) = rest.trim_start().strip_prefix("::") {
        return tree(deeper, &path, found);
    }
    found.push(path);
    let renamed = rest.trim_start().strip_prefix("as ").map(str::trim_start);
    renamed.map_or(rest, |name| name.trim_start_matches(|part: char| part.is_alphanumeric() || part == '_'))
}

#[test]
fn paths_are_found_however_they_are_written() {
    let text = "use std::{fmt::{self, Write as _}, fs, time::{Duration, Instant},};\n\
        // std::env is only spoken of\n\
        fn f() { let a = ::std::env::var(\"x\"); my_std::no(); std :: thread::spawn(g) }";
    let found =
        ["fmt::self", "fmt::Write", "fs", "time::Duration", "time::Instant", "env::var", "thread::spawn"];
    assert_eq!(named(text), found);
}
