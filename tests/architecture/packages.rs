//! What is published carries what a package is to carry.

use std::fs;

use cargo_metadata::{Metadata, MetadataCommand};

const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// The packages that are published without the text of a licence beside their manifest.
fn without_licence(workspace: &Metadata, texts: &[&str]) -> Vec<String> {
    let published = workspace.packages.iter().filter(|package| package.publish.is_none());
    let mut missing = Vec::new();
    for package in published {
        let folder = package.manifest_path.parent().unwrap();
        for text in texts {
            if fs::read(folder.join(text)).ok() != fs::read(workspace.workspace_root.join(text)).ok() {
                missing.push(format!("{}: no {text}", package.name));
            }
        }
    }
    missing
}

fn workspace() -> Metadata {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap()
}

#[test]
fn every_published_package_carries_both_licences() {
    assert_eq!(without_licence(&workspace(), &LICENCES), Vec::<String>::new());
}

#[test]
fn a_package_without_a_text_is_found() {
    let missing = without_licence(&workspace(), &["README.md"]);
    assert!(missing.contains(&"portolan-kernel: no README.md".to_owned()), "{missing:?}");
    assert!(!missing.iter().any(|package| package.starts_with("portolan-bench")), "{missing:?}");
}
