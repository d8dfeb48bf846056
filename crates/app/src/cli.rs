//! The command line: what there is to type, and its help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use portolan_kernel::Timestamp;
use uuid::Uuid;

use crate::config::Flags;

/// An auction marketplace on ports and adapters: listings, proxy bids, orders.
#[derive(Debug, Parser)]
#[command(name = "portolan", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit status: 0 done, 1 refused or failed, 2 wrong usage or configuration, 3 a backend cannot be reached; 130 or 143 asked twice to end.\n\
                        Logs go to stderr; PORTOLAN_LOG=debug shows more of them."
)]
pub struct Cli {
    /// Where the parts are.
    #[command(flatten)]
    pub flags: Flags,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// A throw-away market to look at: imports a sample, serves it, says what to try first
    #[cfg(feature = "http")]
    Demo,
    /// Serve HTTP, and run subscriptions, processes and deadlines
    #[cfg(feature = "http")]
    Serve,
    /// Run commands from a file of JSON lines, in order
    Import(Import),
    /// Run one command and wait for the processes that it causes
    Send(Send),
    /// Read a view
    ///
    /// It is brought to the journal's head first. Where it is kept in SQL that fills its own tables, also in the write
    /// store's file, and nothing else there; beside a `serve` that fills it, this waits until that one has come so far.
    Query(Query),
    /// Why a row does not satisfy a specification, or that it does
    Why(Why),
    /// Print the journal
    Events(Events),
    /// Print one aggregate, as it is or as it was
    Show(Show),
    /// How far each subscription is; pause, resume, reset and rebuild them
    #[command(subcommand)]
    Subscriptions(Subscriptions),
    /// The write store: its state, its schema, a check, a backup, a copy, a move
    #[command(subcommand)]
    Store(Store),
    /// What is wired to what: commands, queries, subscriptions, backends
    Describe(Json),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

impl Command {
    /// Whether it goes on until somebody ends it, so that its log is of interest.
    pub(crate) const fn serves(&self) -> bool {
        #[cfg(feature = "http")]
        return matches!(self, Self::Serve | Self::Demo);
        #[cfg(not(feature = "http"))]
        return false;
    }
}

/// `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The file, one JSON object a line; `-` reads from stdin
    pub file: PathBuf,
    /// Write the report here, as JSON
    #[arg(long, value_name = "OUT.json")]
    pub report: Option<PathBuf>,
    /// Count a line that is no command as `malformed` and go on
    #[arg(long)]
    pub keep_going: bool,
}

/// `send`.
#[derive(Debug, Args)]
pub struct Send {
    /// The command, like '{"command": "publish_listing", "listing": "..."}'; `-` reads it from stdin
    #[arg(value_name = "JSON")]
    pub command: String,
}

/// `query`.
#[derive(Debug, Args)]
pub struct Query {
    /// Which view
    pub view: View,
    /// Only these rows: 'status = "published" and price < "50.00 EUR" and title contains "lamp"'
    ///
    /// Text, or JSON like {"op": "eq", "field": "status", "value": "published"}. Comparisons = != < <= > >=, then
    /// in [..], contains, starts with, ends with, ~ (regular expression), is null, search (words); not, and, or,
    /// parentheses; lines any (..) and lines all (..) for collections. docs/guides/filters.md shows each.
    #[arg(long = "where", value_name = "TEXT", allow_hyphen_values = true)]
    pub criteria: Option<String>,
    /// Sort keys, `-` for descending, like `-price.amount,title`
    #[arg(long, value_name = "KEYS", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// At most this many rows [default: every row]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Go on where an earlier page ended
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<String>,
    /// Print how many rows there are instead of the rows
    #[arg(long)]
    pub count: bool,
    /// Print how the query is answered instead of the rows: the store's own query, its indexes, what is left to test
    #[arg(long)]
    pub explain: bool,
    /// Fail unless the view has come to this position
    #[arg(long, value_name = "POSITION")]
    pub at_least: Option<u64>,
    /// How rows are printed.
    #[command(flatten)]
    pub json: Json,
}

/// `why`.
#[derive(Debug, Args)]
pub struct Why {
    /// The row's id: that of a listing, of an order or of a customer, or a day and a currency, like 2026-01-05/EUR
    pub id: String,
    /// What it is, where an id is that of several: listing, order, customer, totals
    #[arg(long = "type", value_name = "TYPE")]
    pub row_type: Option<String>,
    /// The specification, as text or JSON: 'status = "published" and price < "50.00 EUR"'
    #[arg(value_name = "SPEC", allow_hyphen_values = true)]
    pub criteria: String,
    /// How reasons are printed.
    #[command(flatten)]
    pub json: Json,
}

