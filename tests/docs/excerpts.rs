//! The code in the guide to an aggregate of one's own is the example's.

use std::fs;

use cargo_metadata::MetadataCommand;

use crate::page::{self, Page, Part, Span};

/// Stands for lines that are left out.
const LEFT_OUT: &str = "// ..";

/// The blocks of a guide that are not what their file has. The sentence before a block ends with the file's name:
/// "`examples/..`:".
fn different(page: &Page) -> Vec<String> {
    let mut found = Vec::new();
    let mut before: &[Span] = &[];
    for part in &page.parts {
        match part {
            Part::Prose(spans) => before = spans,
            Part::Block { language, text } if !matches!(language.as_str(), "console" | "text") => {
                let why = match before {
                    [.., Span::Code(file), Span::Text(end)] if end == ":" => is_excerpt(file, text).err(),
                    _ => Some(format!("nothing says where this is from:\n{text}")),
                };
                found.extend(why);
                before = &[];
            }
            _ => {}
        }
    }
    found
}

/// Whether the parts of the excerpt are in the file, in order.
fn is_excerpt(file: &str, excerpt: &str) -> Result<(), String> {
    let text = fs::read_to_string(page::root().join(file)).map_err(|error| format!("{file}: {error}"))?;
    let lines: Vec<_> = text.lines().collect();
    let wanted: Vec<_> = excerpt.lines().collect();
    let mut at = 0;
    for part in wanted.split(|line| line.trim() == LEFT_OUT).filter(|part| !part.is_empty()) {
        let found = lines[at..].windows(part.len()).position(|window| window == part);
        at += found.ok_or_else(|| format!("{file} has no such lines:\n{}", part.join("\n")))? + part.len();
    }
    Ok(())
}

#[test]
fn the_guide_shows_what_the_example_has() {
    let page = Page::read("docs/guides/own-aggregate.md");
    assert!(page.blocks("rust").count() > 5, "the guide shows code");
    assert_eq!(different(&page), Vec::<String>::new());
}

#[test]
fn a_block_that_the_file_does_not_have_is_found() {
    let block = |name: &str, code: &str| format!("See `{name}`:\n```rust\n{code}\n```\n");
    let file = "tests/docs/excerpts.rs";
    let found = |text: &str| different(&Page::parse("g.md", text)).len();
    assert_eq!(found(&block(file, "use std::fs;\n    // ..\nconst LEFT_OUT: &str = \"// ..\";")), 0);
    assert_eq!(found(&block(file, "const LEFT_OUT: &str = \"// ..\";\n// ..\nuse std::fs;")), 1);
    assert_eq!(found(&block(file, "use std::env;")), 1);
    assert_eq!(found(&block("gone.rs", "use std::fs;")), 1);
    assert_eq!(found("```rust\nuse std::fs;\n```\n"), 1);
}

#[test]
fn the_example_needs_no_market() {
    let manifest = page::root().join("examples/own-aggregate/Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap();
    let example = metadata.packages.iter().find(|package| package.name.as_str() == "own-aggregate").unwrap();
    let own = example.dependencies.iter().filter(|used| used.name.starts_with("portolan-"));
    let market = ["portolan-domain", "portolan-application", "portolan-http", "portolan-app"];
    for used in own {
        assert!(!market.contains(&used.name.as_str()), "{}", used.name);
        let has_market =
            used.uses_default_features || used.features.iter().any(|feature| feature == "market");
        assert!(used.name != "portolan-diesel" || !has_market, "{:?}", used.features);
    }
}
