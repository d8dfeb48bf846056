//! The two commands of the README: a reader finds them without reading.

use crate::page::{Page, Part};

/// The blocks between this heading and the next of its level.
fn blocks_under<'a>(page: &'a Page, heading: &str) -> Vec<&'a str> {
    let is_heading = |part: &Part| matches!(part, Part::Heading { level: 2, text } if text == heading);
    let section = page.parts.iter().skip_while(|part| !is_heading(part)).skip(1);
    let section = section.take_while(|part| !matches!(part, Part::Heading { level: 1 | 2, .. }));
    let blocks = section.filter_map(|part| match part {
        Part::Block { text, .. } => Some(text.as_str()),
        _ => None,
    });
    blocks.collect()
}

#[test]
fn run_it_and_test_it_are_one_command_each() {
    let readme = Page::read("README.md");
    assert_eq!(blocks_under(&readme, "Run it"), ["cargo run --release -- demo\n"]);
    assert_eq!(blocks_under(&readme, "Test it"), ["cargo test --workspace\n"]);
}

#[test]
fn a_second_block_under_a_heading_is_found() {
    let page = Page::parse(
        "a.md",
        "## Run it\n```console\na\n```\n### more\n```console\nb\n```\n## Test it\n```\nc\n```\n",
    );
    assert_eq!(blocks_under(&page, "Run it"), ["a\n", "b\n"]);
    assert_eq!(blocks_under(&page, "Test it"), ["c\n"]);
}
