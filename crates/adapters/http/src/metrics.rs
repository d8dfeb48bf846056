//! What is counted. No label holds an id, an amount, or any text of a caller's.

use std::fmt::{self, Write};
use std::hash::{Hash, Hasher};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::extract::MatchedPath;
use axum::http::{Method, StatusCode};
use portolan_kernel::{CommandError, Position, Receipt};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::health::Part;

/// Upper bounds in seconds: from a read out of memory to a command that waits for its turn.
const SECONDS: [f64; 12] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0];

/// Everything that is counted, and the page that shows it.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    commands: Family<CommandLabels, Counter>,
    head: Gauge<u64, AtomicU64>,
    waiting: Gauge,
    positions: Family<PartLabels, Gauge<u64, AtomicU64>>,
    lags: Family<PartLabels, Gauge<u64, AtomicU64>>,
}

/// What one request was, for [`Metrics::request`].
#[derive(Clone)]
pub(crate) struct RouteLabels {
    pub(crate) method: Method,
    /// The template that matched; `None` for an address without a route.
    pub(crate) route: Option<MatchedPath>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct RequestLabels {
    route: RouteLabels,
    status: StatusCode,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CommandLabels {
    command: &'static str,
    outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartLabels {
    part: String,
}

/// A refusal's code, or what else came of a command.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Outcome(std::borrow::Cow<'static, str>);

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("portolan");
        let requests = Family::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        let histogram: fn() -> Histogram = || Histogram::new(SECONDS);
        let durations = Family::new_with_constructor(histogram);
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request's head to its answer's",
            Unit::Seconds,
            durations.clone(),
        );
        let commands = Family::default();
        registry.register("commands", "Commands by name and outcome", commands.clone());
        let head = Gauge::default();
        registry.register("journal_head", "The journal's last position", head.clone());
        let waiting = Gauge::default();
        registry.register(
            "commands_waiting",
            "Commands that wait for the store to commit them",
            waiting.clone(),
        );
        let positions = Family::default();
        registry.register("position", "How far a part has come in the journal", positions.clone());
        let lags = Family::default();
        registry.register("lag", "How far a part is behind the journal's head", lags.clone());
        Self { registry, requests, durations, commands, head, waiting, positions, lags }
    }

    pub(crate) fn request(&self, route: RouteLabels, status: StatusCode, took: Duration) {
        self.durations.get_or_create(&route).observe(took.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { route, status }).inc();
    }

    pub(crate) fn command(&self, command: &'static str, outcome: &Result<Receipt, CommandError>) {
        let outcome = Outcome(match outcome {
            Ok(_) => "accepted".into(),
            Err(CommandError::Refused(refusal)) => refusal.code.clone(),
            Err(CommandError::Reused { .. }) => "idempotency_key_reused".into(),
            Err(CommandError::InProgress { .. }) => "in_progress".into(),
            Err(CommandError::Failed(error)) => error.code().into(),
        });
        self.commands.get_or_create(&CommandLabels { command, outcome }).inc();
    }

    /// The page, with how the parts are just now.
    pub(crate) fn page(&self, head: Option<Position>, parts: &[Part], waiting: Option<usize>) -> String {
        if let Some(head) = head {
            self.head.set(head.get());
        }
        self.waiting.set(waiting.and_then(|waiting| waiting.try_into().ok()).unwrap_or(0));
        for part in parts {
            let Some(position) = part.position else { continue };
            let labels = PartLabels { part: part.name.to_string() };
            self.positions.get_or_create(&labels).set(position.get());
            let lag = head.unwrap_or(position).get().saturating_sub(position.get());
            self.lags.get_or_create(&labels).set(lag);
        }
        let mut page = String::new();
        // Writing to a text cannot fail.
        let _ = text::encode_registry(&mut page, &self.registry);
        process(&mut page);
        page.push_str("# EOF\n");
        page
    }
}

/// What the system knows of this process, where it says so in `/proc`.
fn process(page: &mut String) {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let mut gauge = |name: &str, help: &str, value: Option<u64>| {
        if let Some(value) = value {
            let _ = writeln!(page, "# HELP {name} {help}.\n# TYPE {name} gauge\n{name} {value}");
        }
    };
    let resident_bytes = field("VmRSS:").map(|kibibytes| kibibytes * 1024);
    gauge("process_resident_memory_bytes", "Resident memory", resident_bytes);
    gauge("process_threads", "Threads", field("Threads:"));
    let files = std::fs::read_dir("/proc/self/fd").map(|files| files.count() as u64).ok();
    gauge("process_open_fds", "Open file descriptors", files);
}

impl RouteLabels {
    fn route(&self) -> &str {
        self.route.as_ref().map_or("none", MatchedPath::as_str)
    }

    /// A method that anybody made up is no label.
    fn method(&self) -> &str {
        match self.method.as_str() {
            known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known,
            _ => "other",
        }
    }
}

impl PartialEq for RouteLabels {
    fn eq(&self, other: &Self) -> bool {
        self.method() == other.method() && self.route() == other.route()
    }
}

impl Eq for RouteLabels {}

impl Hash for RouteLabels {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.method().hash(hasher);
        self.route().hash(hasher);
    }
}

impl fmt::Debug for RouteLabels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method(), self.route())
    }
}

impl EncodeLabelSet for RouteLabels {
    fn encode(&self, encoder: &mut prometheus_client::encoding::LabelSetEncoder<'_>) -> fmt::Result {
        use prometheus_client::encoding::EncodeLabel;
        ("method", self.method()).encode(encoder.encode_label())?;
        ("route", self.route()).encode(encoder.encode_label())
    }
}

impl EncodeLabelValue for Outcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        encoder.write_str(&self.0)
    }
}

impl fmt::Debug for RequestLabels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} {}", self.route, self.status.as_u16())
    }
}

impl EncodeLabelSet for RequestLabels {
    fn encode(&self, encoder: &mut prometheus_client::encoding::LabelSetEncoder<'_>) -> fmt::Result {
        use prometheus_client::encoding::EncodeLabel;
        self.route.encode(encoder)?;
        ("status", self.status.as_u16()).encode(encoder.encode_label())
    }
}
