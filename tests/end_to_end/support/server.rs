//! A running `serve`.

use std::cell::RefCell;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};

use super::http::Client;
use super::place::Place;
use super::{program, wait};

/// `portolan serve` that takes requests; killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub(crate) address: String,
    stderr: Receiver<String>,
    said: RefCell<Vec<String>>,
}

impl Server {
    /// Serves the store of this place on a free port.
    pub(crate) fn start(place: &Place) -> Self {
        Self::start_with(place, &[])
    }

    /// The same, with further arguments.
    pub(crate) fn start_with(place: &Place, arguments: &[&str]) -> Self {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(arguments);
        Self::spawn(command)
    }

    /// Starts this command line and waits until it says where it listens.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let stdout = lines(child.stdout.take().expect("piped"));
        let stderr = lines(child.stderr.take().expect("piped"));
        let address = loop {
            match stdout.recv_timeout(wait::LONG) {
                Ok(line) => {
                    if let Some(address) = line.strip_prefix("listening on ") {
                        break address.trim().to_owned();
                    }
                }
                Err(_) => {
                    let _ = child.kill();
                    let said: Vec<_> = stderr.try_iter().collect();
                    panic!("the server did not come up: {}", said.join("\n"));
                }
            }
        };
        Self { child, address, stderr, said: RefCell::default() }
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// A client of it.
    pub(crate) fn client(&self) -> Client {
        Client::of(&self.address)
    }

    /// Sends a signal by name: `TERM`, `INT`.
    pub(crate) fn signal(&self, name: &str) {
        program::signal(self.id(), name);
    }

    /// Asks it to end, and waits until it has, with status 0.
    pub(crate) fn end(mut self) {
        self.signal("TERM");
        let status = self.ended();
        assert!(status.success(), "{status}: {}", self.said());
    }

    /// Kills it without a chance to clean up.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Waits until it has ended by itself, and all that it said has been read.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let status = wait::until("the server ends", || self.child.try_wait().expect("it can be asked"));
        while let Ok(line) = self.stderr.recv_timeout(wait::LONG) {
            self.said.borrow_mut().push(line);
        }
        status
    }

    /// What it has written to stderr so far.
    pub(crate) fn said(&self) -> String {
        self.said.borrow_mut().extend(self.stderr.try_iter());
        self.said.borrow().join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a stream, as they come. It is read to its end, whether anybody wants them: a program whose reader
/// goes away ends.
fn lines(stream: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}
