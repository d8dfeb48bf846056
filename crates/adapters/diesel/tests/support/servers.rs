//! Stores on database servers: each in a schema or a database of its own, which is dropped with its place.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use portolan_kernel::{Error, Result};

/// A server that tests run on: how it is called, and which variable says where it is.
pub struct Server {
    pub name: &'static str,
    pub variable: &'static str,
}

pub const POSTGRES: Server = Server { name: "postgres", variable: "PORTOLAN_TEST_POSTGRES" };
pub const MARIADB: Server = Server { name: "mariadb", variable: "PORTOLAN_TEST_MARIADB" };

/// The servers that must be there, by their names: without them a test fails rather than being left out.
const REQUIRE: &str = "PORTOLAN_TEST_REQUIRE";

/// Why nothing was tried.
pub const NO_SERVER: &str =
    "there is no server; start one with `docker compose up -d`, and name it as README.md says";

impl Server {
    /// Its URL; `None` where it is not there and need not be.
    pub fn url(&self) -> Option<String> {
        let url = std::env::var(self.variable).ok();
        let required = std::env::var(REQUIRE).unwrap_or_default();
        let is_required = required.split(',').any(|name| name == self.name);
        assert!(url.is_some() || !is_required, "{} is required, and {} is not set", self.name, self.variable);
        url
    }

    /// Its URL, where the test cannot do without.
    pub fn required_url(&self) -> Result<String> {
        self.url().ok_or_else(|| Error::unavailable(format!("{} is not set", self.variable)))
    }
}

/// A name that no other test of this machine has.
pub fn unique_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("portolan_test_{}_{number}", std::process::id())
}

/// How long leases last in tests: a server's clock has to be waited for.
pub const LEASE: Duration = Duration::from_millis(1_500);

/// What a place on a server runs when it goes.
pub struct Dropped<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for Dropped<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// A harness for an engine on a server: the same but for the types that each engine has of its own.
macro_rules! server_harness {
    ($harness:ident, $engine:ident, $server:expr, $place:expr) => {
        /// Stores on the server that the environment names.
        #[derive(Default)]
        pub struct $harness {
            storage: portolan_diesel::Storage,
            kept: $crate::support::kept::Kept,
        }

        impl $harness {
            /// Aggregates are kept like this; snapshots are close together, so that tests have some.
            pub fn keeping(storage: portolan_diesel::Storage) -> Self {
                Self { storage, ..Self::default() }
            }

            /// They keep this.
            pub fn of(self, kept: $crate::support::kept::Kept) -> Self {
                Self { kept, ..self }
            }
        }

        /// The store behind these ports.
        fn store_of(
            ports: &portolan_testkit::WritePorts,
        ) -> portolan_kernel::Result<&portolan_diesel::$engine::Store> {
            ports.own().ok_or_else(|| portolan_kernel::Error::NotFound("the store".to_owned()))
        }

        #[async_trait::async_trait]
        impl portolan_testkit::WriteHarness for $harness {
            fn capabilities(&self) -> portolan_testkit::Capabilities {
                match $server.url() {
                    Some(_) => portolan_testkit::Capabilities::all(),
                    None => portolan_testkit::Capabilities::out_of_reach($crate::support::servers::NO_SERVER),
                }
            }

            fn registry(&self) -> portolan_kernel::Registry {
                (self.kept.registry)()
            }

            async fn place(&self) -> portolan_kernel::Result<portolan_testkit::Place> {
                let server = $server.required_url()?;
                let place = move || $place(&server);
                tokio::task::spawn_blocking(place)
                    .await
                    .map_err(|error| portolan_kernel::Error::unavailable(error.to_string()))?
            }

            async fn open(
                &self,
                address: &str,
                clock: std::sync::Arc<dyn portolan_kernel::Clock>,
            ) -> portolan_kernel::Result<portolan_testkit::WritePorts> {
                use portolan_diesel::$engine::{Config, OpenMode, Store};
                let config: Config = address.parse()?;
                let config = Config { storage: Some(self.storage), snapshot_every: 3, ..config };
                let kept = self.kept;
                let opening = tokio::task::spawn_blocking(move || {
                    let (registry, mappers) = ((kept.registry)(), (kept.mappers)());
                    Store::open(&config, OpenMode::ReadWrite, &registry, &mappers, clock)
                });
                let store = opening
                    .await
                    .map_err(|error| portolan_kernel::Error::unavailable(error.to_string()))??;
                let polling = store.clone();
                let ports = portolan_testkit::WritePorts::of(std::sync::Arc::new(store));
                let count = std::sync::Arc::new(move || polling.polls());
                let polls = portolan_testkit::Polls { count, per_second: Store::POLLS_PER_SECOND };
                Ok(portolan_testkit::WritePorts { polls: Some(polls), ..ports })
            }

            async fn close(&self, ports: portolan_testkit::WritePorts) -> portolan_kernel::Result<()> {
                store_of(&ports)?.close().await
            }

            async fn hold(
                &self,
                address: &str,
                change_set: &portolan_kernel::ChangeSet,
            ) -> portolan_kernel::Result<portolan_testkit::Holder> {
                let (address, change_set) = (address.to_owned(), change_set.clone());
                let held = tokio::task::spawn_blocking(move || hold(&address, &change_set)).await;
                held.map_err(|error| portolan_kernel::Error::unavailable(error.to_string()))?
            }

            async fn left_open(&self, address: &str) -> portolan_kernel::Result<Vec<String>> {
                let address = address.to_owned();
                let left = tokio::task::spawn_blocking(move || left_open(&address)).await;
                left.map_err(|error| portolan_kernel::Error::unavailable(error.to_string()))?
            }

            async fn findings(
                &self,
                ports: &portolan_testkit::WritePorts,
            ) -> portolan_kernel::Result<Vec<String>> {
                let mut findings = Vec::new();
                let tell = |check| {
                    if let portolan_diesel::$engine::Check::Found(finding) = check {
                        findings.push(finding.to_string());
                    }
                };
                store_of(ports)?.check(tell).await?;
                Ok(findings)
            }

            async fn reset_records(
                &self,
                ports: &portolan_testkit::WritePorts,
                subscription: &portolan_kernel::SubscriptionId,
            ) -> portolan_kernel::Result<Vec<(portolan_kernel::Position, portolan_kernel::Reset)>> {
                let resets = store_of(ports)?.resets(subscription).await?;
                Ok(resets.into_iter().map(|recorded| (recorded.from, recorded.reset)).collect())
            }

            async fn pass(&self, _clock: &portolan_testkit::ManualClock, time: std::time::Duration) {
                // The server's clock cannot be moved.
                tokio::time::sleep(time).await;
            }
        }
    };
}

