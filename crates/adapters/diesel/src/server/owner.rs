//! What an owner of a lease is called, for the one who does not get it.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::OnceLock;

/// The longest name of a machine that is taken over whole: the rest fits beside it into any column.
const MAX_HOST: usize = 200;

/// The machine, the process on it, and a number of this start: in containers all machines may be called alike, and every
/// process be the first.
pub(crate) fn owner() -> String {
    static START: OnceLock<u64> = OnceLock::new();
    let start = START.get_or_init(|| RandomState::new().hash_one(std::process::id()));
    named(&host(), std::process::id(), *start)
}

fn named(host: &str, process: u32, start: u64) -> String {
    let host: String = host.chars().filter(|letter| !letter.is_control()).take(MAX_HOST).collect();
    let host = if host.is_empty() { "unnamed" } else { &host };
    // Half of the number tells starts apart, and is short enough to be read out.
    format!("{host}, process {process}, start {:08x}", start >> 32)
}

/// As the system calls it; as the environment does where the system does not say so in a file.
fn host() -> String {
    let told = std::fs::read_to_string("/proc/sys/kernel/hostname");
    let told = told.or_else(|_| std::env::var("HOSTNAME")).or_else(|_| std::env::var("COMPUTERNAME"));
    told.map(|host| host.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_of_one_number_are_told_apart_by_their_machines_and_starts() {
        assert_eq!(named("db-1", 1, 0x0123_4567_89ab_cdef), "db-1, process 1, start 01234567");
        assert_ne!(named("a", 1, 0), named("b", 1, 0));
        assert_ne!(named("a", 1, 1 << 32), named("a", 1, 2 << 32));
        assert_eq!(named("\n", 7, 0), "unnamed, process 7, start 00000000");
        assert!(named(&"x".repeat(1_000), u32::MAX, u64::MAX).len() <= 255);
        assert_eq!(owner(), owner(), "one process is one owner");
    }
}
