//! The template of an adapter compiles, answers `Unsupported` everywhere, and so breaks every clause.
#![expect(clippy::expect_used, reason = "a test ends where what it stands on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use portolan_testkit::contracts::{CHECKPOINT, JOURNAL, READ, WRITE};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace is there")
}

/// The template as somebody has it who has copied it out of the workspace, with the workspace's choice of versions.
fn copied_out() -> PathBuf {
    let (root, copy) = (root(), Path::new(env!("CARGO_TARGET_TMPDIR")).join("adapter-template"));
    let template = root.join("examples/adapter-template");
    drop(std::fs::remove_dir_all(&copy));
    for folder in ["src", "tests"] {
        std::fs::create_dir_all(copy.join(folder)).expect("the folder can be made");
        for file in std::fs::read_dir(template.join(folder)).expect("the template is there") {
            let file = file.expect("it can be read");
            std::fs::copy(file.path(), copy.join(folder).join(file.file_name())).expect("it can be copied");
        }
    }
    let manifest = std::fs::read_to_string(template.join("Cargo.toml")).expect("the manifest is there");
    let crates = format!("{}/crates", root.display());
    std::fs::write(copy.join("Cargo.toml"), manifest.replace("../../crates", &crates))
        .expect("it can be written");
    std::fs::copy(root.join("Cargo.lock"), copy.join("Cargo.lock")).expect("the lock file can be copied");
    copy
}

/// Runs its tests, with the folder of what was built already: nothing of a registry is built twice. What each test came
/// to, by its name without its module, and all that was said.
fn ran(copy: &Path) -> (BTreeMap<String, String>, String) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it has a folder");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["test", "--offline", "--no-fail-fast"]).current_dir(copy);
    command.env("CARGO_TARGET_DIR", target).env("RUST_BACKTRACE", "0").stdin(Stdio::null());
    let output = command.output().expect("cargo runs");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let result = |line: &str| {
        let (name, result) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
        Some((name.rsplit_once("::")?.1.to_owned(), result.to_owned()))
    };
    (said.lines().filter_map(result).collect(), said)
}

#[test]
fn every_clause_is_red_in_the_template_and_the_kit_says_so() {
    let (results, said) = ran(&copied_out());
    let written = [WRITE, JOURNAL, CHECKPOINT].into_iter().flatten().map(|clause| clause.name);
    let clauses: BTreeSet<&str> = written.chain(READ.iter().map(|clause| clause.name)).collect();
    let red: BTreeSet<&str> =
        results.iter().filter(|(_, result)| *result == "FAILED").map(|(name, _)| &**name).collect();
    assert_eq!(red, clauses, "the tests that failed, and the clauses\n{said}");
    // What is not about a promise holds in the template too.
    let green: BTreeSet<&str> =
        results.iter().filter(|(_, result)| *result == "ok").map(|(name, _)| &**name).collect();
    assert_eq!(green, BTreeSet::from(["every_clause_has_a_test", "skipped_clauses_are_reviewed"]), "{said}");
    for (contract, count) in
        [("write", WRITE.len()), ("journal", JOURNAL.len()), ("checkpoint", CHECKPOINT.len())]
    {
        let table = format!(
            "adapter-template, contract::{contract}_contract: {count} clauses, 0 kept, {count} broken, 0 skipped"
        );
        assert!(said.contains(&table), "there is no `{table}` in\n{said}");
    }
    // The rest are those whose worker or child process found out.
    let unsupported = said.matches("the port failed with `unsupported`").count();
    assert!(unsupported * 4 > clauses.len() * 3, "{unsupported} breaches are of what is to come\n{said}");
}
