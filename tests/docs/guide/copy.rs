//! A copy of the workspace, kept between runs together with what was built in it, so that a second run is fast.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::edit::Edit;
use crate::page;

/// What is copied: all that a build needs, and nothing that a user may have put beside it.
const FOLDERS: &[&str] = &["crates", "examples", "tests"];
const FILES: &[&str] = &["Cargo.toml", "Cargo.lock", "clippy.toml", "rustfmt.toml", "README.md"];

/// The copy, and the texts of its files as they are to be.
pub(crate) struct Copy {
    folder: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
    before: BTreeMap<String, Vec<u8>>,
    /// Whether the folder has what `files` says.
    is_written: bool,
    /// Two runs at once would change each other's files.
    _lock: File,
}

impl Copy {
    /// The workspace as it is now.
    pub(crate) fn of_the_workspace() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guide");
        fs::create_dir_all(&folder).expect("the folder can be made");
        let lock = File::create(folder.join("lock")).expect("the lock can be made");
        lock.lock().expect("the other run ends");
        let root = page::root();
        let mut files = BTreeMap::new();
        for name in FILES {
            files.insert((*name).to_owned(), fs::read(root.join(name)).expect("the file is there"));
        }
        for name in FOLDERS {
            read_all(&root, &root.join(name), &mut files);
        }
        let before = files.clone();
        Self { folder, files, before, is_written: false, _lock: lock }
    }

    /// Makes a change, or says which and why not.
    pub(crate) fn apply(&mut self, edit: &Edit) {
        let file = edit.file();
        let text = self.files.get(file).map(|bytes| std::str::from_utf8(bytes).expect("a text"));
        let changed = edit.applied(text).unwrap_or_else(|why| panic!("{file}: {why}, for:\n{}", edit.text));
        if file.ends_with(".rs") && text.is_none_or(is_formatted) {
            assert!(is_formatted(&changed), "{file} is not formatted any more, for:\n{}", edit.text);
        }
        self.files.insert(file.to_owned(), changed.into_bytes());
        self.is_written = false;
    }

    /// Runs a line like `NAME=value cargo test -p x` in the copy; it must succeed.
    pub(crate) fn run(&mut self, line: &str) {
        self.write();
        let mut words = line.split_whitespace().peekable();
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        while let Some((name, value)) = words.peek().and_then(|word| word.split_once('=')) {
            command.env(name, value);
            words.next();
        }
        assert_eq!(words.next(), Some("cargo"), "a guide runs cargo: {line}");
        command.args(words).current_dir(self.workspace()).env("CARGO_TARGET_DIR", self.folder.join("target"));
        command.env("CARGO_PROFILE_DEV_DEBUG", "none"); // Nobody debugs this build, and it is faster without.
        let ran = command.stdin(Stdio::null()).output().expect("cargo runs");
        let (stdout, stderr) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(ran.status.success(), "{line}\n{stdout}\n{stderr}");
        // What it wrote stays.
        self.files.clear();
        read_all(&self.workspace(), &self.workspace(), &mut self.files);
    }

    /// The text of a file after what was run.
    pub(crate) fn text(&self, file: &str) -> String {
        fs::read_to_string(self.workspace().join(file)).expect("the file is there")
    }

    /// Whether every line that the file had is still there, in order.
    pub(crate) fn only_grew(&self, file: &str) -> bool {
        let (now, before) = (self.text(file), &self.before[file]);
        let mut now = now.lines().map(|line| line.trim_end_matches(','));
        let before = std::str::from_utf8(before).expect("a text");
        before.lines().all(|line| now.any(|later| later == line.trim_end_matches(',')))
    }

    fn workspace(&self) -> PathBuf {
        self.folder.join("workspace")
    }

    /// Brings the folder up to date. What is the same is not touched, so that cargo does not build it again.
    fn write(&mut self) {
        if self.is_written {
            return;
        }
        let workspace = self.workspace();
        let mut there = BTreeMap::new();
        if workspace.exists() {
            read_all(&workspace, &workspace, &mut there);
        }
        for name in there.keys().filter(|name| !self.files.contains_key(*name)) {
            fs::remove_file(workspace.join(name)).expect("it can be removed");
        }
        for (name, bytes) in self.files.iter().filter(|(name, bytes)| there.get(*name) != Some(*bytes)) {
            let path = workspace.join(name);
            fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder can be made");
            fs::write(path, bytes).expect("it can be written");
        }
        self.is_written = true;
    }
}

/// Whether `rustfmt` has nothing to say; where there is none, nothing is said.
fn is_formatted(text: &str) -> bool {
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--edition", "2024", "--check"]).current_dir(page::root());
    let Ok(mut child) = rustfmt.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
    else {
        return true;
    };
    child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("it reads");
    child.wait().expect("it ends").success()
}

fn read_all(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            read_all(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
            files.insert(name, fs::read(&path).expect("it can be read"));
        }
    }
}
