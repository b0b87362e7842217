//! Sending requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Response, Uri};
use http_body_util::BodyExt;
use kube::Config;
use kube::client::ConfigExt;
use mainstay_wire::Request;
use thiserror::Error;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Layer, ServiceExt, service_fn};

use super::body::{Gate, RequestBody, TooLate};
use super::connector::chain;
use super::pool::{AnswerBody, Pool};
use super::request_observer::{ObservedRequest, RequestObserver};
use super::{ConnectionError, Lane};

/// The way to send requests of one lane. Clones use the same connections.
#[derive(Clone)]
pub struct Channel {
    lane: Lane,
    shared: Arc<Shared>,
}

/// A complete answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// HTTP status code.
    pub code: u16,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: Bytes,
    /// When a connection took the request, after all waiting in this process.
    pub request_left: Option<Instant>,
}

/// Why there is no answer. The two differ in what may have happened at the server.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SendError {
    /// The server has certainly not seen the whole request, and has done nothing.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The request has left, or may have. Nobody knows what became of it.
    #[error("sent, without an answer: {0}")]
    Lost(String),
}

/// What the channels of one pool share.
pub(super) struct Shared {
    service: BoxCloneSyncService<http::Request<RequestBody>, Response<AnswerBody>, BoxError>,
    scheme: Scheme,
    authority: Authority,
    /// In front of every path: the path in the server's address, without a slash at its end.
    prefix: String,
    user_agent: HeaderValue,
    observer: Arc<dyn RequestObserver>,
}

impl Shared {
    pub(super) fn new(
        config: &Config,
        pool: Pool,
        user_agent: HeaderValue,
        observer: Arc<dyn RequestObserver>,
    ) -> Result<Shared, ConnectionError> {
        let failed = |error| ConnectionError::Client(Box::new(error));
        let connections = service_fn(move |request| pool.clone().send(request));
        let connections = config.extra_headers_layer().map_err(failed)?.layer(connections);
        let service = match config.auth_layer().map_err(failed)? {
            Some(auth) => BoxCloneSyncService::new(auth.layer(connections)),
            None => BoxCloneSyncService::new(connections),
        };
        let wrong = || ConnectionError::Address(config.cluster_url.to_string());
        let uri = config.cluster_url.clone().into_parts();
        let path = uri.path_and_query.as_ref().map_or("", |path| path.path());
        Ok(Shared {
            service,
            scheme: uri.scheme.ok_or_else(wrong)?,
            authority: uri.authority.ok_or_else(wrong)?,
            prefix: path.trim_end_matches('/').to_owned(),
            user_agent,
            observer,
        })
    }

    fn http_request(&self, request: Request, gate: Arc<Gate>) -> Result<http::Request<RequestBody>, String> {
        let path = match self.prefix.as_str() {
            "" => request.path_and_query,
            prefix => format!("{prefix}{}", request.path_and_query),
        };
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
            .map_err(|error| chain(&error))?;
        let mut built = http::Request::builder()
            .method(request.method)
            .uri(uri)
            .header(ACCEPT, request.accept)
            .header(USER_AGENT, self.user_agent.clone());
        if let Some(content_type) = request.content_type {
            built = built.header(CONTENT_TYPE, content_type);
        }
        built.body(RequestBody::new(request.body, gate)).map_err(|error| chain(&error))
    }
}

impl Channel {
    pub(super) fn new(lane: Lane, shared: Arc<Shared>) -> Channel {
        Channel { lane, shared }
    }

    /// The lane.
    pub fn lane(&self) -> Lane {
        self.lane
    }

    /// Sends a request and waits for the whole answer, whatever its code, until `answer_by`.
    pub async fn send(&self, request: Request, answer_by: Instant) -> Result<Answer, SendError> {
        self.send_before(request, answer_by, answer_by).await
    }

    /// The same for a request that must not leave later than `send_by`.
    pub async fn send_before(
        &self,
        request: Request,
        send_by: Instant,
        answer_by: Instant,
    ) -> Result<Answer, SendError> {
        let gate = Gate::new(Some(send_by.min(answer_by)));
        self.observed(request.method, &gate, answer_by, |answer| answer.code, async {
            let (parts, body) = self.begin(request, &gate).await?.into_parts();
            let body = body.incoming.collect().await.map_err(|error| chain(&error))?.to_bytes();
            Ok(Answer {
                code: parts.status.as_u16(),
                retry_after: retry_after(&parts.headers),
                body,
                request_left: gate.taken(),
            })
        })
        .await
    }

    /// Sends a request and waits for the first line of the answer until `answer_by`; the body comes as a stream, for as long as it takes.
    pub async fn stream(&self, request: Request, answer_by: Instant) -> Result<AnswerStream, SendError> {
        let gate = Gate::new(Some(answer_by));
        self.observed(request.method, &gate, answer_by, |answer| answer.code, async {
            let (parts, body) = self.begin(request, &gate).await?.into_parts();
            Ok(AnswerStream {
                code: parts.status.as_u16(),
                retry_after: retry_after(&parts.headers),
                body,
                request_left: gate.taken(),
            })
        })
        .await
    }

    async fn begin(&self, request: Request, gate: &Arc<Gate>) -> Result<Response<AnswerBody>, String> {
        if gate.is_closed() {
            return Err(TooLate.to_string());
        }
        let request = self.shared.http_request(request, Arc::clone(gate))?;
        self.shared.service.clone().oneshot(request).await.map_err(|error| chain(error.as_ref()))
    }

    async fn observed<T>(
        &self,
        method: &'static str,
        gate: &Gate,
        answer_by: Instant,
        code: impl FnOnce(&T) -> u16,
        exchange: impl Future<Output = Result<T, String>>,
    ) -> Result<T, SendError> {
        let began = Instant::now();
        let ended = match tokio::time::timeout_at(answer_by.into(), exchange).await {
            Ok(ended) => ended,
            Err(_) => Err("no answer in time".to_owned()),
        };
        self.shared.observer.request_ended(ObservedRequest {
            lane: self.lane,
            method,
            host: self.shared.authority.as_str(),
            code: ended.as_ref().ok().map(code),
            took: began.elapsed(),
        });
        ended.map_err(|message| match gate.is_sent() {
            true => SendError::Lost(message),
            false => SendError::NotSent(message),
        })
    }
}

/// An answer whose body is still on its way.
pub struct AnswerStream {
    code: u16,
    retry_after: Option<Duration>,
    body: AnswerBody,
    request_left: Option<Instant>,
}

impl AnswerStream {
    /// HTTP status code.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// How long the server asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The next piece of the body; `None` at its end. Safe to drop while it waits.
    pub async fn next(&mut self) -> Result<Option<Bytes>, SendError> {
        loop {
            match self.body.incoming.frame().await {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
                Some(Err(error)) => return Err(SendError::Lost(chain(&error))),
            }
        }
    }

    /// The whole body, as for a refusal.
    pub async fn collect(self, by: Instant) -> Result<Answer, SendError> {
        match tokio::time::timeout_at(by.into(), self.body.incoming.collect()).await {
            Ok(Ok(body)) => Ok(Answer {
                code: self.code,
                retry_after: self.retry_after,
                body: body.to_bytes(),
                request_left: self.request_left,
            }),
            Ok(Err(error)) => Err(SendError::Lost(chain(&error))),
            Err(_) => Err(SendError::Lost("no answer in time".to_owned())),
        }
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
