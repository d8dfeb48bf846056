//! A connection that answers, waits and ends better than the protocol's library does by itself.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::problem::Problem;

/// How long a connection is read and thrown away after the last answer.
const LINGER_TIME: Duration = Duration::from_secs(2);

/// How much of it.
const LINGER_BYTES: usize = 64 * 1024 * 1024;

/// The longest bare answer of hyper's.
const BARE_BYTES: usize = 256;

/// A byte stream with three additions.
///
/// - A head that does not parse or is too large is answered by hyper with a status and nothing else; here that
///   becomes a problem document, and 414 where it was the request line that did not end.
/// - A client that takes nothing of its answer for `write_timeout` is hung up on.
/// - At the end, what the client still sends is read and thrown away for a moment: a close with unread data
///   would be a reset, and the reset would destroy the answer on its way.
pub(super) struct Guarded<S> {
    stream: S,
    write_timeout: Duration,
    /// Runs while the client takes nothing.
    stall: Option<Pin<Box<Sleep>>>,
    /// What is written in place of a bare answer.
    replacement: Option<Replacement>,
    /// Whether a line has ended since the last answer.
    line_ended: bool,
    peer_ended: bool,
    linger: Option<Linger>,
}

struct Replacement {
    bytes: Vec<u8>,
    written: usize,
}

struct Linger {
    deadline: Pin<Box<Sleep>>,
    scratch: Box<[u8]>,
    thrown_away: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Guarded<S> {
    pub(super) const fn new(stream: S, write_timeout: Duration) -> Self {
        Self {
            stream,
            write_timeout,
            stall: None,
            replacement: None,
            line_ended: false,
            peer_ended: false,
            linger: None,
        }
    }

    /// What a write came to, unless the client has taken nothing for too long.
    fn unless_stalled<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stall = None;
            return written;
        }
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(self.write_timeout)));
        ready!(stall.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing of its answer")))
    }

    /// Writes the replacement to its end, then says that the `replaced` bytes are written.
    fn poll_replace(&mut self, context: &mut Context<'_>, replaced: usize) -> Poll<io::Result<usize>> {
        while let Some(replacement) = &mut self.replacement {
            let rest = &replacement.bytes[replacement.written..];
            if rest.is_empty() {
                self.replacement = None;
                break;
            }
            let written = Pin::new(&mut self.stream).poll_write(context, rest);
            let written = ready!(self.unless_stalled(written, context))?;
            if written == 0 {
                return Poll::Ready(Ok(0));
            }
            if let Some(replacement) = &mut self.replacement {
                replacement.written += written;
            }
        }
        Poll::Ready(Ok(replaced))
    }

    /// Reads until the client has ended too, or has had its time and its bytes.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let linger = self.linger.get_or_insert_with(|| Linger {
            deadline: Box::pin(sleep(LINGER_TIME)),
            scratch: vec![0; 16 * 1024].into(),
            thrown_away: 0,
        });
        while linger.thrown_away < LINGER_BYTES {
            let mut buffer = ReadBuf::new(&mut linger.scratch);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    linger.thrown_away += buffer.filled().len();
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return linger.deadline.as_mut().poll(context),
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let read = &buffer.filled()[before..];
        self.peer_ended |= read.is_empty();
        self.line_ended = self.line_ended || read.contains(&b'\n');
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.replacement.is_none() {
            let line_ended = std::mem::take(&mut self.line_ended);
            self.replacement = replacement(bytes, line_ended);
        }
        if self.replacement.is_some() {
            return self.poll_replace(context, bytes.len());
        }
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.unless_stalled(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [bytes] = slices {
            return self.poll_write(context, bytes);
        }
        self.line_ended = false;
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.unless_stalled(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.unless_stalled(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            let shut = Pin::new(&mut self.stream).poll_shutdown(context);
            ready!(self.unless_stalled(shut, context))?;
        }
        if !self.peer_ended {
            ready!(self.poll_linger(context));
        }
        Poll::Ready(Ok(()))
    }
}

/// The problem document that says what this bare answer says; `None` where it is none.
///
/// No other bytes look like one: the texts in bodies of this crate are JSON, which has no line ends in it.
fn replacement(bytes: &[u8], line_ended: bool) -> Option<Replacement> {
    let code = bytes.strip_prefix(b"HTTP/1.1 4")?;
    let is_bare = bytes.len() <= BARE_BYTES
        && bytes.ends_with(b"\r\n\r\n")
        && bytes.windows(19).any(|window| window == b"content-length: 0\r\n");
    if !is_bare {
        return None;
    }
    let problem = match code.get(..2)? {
        b"31" if line_ended => Problem::head_too_large(),
        b"31" | b"14" => Problem::url_too_long(),
        _ => Problem::malformed("this is not an HTTP request"),
    };
    Some(Replacement { bytes: on_the_wire(&problem), written: 0 })
}

fn on_the_wire(problem: &Problem) -> Vec<u8> {
    let body = problem.to_json();
    let status: StatusCode = problem.status();
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(&body);
    bytes
}
