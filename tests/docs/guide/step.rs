//! What a guide asks for, in order: the sentence before each block says what happens with it.

use super::edit::{Edit, Place};
use crate::page::{Page, Part, Span};

/// One thing to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Edit(Edit),
    Run(String),
}

/// The steps of a guide. A block that no sentence explains is an error.
pub(crate) fn steps(page: &Page) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut before: &[Span] = &[];
    for part in &page.parts {
        match part {
            Part::Prose(spans) => before = spans,
            Part::Block { language, text } if language == "console" => {
                steps.extend(text.lines().map(|line| Step::Run(line.to_owned())));
                before = &[];
            }
            Part::Block { text, .. } => {
                let place = place(before).ok_or_else(|| format!("nothing says where this goes:\n{text}"))?;
                steps.push(Step::Edit(Edit { place, text: text.clone() }));
                before = &[];
            }
            _ => {}
        }
    }
    Ok(steps)
}

/// Reads the end of a sentence: "New file `f`:", "In `f`, after `line`:", and so on.
fn place(spans: &[Span]) -> Option<Place> {
    use Span::{Code, Text};
    let is = |text: &str, wanted: &str| text.trim() == wanted;
    match spans {
        [.., Text(new), Code(file), Text(end)] if new.ends_with("New file ") && end == ":" => {
            Some(Place::NewFile(file.clone()))
        }
        [.., Text(start), Code(file), Text(how), Code(line), Text(end)]
            if start.ends_with("In ") && end == ":" =>
        {
            let (file, line) = (file.clone(), line.clone());
            match how.trim() {
                ", after" => Some(Place::After { file, line }),
                ", before" => Some(Place::Before { file, line }),
                ", instead of" => Some(Place::InsteadOf { file, first: line, last: None }),
                ", at the end of" => Some(Place::AtTheEndOf { file, line }),
                _ => None,
            }
        }
        [.., Text(start), Code(file), Text(how), Code(first), Text(to), Code(last), Text(end)]
            if start.ends_with("In ") && is(how, ", instead of") && is(to, "to") && end == ":" =>
        {
            Some(Place::InsteadOf { file: file.clone(), first: first.clone(), last: Some(last.clone()) })
        }
        _ => None,
    }
}

#[test]
fn a_guide_is_read() {
    let text = "Why. New file `a.rs`:\n```rust\nx\n```\nIt is so. In `b.rs`, after\n`y`:\n```rust\nz\n```\n\
                In `b.rs`, instead of `u {` to `}`:\n```rust\nv\n```\n```console\nls\npwd\n```\n";
    let edit = |place, text: &str| Step::Edit(Edit { place, text: text.to_owned() });
    let file = || "b.rs".to_owned();
    assert_eq!(
        steps(&Page::parse("g.md", text)).unwrap(),
        [
            edit(Place::NewFile("a.rs".to_owned()), "x\n"),
            edit(Place::After { file: file(), line: "y".to_owned() }, "z\n"),
            edit(
                Place::InsteadOf { file: file(), first: "u {".to_owned(), last: Some("}".to_owned()) },
                "v\n"
            ),
            Step::Run("ls".to_owned()),
            Step::Run("pwd".to_owned()),
        ]
    );
}

#[test]
fn a_block_that_nothing_explains_is_an_error() {
    for text in
        ["Like this:\n```rust\nx\n```\n", "In `b.rs`, behind `y`:\n```rust\nx\n```\n", "```rust\nx\n```\n"]
    {
        assert!(steps(&Page::parse("g.md", text)).is_err(), "{text}");
    }
}
