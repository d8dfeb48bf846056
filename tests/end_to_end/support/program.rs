//! The program under test: built once, in the tests' own profile.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use cargo_metadata::Message;

/// Longer than any run of the tests takes.
const KEPT_FOR: Duration = Duration::from_secs(3_600);

/// The path of `portolan`.
pub(crate) fn path() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| build(&[]))
}

/// A command line of the program, with no configuration from outside.
pub(crate) fn portolan() -> Command {
    plain(path())
}

/// The same of a program that PostgreSQL and MariaDB are built into.
pub(crate) fn with_servers() -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    plain(PROGRAM.get_or_init(|| build(&["--features", "postgres,mysql"])))
}

fn plain(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PORTOLAN_") {
            command.env_remove(name);
        }
    }
    command
}

/// Sends a signal by name (`TERM`, `INT`) to a process. The shell's own `kill` is on every machine.
pub(crate) fn signal(id: u32, name: &str) {
    let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {id}")).status();
    assert!(sent.expect("a shell runs").success());
}

fn build(options: &[&str]) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    build.args(["build", "--package", "portolan-app", "--bin", "portolan", "--message-format", "json"]);
    build.args(options);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    let built = build.stderr(Stdio::inherit()).output().expect("cargo runs");
    assert!(built.status.success(), "the program builds");
    let messages = Message::parse_stream(built.stdout.as_slice());
    let executables = messages.filter_map(|message| match message {
        Ok(Message::CompilerArtifact(artifact)) if artifact.target.name == "portolan" => artifact.executable,
        _ => None,
    });
    let executable = executables.last().expect("cargo says where the program is");
    kept(executable.as_std_path())
}

/// The program in a directory of its own, so that a build during the tests does not take it away from them.
fn kept(executable: &Path) -> PathBuf {
    let builds = Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs");
    let directory = builds.join(id(executable));
    std::fs::create_dir_all(&directory).expect("a directory can be made");
    for entry in std::fs::read_dir(&builds).expect("it can be read").flatten() {
        let made = entry.metadata().and_then(|metadata| metadata.modified());
        if entry.path() != directory && made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age > KEPT_FOR))
        {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let program = directory.join(executable.file_name().expect("a program has a name"));
    // Another run of the tests may have put it there, of the same build.
    if !program.exists() && std::fs::hard_link(executable, &program).is_err() && !program.exists() {
        std::fs::copy(executable, &program).expect("the program can be copied");
    }
    program
}

/// A name that only this build has.
fn id(executable: &Path) -> String {
    let built = std::fs::metadata(executable).and_then(|metadata| metadata.modified()).expect("a time");
    let since = built.duration_since(std::time::UNIX_EPOCH).expect("it was built after 1970");
    since.as_nanos().to_string()
}
