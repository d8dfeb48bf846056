//! The program on PostgreSQL and MariaDB. Where `PORTOLAN_TEST_POSTGRES` and `PORTOLAN_TEST_MARIADB` name no server, these
//! tests are left out and say so.

mod copying;
mod ending;
mod faults;
mod lost;
mod processes;
mod proxy;
mod refusals;
mod switching;
mod texts;
mod trading;
mod viewing;
