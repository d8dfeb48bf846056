//! File systems that fail: full ones and read-only ones. They need the right to mount.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A file system in memory at a directory of its own; unmounted when it is dropped.
pub(crate) struct Mount {
    directory: TempDir,
}

impl Mount {
    /// A file system with these options (`size=1m`); `Err` says why there can be none.
    pub(crate) fn new(options: &str) -> Result<Self, String> {
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        run(Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(directory.path()))?;
        Ok(Self { directory })
    }

    /// Its directory.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Lets nobody write to it any more.
    pub(crate) fn make_read_only(&self) {
        self.remount("remount,ro");
    }

    /// Gives it another size.
    pub(crate) fn resize(&self, size: &str) {
        self.remount(&format!("remount,size={size}"));
    }

    fn remount(&self, options: &str) {
        let mut remount = Command::new("mount");
        run(remount.args(["-o", options]).arg(self.path())).expect("what was mounted can be remounted");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // A program that was killed a moment ago may still hold it: detached, it goes when that has ended.
        let _ = run(Command::new("umount").arg("-l").arg(self.path()));
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let ran = command.output().map_err(|error| error.to_string())?;
    if ran.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&ran.stderr).trim().to_owned()) }
}
