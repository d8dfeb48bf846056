//! The list of the decisions is complete.

use std::fs;

use crate::page;

/// What the list says, and what it should say: a line for each record, with the record's own title.
fn lists() -> (Vec<String>, Vec<String>) {
    let folder = page::root().join("docs/adr");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let listed = read("README.md").lines().filter(|line| line.contains("](")).map(str::to_owned).collect();
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != "README.md").collect();
    names.sort();
    let line = |name: &String| {
        let text = read(name);
        let title = text.lines().next().unwrap().strip_prefix("# ").unwrap();
        let (number, title) = title.split_once(". ").unwrap();
        assert!(name.starts_with(&format!("{number:0>4}-")), "{name} is called {number}");
        format!("{number}. [{title}]({name})")
    };
    (listed, names.iter().map(line).collect())
}

#[test]
fn every_record_is_listed_by_its_title() {
    let (listed, records) = lists();
    assert!(records.len() > 18, "the records are where they are looked for");
    assert_eq!(listed, records);
}
