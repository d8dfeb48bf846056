//! The keys as flags of every subcommand.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use figment::value::{Dict, Value};

use super::{Switch, address};

/// The same keys as flags, valid before and after the subcommand.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Configuration (also portolan.toml and PORTOLAN_* variables)")]
pub struct Flags {
    /// Configuration file [default: portolan.toml, where there is one]
    #[arg(long, global = true, value_name = "FILE", env = "PORTOLAN_CONFIG")]
    pub config: Option<PathBuf>,

    /// Write store and journal; a new one keeps aggregates as `?storage=relational`, `document` or `events` says
    /// [default: sqlite:portolan.db]
    #[arg(long, global = true, value_name = "URL")]
    pub write: Option<String>,

    /// The write store that a running `serve` goes on with when `store switch` moves the present one there: where that needs
    /// a user or a password, which no store says of another
    #[arg(long = "next-write", alias = "next_write", global = true, value_name = "URL")]
    pub next_write: Option<String>,

    /// Every read model [default: memory:]
    #[arg(long, global = true, value_name = "URL")]
    pub read: Option<String>,

    /// The read model of listings alone
    #[arg(long = "read.listings", global = true, value_name = "URL")]
    pub read_listings: Option<String>,

    /// The read model of orders alone
    #[arg(long = "read.orders", global = true, value_name = "URL")]
    pub read_orders: Option<String>,

    /// The read model of customers alone
    #[arg(long = "read.customers", global = true, value_name = "URL")]
    pub read_customers: Option<String>,

    /// The read model of totals alone
    #[arg(long = "read.totals", global = true, value_name = "URL")]
    pub read_totals: Option<String>,

    /// Where a relay is to publish; there is none yet, so that nothing is published [default: memory:]
    #[arg(long, global = true, value_name = "URL")]
    pub broker: Option<String>,

    /// Address of the HTTP server; port 0 picks a free one [default: 127.0.0.1:7000]
    #[arg(long, global = true, value_name = "HOST:PORT", value_parser = address)]
    pub listen: Option<SocketAddr>,

    /// Days that a command id given over HTTP is kept [default: 7]
    #[arg(long = "idempotency-days", alias = "idempotency_days", global = true, value_name = "DAYS")]
    pub idempotency_days: Option<u32>,

    /// Whether listings close by themselves [default: on]
    #[arg(long, global = true, value_name = "ON|OFF")]
    pub deadlines: Option<Switch>,

    /// Whether sales become orders [default: on]
    #[arg(long, global = true, value_name = "ON|OFF")]
    pub processes: Option<Switch>,
}

impl Flags {
    /// Those that were given, by key.
    pub(super) fn values(&self) -> BTreeMap<&'static str, Value> {
        let mut values = BTreeMap::new();
        let mut set = |key, value: Option<Value>| {
            if let Some(value) = value {
                values.insert(key, value);
            }
        };
        let text = |value: &Option<String>| value.clone().map(Value::from);
        set("write", text(&self.write));
        set("next_write", text(&self.next_write));
        set("broker", text(&self.broker));
        set("listen", self.listen.map(|address| address.to_string().into()));
        set("idempotency_days", self.idempotency_days.map(Into::into));
        let switch =
            |value: Option<Switch>| value.map(|value| if value.is_on() { "on" } else { "off" }.into());
        set("deadlines", switch(self.deadlines));
        set("processes", switch(self.processes));
        let read: Dict = [
            ("default", &self.read),
            ("listings", &self.read_listings),
            ("orders", &self.read_orders),
            ("customers", &self.read_customers),
            ("totals", &self.read_totals),
        ]
        .into_iter()
        .filter_map(|(key, url)| Some((key.to_owned(), url.clone()?.into())))
        .collect();
        set("read", (!read.is_empty()).then(|| read.into()));
        values
    }
}
