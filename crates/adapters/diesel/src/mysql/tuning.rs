//! How MariaDB is named and set up.

use super::Config;
use crate::address::encode;

/// What a URL begins with.
pub(crate) const SCHEME: &str = "mysql";

/// The options of a URL that the client library gets as they are.
pub(crate) const CLIENT_OPTIONS: &[&str] = &["ssl_mode", "ssl_ca", "ssl_cert", "ssl_key", "unix_socket"];

/// What the client library is told.
pub(crate) fn told(config: &Config) -> String {
    let mut url = config.location.url();
    for (index, (name, value)) in config.client.iter().enumerate() {
        url.push_str(&format!("{}{name}={}", if index == 0 { '?' } else { '&' }, encode(value)));
    }
    url
}

/// How much of a text the server looks at when it sorts; of longer ones that begin alike it would tell none apart. It is as
/// much as its usual buffer can take some of, and it keeps no more of a text than there is.
const MAX_SORT_LENGTH: u32 = 64 * 1024;

/// What a connection begins with. Each statement sees what is committed when it begins, whoever is stuck is ended by
/// the server, and nothing is silently cut off or made up.
pub(crate) fn session(config: &Config) -> String {
    // The server counts whole seconds here.
    let lock = config.lock_timeout.as_secs().max(1);
    let statement = config.statement_timeout.as_secs_f64();
    format!(
        "set session transaction isolation level read committed; set session innodb_lock_wait_timeout = {lock}; \
         set session max_sort_length = {MAX_SORT_LENGTH}; \
         set session idle_transaction_timeout = {lock}; set session max_statement_time = {statement}; \
         set names utf8mb4 collate utf8mb4_nopad_bin; set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO';"
    )
}

/// What a reader's connection begins with, beside.
pub(crate) fn reading(config: &Config) -> String {
    // The server counts whole seconds here.
    let idle = config.statement_timeout.as_secs().max(1);
    format!("set session transaction read only; set session idle_transaction_timeout = {idle}")
}

/// What the writer's connection begins with, beside: nothing of its own.
pub(crate) const WRITING: Option<&str> = None;
