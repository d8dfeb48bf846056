//! A small HTTP client: one kept-alive connection, requests that were built before.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The longest answer that is read.
const LONGEST: usize = 64 * 1024;

/// A connection that is kept alive.
pub(super) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Those of the system.
    pub(super) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(1_024) })
    }

    /// Sends a whole request, reads the whole answer, and answers its status.
    ///
    /// # Errors
    /// Those of the system; `InvalidData` for an answer without a `content-length`, and for one that is too long.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match Answer::parse(&self.answer)? {
                Some(answer) if self.answer.len() >= answer.length => return Ok(answer.status),
                _ if self.answer.len() >= LONGEST => return Err(invalid("an answer that is too long")),
                _ => {}
            }
        }
    }
}

struct Answer {
    status: u16,
    /// Of head and body together.
    length: usize,
}

impl Answer {
    /// None while the head is not whole.
    fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
        let head = std::str::from_utf8(&bytes[..end]).map_err(|_| invalid("a head that is not text"))?;
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        match (status, length) {
            (Some(status), Some(length)) => Ok(Some(Self { status, length: end + 4 + length })),
            _ => Err(invalid("an answer without status and content-length")),
        }
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let answer = Answer::parse(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{").unwrap().unwrap();
        assert_eq!((answer.status, answer.length), (200, 40));
        assert!(Answer::parse(b"HTTP/1.1 200 OK\r\nContent-Le").unwrap().is_none());
        assert!(Answer::parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