/// The views.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum View {
    /// Listings with their current price
    Listings,
    /// Orders with their lines
    Orders,
    /// What each customer ordered and spent
    Customers,
    /// What happened in a day, by currency
    Totals,
}

impl View {
    /// As it is written on the command line; the subscription that fills it has the same name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Listings => "listings",
            Self::Orders => "orders",
            Self::Customers => "customers",
            Self::Totals => "totals",
        }
    }
}

/// `events`.
#[derive(Debug, Args)]
pub struct Events {
    /// Begin with this position
    #[arg(long, value_name = "POSITION", default_value_t = 1)]
    pub from: u64,
    /// Only what happened to this aggregate
    #[arg(long, value_name = "ID")]
    pub aggregate: Option<Uuid>,
    /// Wait for more at the end
    #[arg(long)]
    pub follow: bool,
    /// At most this many [default: all]
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// How rows are printed.
    #[command(flatten)]
    pub json: Json,
}

/// `show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The aggregate
    pub id: Uuid,
    /// Its type, where an id is that of several: listing, order
    #[arg(long = "type", value_name = "TYPE")]
    pub aggregate_type: Option<String>,
    /// As it was at this version
    #[arg(long, value_name = "N", conflicts_with = "as_of")]
    pub at_version: Option<u64>,
    /// As it was at this time, by when its events occurred
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<Timestamp>,
    /// How rows are printed.
    #[command(flatten)]
    pub json: Json,
}

/// `subscriptions`.
#[derive(Debug, Subcommand)]
pub enum Subscriptions {
    /// Position, lag and state of each
    List(Json),
    /// Stop one in every process until it is resumed
    Pause {
        /// Its name
        name: String,
    },
    /// Let one go on that was paused, or that stopped at an event
    Resume {
        /// Its name
        name: String,
    },
    /// Move one's checkpoint, back included
    Reset {
        /// Its name
        name: String,
        /// Where to
        #[arg(long, value_name = "POSITION", default_value_t = 0)]
        to: u64,
        /// Why; it is kept
        #[arg(long)]
        reason: String,
    },
    /// Empty a read model that is kept in a store, and fill it anew from the first event
    Rebuild {
        /// Its name
        name: String,
    },
}

/// `store`.
#[derive(Debug, Subcommand)]
pub enum Store {
    /// Bring the schema up to this program's
    Migrate,
    /// Replay the journal, compare it with the stored state, print every difference
    Check(Json),
    /// Write a consistent copy, also beside a running `serve`
    Backup {
        /// The new file
        file: PathBuf,
    },
    /// What the store is and holds
    Info(Json),
    /// Copy one store into another, of any kind, and compare both; goes on where it was broken off
    Copy(StoreCopy),
    /// Move a store that is in use: copy it, let it stand still for a moment, and go on with the copy
    Switch(StoreSwitch),
}

/// `store copy`.
#[derive(Debug, Args)]
pub struct StoreCopy {
    /// The store that is copied; it is only read
    #[arg(long, value_name = "URL")]
    pub from: String,
    /// An empty store, which is made where there is none: sqlite:new.db?storage=document
    #[arg(long, value_name = "URL")]
    pub to: String,
    /// Go on copying what is written to the source, until Ctrl-C or until `store switch` ends the copy
    ///
    /// The copy stays unfinished, and opens for nothing else; the same command goes on with it.
    #[arg(long)]
    pub follow: bool,
    /// How what was copied is printed.
    #[command(flatten)]
    pub json: Json,
}

/// `store switch`.
#[derive(Debug, Args)]
pub struct StoreSwitch {
    /// The store that is in use
    #[arg(long, value_name = "URL")]
    pub from: String,
    /// The store to go on with: an empty one, which is made where there is none, or an unfinished copy of the other
    #[arg(long, value_name = "URL")]
    pub to: String,
    /// Let the source take commands again, as long as the target took none
    #[arg(long)]
    pub undo: bool,
    /// How long the source may stand still before it takes commands again; until whoever serves it goes on with the target,
    /// it is some 200 ms more
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub at_most: u64,
    /// How what was done is printed.
    #[command(flatten)]
    pub json: Json,
}

/// How rows are printed.
#[derive(Debug, Clone, Copy, Args)]
pub struct Json {
    /// One JSON object a line, rather than a table
    #[arg(long)]
    pub json: bool,
}
