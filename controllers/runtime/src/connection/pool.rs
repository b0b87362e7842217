//! A few connections to one server, and which of them a request takes.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use tower::BoxError;

use super::body::RequestBody;
use super::connector::{Connector, Opened, chain};

/// Requests on one connection before the next one is opened. Servers allow 100 at least and kube-apiserver just that; what
/// is beyond would wait inside the connection, where no deadline of ours sees it.
const REQUESTS_PER_CONNECTION: usize = 90;
/// Idle HTTP/1.1 connections that are kept.
const IDLE_CONNECTIONS: usize = 64;

/// The connections.
#[derive(Clone)]
pub(super) struct Pool {
    connector: Connector,
    slots: Arc<[Arc<Slot>]>,
    /// HTTP/1.1 connections without a request; HTTP/2 connections live in their slots.
    idle: Arc<Mutex<Vec<http1::SendRequest<RequestBody>>>>,
}

/// Room for one HTTP/2 connection.
#[derive(Default)]
struct Slot {
    /// Held while a connection is opened, so that a thousand requests open one and not a thousand.
    state: tokio::sync::Mutex<SlotState>,
    requests: AtomicUsize,
}

#[derive(Default)]
struct SlotState {
    connection: Option<http2::SendRequest<RequestBody>>,
    /// The last time that no connection could be opened. Who began to wait before that is told the same.
    failure: Option<(Instant, String)>,
    /// The server did not agree on HTTP/2 the last time.
    speaks_http1: bool,
}

/// Counts a request on a connection until it is dropped.
struct Occupied(Arc<Slot>);

impl Occupied {
    fn new(slot: &Arc<Slot>) -> Occupied {
        slot.requests.fetch_add(1, Ordering::Relaxed);
        Occupied(Arc::clone(slot))
    }
}

impl Drop for Occupied {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An answer's body; its request counts as running until this is dropped.
pub(super) struct AnswerBody {
    pub(super) incoming: Incoming,
    _occupied: Occupied,
}

/// What came of handing a request to a connection.
enum Handed {
    Answered(Response<Incoming>),
    /// The connection was about to end and has not touched it.
    GivenBack(Request<RequestBody>),
}

impl Pool {
    /// A pool of at most so many HTTP/2 connections.
    pub(super) fn new(connector: Connector, connections: usize) -> Pool {
        let slots = (0..connections.max(1)).map(|_| Arc::default()).collect();
        Pool { connector, slots, idle: Arc::default() }
    }

    /// Sends a request and waits for the first line of the answer.
    pub(super) async fn send(
        self,
        mut request: Request<RequestBody>,
    ) -> Result<Response<AnswerBody>, BoxError> {
        let uri = request.uri().clone();
        // Again only for what a connection has given back untouched: connections end in order every few minutes at some
        // servers, and that is no failure.
        for _ in 0..3 {
            let slot = self.slot()?;
            let occupied = Occupied::new(slot);
            let connection = self.connection(slot).await?;
            request.body().hand_over()?;
            match self.hand_over(connection, request).await? {
                Handed::Answered(response) => {
                    return Ok(response.map(|incoming| AnswerBody { incoming, _occupied: occupied }));
                }
                Handed::GivenBack(untouched) => {
                    untouched.body().take_back();
                    request = untouched;
                    *request.uri_mut() = uri.clone();
                }
            }
        }
        Err("connections end before they take the request".into())
    }

    /// The first slot with room, or the emptiest.
    fn slot(&self) -> Result<&Arc<Slot>, BoxError> {
        let requests = |slot: &&Arc<Slot>| slot.requests.load(Ordering::Relaxed);
        self.slots
            .iter()
            .find(|slot| requests(slot) < REQUESTS_PER_CONNECTION)
            .or_else(|| self.slots.iter().min_by_key(requests))
            .ok_or_else(|| "the pool has no room for connections".into())
    }

    async fn connection(&self, slot: &Slot) -> Result<Opened, String> {
        let began = Instant::now();
        let mut state = slot.state.lock().await;
        if let Some(connection) = state.connection.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(Opened::Http2(connection.clone()));
        }
        if let Some(connection) = self.take_idle() {
            return Ok(Opened::Http1(connection));
        }
        if let Some((_, message)) = state.failure.as_ref().filter(|(at, _)| *at >= began) {
            return Err(message.clone());
        }
        if state.speaks_http1 {
            drop(state);
            let opened = self.open().await;
            state = slot.state.lock().await;
            return state.remember(opened);
        }
        let opened = self.open().await;
        state.remember(opened)
    }

    /// In a box: opening has a state of many kilobytes, for which each of thousands of requests would have room that hardly one needs.
    fn open(&self) -> Pin<Box<dyn Future<Output = Result<Opened, String>> + Send + '_>> {
        Box::pin(self.connector.open())
    }

    async fn hand_over(&self, connection: Opened, request: Request<RequestBody>) -> Result<Handed, BoxError> {
        let sent = match connection {
            Opened::Http2(mut connection) => connection.try_send_request(request).await,
            Opened::Http1(mut connection) => {
                if let Err(error) = connection.ready().await {
                    tracing::debug!(error = chain(&error), "an idle connection has ended");
                    return Ok(Handed::GivenBack(request));
                }
                let sent = connection.try_send_request(in_origin_form(request)).await;
                if sent.is_ok() {
                    self.keep_when_idle(connection);
                }
                sent
            }
        };
        sent.map(Handed::Answered).or_else(|mut error: TrySendError<Request<RequestBody>>| {
            match error.take_message() {
                Some(request) => Ok(Handed::GivenBack(request)),
                None => Err(error.into_error().into()),
            }
        })
    }

    fn take_idle(&self) -> Option<http1::SendRequest<RequestBody>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(connection) = idle.pop() {
            if !connection.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    /// Puts a connection back once its answer has been read to the end.
    fn keep_when_idle(&self, mut connection: http1::SendRequest<RequestBody>) {
        let idle = Arc::clone(&self.idle);
        tokio::spawn(async move {
            if connection.ready().await.is_ok() {
                let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
                if idle.len() < IDLE_CONNECTIONS {
                    idle.push(connection);
                }
            }
        });
    }
}

impl SlotState {
    fn remember(&mut self, opened: Result<Opened, String>) -> Result<Opened, String> {
        match &opened {
            Ok(Opened::Http2(connection)) => {
                self.connection = Some(connection.clone());
                self.speaks_http1 = false;
            }
            Ok(Opened::Http1(_)) => self.speaks_http1 = true,
            Err(message) => self.failure = Some((Instant::now(), message.clone())),
        }
        opened
    }
}

/// HTTP/1.1 wants the host in a header and the path alone in the first line.
fn in_origin_form(mut request: Request<RequestBody>) -> Request<RequestBody> {
    let uri = std::mem::take(request.uri_mut()).into_parts();
    if let Some(host) = uri.authority.and_then(|authority| authority.as_str().parse().ok()) {
        request.headers_mut().entry(http::header::HOST).or_insert(host);
    }
    if let Some(path) = uri.path_and_query {
        *request.uri_mut() = path.into();
    }
    request
}