/// The same for the views of an engine on a server: both of a pair in one store.
macro_rules! server_views {
    ($harness:ident, $engine:ident, $server:expr, $place:expr) => {
        /// Views on the server that the environment names.
        #[derive(Default)]
        pub struct $harness {
            /// Held until the test is over.
            places: std::sync::Mutex<Vec<portolan_testkit::Place>>,
        }

        impl $harness {
            /// A new store.
            async fn store(&self) -> portolan_kernel::Result<portolan_diesel::$engine::Store> {
                use portolan_diesel::$engine::{Config, OpenMode, Store};
                let server = $server.required_url()?;
                let opening = tokio::task::spawn_blocking(move || {
                    let place = $place(&server)?;
                    let config: Config = format!("{}&readers=2", place.address).parse()?;
                    let clock = std::sync::Arc::new(portolan_testkit::ManualClock::default());
                    let (registry, mappers) =
                        (portolan_kernel::Registry::new(), portolan_diesel::Mappers::new());
                    Ok((place, Store::open(&config, OpenMode::ReadWrite, &registry, &mappers, clock)?))
                });
                let (place, store) = opening
                    .await
                    .unwrap_or_else(|error| Err(portolan_kernel::Error::unavailable(error.to_string())))?;
                self.places.lock().unwrap().push(place);
                Ok(store)
            }
        }

        #[async_trait::async_trait]
        impl portolan_testkit::ReadHarness for $harness {
            fn capabilities(&self) -> portolan_testkit::Capabilities {
                match $server.url() {
                    Some(_) => portolan_testkit::Capabilities::all(),
                    None => portolan_testkit::Capabilities::out_of_reach($crate::support::servers::NO_SERVER),
                }
            }

            async fn models(&self) -> portolan_kernel::Result<[portolan_testkit::ReadModel; 2]> {
                let store = self.store().await?;
                let mut models = Vec::new();
                for name in ["counters", "others"] {
                    let (view, filling) =
                        store.view(name, 1, portolan_testkit::counter::CounterProjector).await?;
                    models.push(portolan_testkit::ReadModel {
                        repository: std::sync::Arc::new(view),
                        projection: std::sync::Arc::new(filling),
                    });
                }
                models.try_into().map_err(|_| portolan_kernel::Error::unavailable("there are two models"))
            }

            async fn specimens(
                &self,
            ) -> portolan_kernel::Result<
                portolan_testkit::ReadModel<
                    portolan_testkit::specimen::Specimen,
                    portolan_testkit::specimen::SpecimenEvent,
                >,
            > {
                let projector = portolan_testkit::specimen::SpecimenProjector;
                let (view, filling) = self.store().await?.view("specimens", 1, projector).await?;
                Ok(portolan_testkit::ReadModel {
                    repository: std::sync::Arc::new(view),
                    projection: std::sync::Arc::new(filling),
                })
            }
        }
    };
}

pub(crate) use {server_harness, server_views};
