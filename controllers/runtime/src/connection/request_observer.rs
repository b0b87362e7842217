//! Who is told of each request.

use std::time::Duration;

use super::Lane;

/// A request that has ended; a stream counts as ended when its first line is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ObservedRequest<'a> {
    /// What it was for.
    pub lane: Lane,
    /// HTTP method.
    pub method: &'static str,
    /// The server's host and port.
    pub host: &'a str,
    /// The status code; `None` where no answer came.
    pub code: Option<u16>,
    /// From the call to the answer, waiting for a connection included.
    pub took: Duration,
}

/// Receives every request that has ended, for `rest_client_requests_total` and its like. Called from many tasks.
pub trait RequestObserver: Send + Sync {
    /// A request has ended.
    fn request_ended(&self, request: ObservedRequest<'_>);
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRequestObserver;

impl RequestObserver for NoRequestObserver {
    fn request_ended(&self, _request: ObservedRequest<'_>) {}
}
