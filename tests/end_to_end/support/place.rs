//! A directory for one test, with a store in it, or one that is on a server.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::program;

/// Where one test keeps its files, and its store unless that is on a server; gone when it is dropped.
pub(crate) struct Place {
    directory: TempDir,
    /// Where the store is, if not here.
    elsewhere: Option<String>,
}

/// What a finished run of the program said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Each line of stdout as JSON.
    pub(crate) fn rows(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(parse).collect()
    }

    /// The same, where the run succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.status(0)
    }

    /// The same, where the run ended with this status.
    #[track_caller]
    pub(crate) fn status(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}{}", self.stdout, self.stderr);
        self
    }

    /// Checks that the run failed with this status and said why in one sentence on stderr, with all of these words
    /// in it, and nothing on stdout.
    #[track_caller]
    pub(crate) fn fails(self, status: i32, words: &[&str]) {
        assert_eq!((self.status, self.stdout.as_str()), (status, ""), "{}", self.stderr);
        assert_eq!(self.stderr.lines().count(), 1, "one sentence: {}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is not in: {}", self.stderr);
        }
    }
}

impl Ran {
    /// As [`fails`](Self::fails), of a run that told how far it was before: its last sentence says why it failed.
    #[track_caller]
    pub(crate) fn fails_at_last(self, status: i32, words: &[&str]) {
        let last = self.stderr.lines().last().unwrap_or_default().to_owned();
        Self { stderr: last, ..self }.fails(status, words);
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Place {
    /// An empty directory.
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory can be made"), elsewhere: None }
    }

    /// An empty directory, for a store that is on a server. The program is one that has servers built in.
    pub(crate) fn on(url: String) -> Self {
        Self { elsewhere: Some(url), ..Self::new() }
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The store's file.
    pub(crate) fn store(&self) -> PathBuf {
        self.path("portolan.db")
    }

    /// Writes a file in it, and gives its path.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("the file can be written");
        path
    }

    /// The store's URL.
    pub(crate) fn url(&self) -> String {
        self.elsewhere.clone().unwrap_or_else(|| format!("sqlite:{}", self.store().display()))
    }

    /// A command line on this place's store.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = match self.elsewhere {
            None => program::portolan(),
            Some(_) => program::with_servers(),
        };
        command.current_dir(self.directory.path()).args(["--write", &self.url()]).args(arguments);
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().expect("the program starts").into()
    }

    /// Runs the program to its end, with this on its stdin.
    pub(crate) fn run_with_stdin(&self, arguments: &[&str], stdin: &str) -> Ran {
        let mut command = self.command(arguments);
        let streams = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = streams.spawn().expect("the program starts");
        let mut pipe = child.stdin.take().expect("piped");
        let stdin = stdin.to_owned();
        // A program that ends early does not read it all.
        let writer = std::thread::spawn(move || drop(pipe.write_all(stdin.as_bytes())));
        let ran = child.wait_with_output().expect("it ends").into();
        writer.join().expect("the writer ends");
        ran
    }

    /// Imports these lines, all of which are to be accepted.
    #[track_caller]
    pub(crate) fn import(&self, lines: &[Value]) {
        self.import_with(lines, &[]);
    }

    /// The same, with further arguments.
    #[track_caller]
    pub(crate) fn import_with(&self, lines: &[Value], arguments: &[&str]) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.write("lines.jsonl", text);
        let import = ["import", "lines.jsonl", "--report", "lines.report.json"];
        self.run(&[&import, arguments].concat()).ok();
        let report = std::fs::read_to_string(self.path("lines.report.json")).expect("a report");
        let report: Value = serde_json::from_str(&report).expect("the report parses");
        assert_eq!(report["accepted"], lines.len(), "{report}");
    }

    /// Every event of the journal.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Value> {
        self.run(&["events", "--json"]).ok().rows()
    }
}
