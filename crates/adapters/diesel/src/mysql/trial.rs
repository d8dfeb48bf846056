//! Where tests of what every engine shares keep their stores on this one.

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;

use super::{Config, Conn};
use crate::trial::{Dropped, server, unique_name};

/// A store that is not there yet, and goes with this.
pub(super) struct Place {
    pub(super) config: Config,
    _dropped: Dropped,
}

/// In a database of its own; none where there is no server.
pub(super) fn place() -> Option<Place> {
    let server = server("mariadb", "PORTOLAN_TEST_MARIADB")?;
    let database = unique_name();
    let (base, _) = server.rsplit_once('/').unwrap();
    let config = format!("{base}/{database}?readers=1").parse().unwrap();
    let run = move |sql: &str| Conn::establish(&server).unwrap().batch_execute(sql);
    run(&format!("create database {database}")).unwrap();
    let dropped = move || drop(run(&format!("drop database {database}")));
    Some(Place { config, _dropped: Dropped(Box::new(dropped)) })
}

/// Where there are several connections: everywhere.
pub(super) fn shared_place() -> Option<Place> {
    place()
}
