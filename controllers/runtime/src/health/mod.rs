//! The HTTP server for metrics and health checks.
//!
//! Each connection carries one request and has little time for it, so that no client can hold what others need.

mod checks;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use mainstay_engine::brain::report::BrainReport;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::clock::Clock;
use crate::elector::Leadership;
use crate::metrics::Metrics;
use checks::Check;

/// The longest head that is read.
const HEAD_LIMIT: usize = 16 * 1024;
/// The wait after the system has refused a connection, as it does when there are no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the answers are made from.
#[derive(Clone, Debug)]
pub(crate) struct HealthState {
    pub(crate) clock: Clock,
    pub(crate) metrics: Metrics,
    /// The brain's last report; `None` before the first.
    pub(crate) report: watch::Receiver<Option<BrainReport>>,
    pub(crate) leadership: watch::Receiver<Leadership>,
}

/// What clients may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many connections there may be at once; more are closed as they come.
    pub(crate) connections: usize,
    /// How long a client may take for its request's head.
    pub(crate) head_timeout: Duration,
    /// How long a connection may last, answer included.
    pub(crate) connection_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 64,
            head_timeout: Duration::from_secs(5),
            connection_timeout: Duration::from_secs(15),
        }
    }
}

/// Serves for ever.
pub(crate) async fn serve(listener: TcpListener, state: HealthState, limits: Limits) {
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let state = state.clone();
        tokio::spawn(async move {
            serve_connection(stream, peer, state, limits).await;
            drop(place);
        });
    }
}

async fn serve_connection(stream: TcpStream, peer: SocketAddr, state: HealthState, limits: Limits) {
    let service = service_fn(move |request: Request<Incoming>| {
        let response = respond(&state, request.method(), request.uri().path(), request.uri().query());
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(HEAD_LIMIT)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(limits.connection_timeout, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%peer, %error, "a connection to the health server has failed"),
        Err(_) => tracing::debug!(%peer, "a client of the health server takes too long"),
    }
}

fn respond(state: &HealthState, method: &Method, path: &str, query: Option<&str>) -> Response<Full<Bytes>> {
    if method != Method::GET && method != Method::HEAD {
        let mut refused = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are served\n");
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refused;
    }
    let moment = state.clock.moment();
    let leadership = *state.leadership.borrow();
    let checks = match path {
        "/metrics" => return metrics(&state.metrics),
        "/healthz" | "/livez" => checks::alive(state.report.borrow().as_ref(), leadership, moment),
        "/readyz" => checks::ready(state.report.borrow().as_ref(), leadership, moment),
        _ => return text(StatusCode::NOT_FOUND, "404 page not found\n"),
    };
    let verbose = query
        .is_some_and(|query| query.split('&').any(|pair| pair == "verbose" || pair.starts_with("verbose=")));
    health(path.trim_start_matches('/'), &checks, verbose)
}

fn metrics(metrics: &Metrics) -> Response<Full<Bytes>> {
    match metrics.text() {
        Ok(body) => answer(StatusCode::OK, Metrics::content_type(), body),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
    }
}

/// As upstream's: a bare `ok`, or every check with a verdict below.
fn health(endpoint: &str, checks: &[Check], verbose: bool) -> Response<Full<Bytes>> {
    let passed = checks.iter().all(|check| check.verdict.is_ok());
    if passed && !verbose {
        return text(StatusCode::OK, "ok");
    }
    let mut body: String = checks.iter().map(|check| format!("{check}\n")).collect();
    let (code, verdict) = match passed {
        true => (StatusCode::OK, "passed"),
        false => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
    };
    body.push_str(&format!("{endpoint} check {verdict}\n"));
    text(code, body)
}

fn text(code: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    answer(code, "text/plain; charset=utf-8", body)
}

fn answer(code: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = code;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(http::header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
