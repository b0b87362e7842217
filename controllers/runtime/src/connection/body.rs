//! A request's body that knows whether it has left.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use thiserror::Error;

/// Whether a request may still leave, and whether it has. Shared by the request's body, the pool and whoever waits.
///
/// A server cannot act on a request whose body never came. So a request with a body counts as sent from the moment when the
/// connection takes the body, which it does once the stream is open; whatever goes wrong before has certainly changed nothing.
#[derive(Debug)]
pub(super) struct Gate {
    sent: AtomicBool,
    /// When it was first taken by a connection.
    taken: OnceLock<Instant>,
    send_by: Option<Instant>,
}

impl Gate {
    pub(super) fn new(send_by: Option<Instant>) -> Arc<Gate> {
        Arc::new(Gate { sent: AtomicBool::new(false), taken: OnceLock::new(), send_by })
    }

    pub(super) fn is_sent(&self) -> bool {
        self.sent.load(Ordering::Acquire)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.send_by.is_some_and(|send_by| Instant::now() >= send_by)
    }

    /// When a connection took the request.
    pub(super) fn taken(&self) -> Option<Instant> {
        self.taken.get().copied()
    }

    fn set_sent(&self, sent: bool) {
        if sent {
            self.taken.get_or_init(Instant::now);
        }
        self.sent.store(sent, Ordering::Release);
    }
}

/// The moment has passed until which a request could be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the deadline for sending has passed")]
pub(super) struct TooLate;

/// The body of a request: all of it in one piece, or nothing.
#[derive(Debug)]
pub(super) struct RequestBody {
    bytes: Option<Bytes>,
    gate: Arc<Gate>,
}

impl RequestBody {
    pub(super) fn new(bytes: Bytes, gate: Arc<Gate>) -> RequestBody {
        RequestBody { bytes: Some(bytes).filter(|bytes| !bytes.is_empty()), gate }
    }

    /// The request is about to be handed to a connection. Without a body there is nothing to tell when it leaves, so it counts as sent now.
    pub(super) fn hand_over(&self) -> Result<(), TooLate> {
        if self.gate.is_closed() {
            return Err(TooLate);
        }
        if self.bytes.is_none() {
            self.gate.set_sent(true);
        }
        Ok(())
    }

    /// The connection has given the request back untouched.
    pub(super) fn take_back(&self) {
        self.gate.set_sent(false);
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = TooLate;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TooLate>>> {
        let Some(bytes) = self.bytes.take() else { return Poll::Ready(None) };
        if self.gate.is_closed() {
            return Poll::Ready(Some(Err(TooLate)));
        }
        self.gate.set_sent(true);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, Bytes::len) as u64)
    }
}
