//! The end of the program, beside the end of the client libraries that it uses.

use crate::support::database::on_each_server;
use crate::support::place::Place;
use crate::support::server::Server;

/// OpenSSL frees at the process's end what it frees at a thread's: both at once crashed one program in three hundred,
/// which said what it was asked and left with a signal.
#[test]
fn programs_that_are_done_in_a_moment_end_cleanly() {
    const AT_ONCE: usize = 8;
    const EACH: usize = 50;
    on_each_server(|database| {
        let place = Place::on(database.url());
        Server::start(&place).end();
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| (0..EACH).for_each(|_| drop(place.run(&["store", "info"]).ok())));
            }
        });
    });
}
