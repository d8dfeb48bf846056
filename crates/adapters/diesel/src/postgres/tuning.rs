//! How PostgreSQL is named and set up.

use super::Config;

/// What a URL begins with.
pub(crate) const SCHEME: &str = "postgres";

/// The options of a URL that libpq gets as they are, and `schema`, which is the search path.
pub(crate) const CLIENT_OPTIONS: &[&str] = &[
    "schema",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "connect_timeout",
    "target_session_attrs",
    "application_name",
];

/// What libpq is told: names with quoted values.
pub(crate) fn told(config: &Config) -> String {
    let mut parts: Vec<(&str, String)> = config.location.parts().collect();
    parts.extend(config.client.iter().map(|(name, value)| (name.as_str(), value.clone())));
    parts.retain(|(name, _)| *name != "schema");
    for (name, value) in [
        ("connect_timeout", "5"),
        ("application_name", "portolan"),
        ("client_encoding", "UTF8"),
        // Who is gone without a word is found out in half a minute, not in the two hours that systems take.
        ("keepalives_idle", "10"),
        ("keepalives_interval", "5"),
        ("keepalives_count", "4"),
        ("tcp_user_timeout", "30000"),
    ] {
        if !parts.iter().any(|(told, _)| *told == name) {
            parts.push((name, value.to_owned()));
        }
    }
    let quoted = |value: &str| value.replace('\\', "\\\\").replace('\'', "\\'");
    let parts: Vec<_> = parts.iter().map(|(name, value)| format!("{name}='{}'", quoted(value))).collect();
    parts.join(" ")
}

/// What a connection begins with. Whoever is stuck is ended by the server, and an answered commit is on its disk.
pub(crate) fn session(config: &Config) -> String {
    let schema =
        config.client.iter().find(|(name, _)| name == "schema").map_or(String::new(), |(_, schema)| {
            format!("set search_path = \"{}\";", schema.replace('"', "\"\""))
        });
    let (lock, statement) = (config.lock_timeout.as_millis(), config.statement_timeout.as_millis());
    format!(
        "{schema} set lock_timeout = {lock}; set idle_in_transaction_session_timeout = {lock}; \
         set statement_timeout = {statement}; set synchronous_commit = on; set jit = off; \
         set default_transaction_isolation = 'read committed';"
    )
}

/// What a reader's connection begins with, beside.
pub(crate) fn reading(config: &Config) -> String {
    let idle = config.statement_timeout.as_millis();
    format!("set default_transaction_read_only = on; set idle_in_transaction_session_timeout = {idle}")
}

/// What the writer's connection begins with, beside. Arrays spoil the planner's estimates, and all that this connection
/// does is to find and write rows by their keys.
pub(crate) const WRITING: Option<&str> = Some(
    "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; \
     set plan_cache_mode = force_generic_plan",
);
