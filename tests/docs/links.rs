//! Links inside the documentation lead somewhere. Addresses on the web are not looked up.

use std::path::{Component, Path, PathBuf};

use crate::page::{self, Page, Part};

/// The links of a page that lead nowhere.
fn broken(page: &Page) -> Vec<String> {
    let links = page.parts.iter().filter_map(|part| match part {
        Part::Link(link) => Some(link.as_str()),
        _ => None,
    });
    let inside = links.filter(|link| !link.starts_with("https://") && !link.starts_with("http://"));
    inside
        .filter_map(|link| leads(page, link).err().map(|why| format!("{}: {link}: {why}", page.path)))
        .collect()
}

fn leads(page: &Page, link: &str) -> Result<(), String> {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
    let target = if path.is_empty() { PathBuf::from(&page.path) } else { plain(&folder.join(path)) };
    if !path.is_empty() && !page::root().join(&target).exists() {
        return Err(format!("there is no {}", target.display()));
    }
    let Some(anchor) = anchor else { return Ok(()) };
    let anchors = match path {
        "" => page.anchors(),
        _ => Page::read(&target.to_string_lossy()).anchors(),
    };
    if anchors.iter().any(|known| known == anchor) { Ok(()) } else { Err(format!("no heading `{anchor}`")) }
}

/// The path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => _ = plain.pop(),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

#[test]
fn every_link_leads_somewhere() {
    let pages = page::all();
    assert!(pages.len() > 8, "the pages are where they are looked for");
    let broken: Vec<_> = pages.iter().flat_map(broken).collect();
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn a_link_to_a_missing_file_or_heading_is_found() {
    let text = "# One\n[a](adr/nowhere.md) [b](glossary.md) [c](#one) [d](#two) [e](../README.md#run-it) [f](../README.md#walk-it)";
    let found = broken(&Page::parse("docs/page.md", text));
    assert_eq!(
        found,
        [
            "docs/page.md: adr/nowhere.md: there is no docs/adr/nowhere.md",
            "docs/page.md: #two: no heading `two`",
            "docs/page.md: ../README.md#walk-it: no heading `walk-it`",
        ]
    );
}
