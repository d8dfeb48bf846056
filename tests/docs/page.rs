//! A page of the documentation, as far as the tests look at it.

use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the workspace is there")
}

/// One Markdown file.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its path below the root, with `/`.
    pub(crate) path: String,
    /// What stands in it, in order.
    pub(crate) parts: Vec<Part>,
}

/// What a test can look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Heading {
        level: u32,
        text: String,
    },
    /// The text of a paragraph or a cell, with each code span apart.
    Prose(Vec<Span>),
    /// A row of a table: its cells.
    Row(Vec<Vec<Span>>),
    /// Where a link leads.
    Link(String),
    /// A fenced block: its language and its text.
    Block {
        language: String,
        text: String,
    },
}

/// A piece of prose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Span {
    Text(String),
    Code(String),
}

impl Page {
    /// Reads a page of the workspace.
    pub(crate) fn read(path: &str) -> Self {
        let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self::parse(path, &text)
    }

    /// Takes a page apart.
    pub(crate) fn parse(path: &str, text: &str) -> Self {
        let mut reader = Reader::default();
        Parser::new_ext(text, Options::ENABLE_TABLES).for_each(|event| reader.take(event));
        Self { path: path.to_owned(), parts: reader.parts }
    }

    /// The names that a link can put behind `#`.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let headings = self.parts.iter().filter_map(|part| match part {
            Part::Heading { text, .. } => Some(anchor(text)),
            _ => None,
        });
        headings.collect()
    }

    /// Every code span of its prose and tables.
    pub(crate) fn code_spans(&self) -> impl Iterator<Item = &str> {
        let cells = self.parts.iter().flat_map(|part| match part {
            Part::Prose(spans) => vec![spans],
            Part::Row(cells) => cells.iter().collect(),
            _ => Vec::new(),
        });
        cells.flatten().filter_map(|span| match span {
            Span::Code(code) => Some(code.as_str()),
            Span::Text(_) => None,
        })
    }

    /// Its blocks in this language.
    pub(crate) fn blocks(&self, wanted: &str) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(move |part| match part {
            Part::Block { language, text } if language == wanted => Some(text.as_str()),
            _ => None,
        })
    }
}

/// Every page: those at the root, and everything below `docs` and `examples`.
pub(crate) fn all() -> Vec<Page> {
    let root = root();
    let mut paths = Vec::new();
    collect(&root, &mut paths, false);
    collect(&root.join("docs"), &mut paths, true);
    collect(&root.join("examples"), &mut paths, true);
    paths.sort();
    let name =
        |path: PathBuf| path.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
    paths.into_iter().map(|path| Page::read(&name(path))).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>, deep: bool) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        } else if deep && path.is_dir() {
            collect(&path, found, deep);
        }
    }
}

/// What the usual renderers make of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[derive(Default)]
struct Reader {
    parts: Vec<Part>,
    spans: Vec<Span>,
    cells: Vec<Vec<Span>>,
    block: Option<(String, String)>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = match kind {
                    CodeBlockKind::Fenced(language) => language.into_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.block = Some((language, String::new()));
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                self.parts.push(Part::Link(dest_url.into_string()));
            }
            Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::Item | Tag::TableCell) => {
                self.spans.clear()
            }
            Event::Text(text) => match &mut self.block {
                Some((_, block)) => block.push_str(&text),
                None => self.text(&text),
            },
            Event::Code(code) => self.spans.push(Span::Code(code.into_string())),
            Event::SoftBreak | Event::HardBreak => self.text(" "),
            Event::End(end) => self.end(end),
            _ => {}
        }
    }

    fn text(&mut self, more: &str) {
        match self.spans.last_mut() {
            Some(Span::Text(text)) => text.push_str(more),
            _ => self.spans.push(Span::Text(more.to_owned())),
        }
    }

    fn end(&mut self, end: TagEnd) {
        match end {
            TagEnd::Heading(level) => {
                let text = plain(&std::mem::take(&mut self.spans));
                self.parts.push(Part::Heading { level: level as u32, text });
            }
            TagEnd::Paragraph | TagEnd::Item if !self.spans.is_empty() => {
                self.parts.push(Part::Prose(std::mem::take(&mut self.spans)));
            }
            TagEnd::TableCell => self.cells.push(std::mem::take(&mut self.spans)),
            TagEnd::TableHead => self.cells.clear(),
            TagEnd::TableRow => self.parts.push(Part::Row(std::mem::take(&mut self.cells))),
            TagEnd::CodeBlock => {
                if let Some((language, text)) = self.block.take() {
                    self.parts.push(Part::Block { language, text });
                }
            }
            _ => {}
        }
    }
}

/// The spans as one text.
pub(crate) fn plain(spans: &[Span]) -> String {
    let texts = spans.iter().map(|span| match span {
        Span::Text(text) | Span::Code(text) => text.as_str(),
    });
    texts.collect()
}

#[test]
fn a_page_is_taken_apart() {
    let text = "# Run `it` now\n\nSee [b](c.md#d) and `x/y.rs`.\n\n```console\nls\n```\n\n| a | b |\n|---|---|\n| 1 | `2` |\n";
    let page = Page::parse("a.md", text);
    assert_eq!(page.anchors(), ["run-it-now"]);
    assert_eq!(page.code_spans().collect::<Vec<_>>(), ["x/y.rs", "2"]);
    assert_eq!(page.blocks("console").collect::<Vec<_>>(), ["ls\n"]);
    assert!(page.parts.contains(&Part::Link("c.md#d".to_owned())));
    let row = vec![vec![Span::Text("1".to_owned())], vec![Span::Code("2".to_owned())]];
    assert_eq!(page.parts.last(), Some(&Part::Row(row)));
}
