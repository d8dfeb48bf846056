//! The real program, driven as a user drives it: arguments, files, signals, HTTP.
#![cfg(test)]

mod support;

mod command_line;
mod deadlines;
mod demo;
mod faults;
mod http_conditions;
mod http_errors;
mod http_hostile;
mod import;
mod import_killed;
mod import_order;
mod read_models;
mod reading;
mod secrets;
mod sending;
mod serve;
mod servers;
mod shutdown;
mod side_by_side;
mod store_backup;
mod store_broken_off;
mod store_check;
mod store_switch;
mod store_switch_views;
mod subscriptions;
mod two_servers;
