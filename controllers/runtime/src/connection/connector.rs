//! Opening one connection: name, TCP, TLS, and the protocol that both sides agree on.

use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper::client::conn::{http1, http2};
use hyper_rustls::{DefaultServerNameResolver, FixedServerNameResolver, HttpsConnector, ResolveServerName};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::Config;
use kube::client::ConfigExt;
use tower::ServiceExt;

use super::body::RequestBody;
use super::host_resolver::ResolverService;
use super::{ConnectionError, ConnectionSettings};

/// What one stream may deliver unread. A list of many pods comes at the speed of the line.
const STREAM_WINDOW: u32 = 4 << 20;
/// What all streams of a connection may deliver unread: more than the few watches of a process together, so that one that
/// is not read does not stop the others.
const CONNECTION_WINDOW: u32 = 64 << 20;
/// The largest frame that we ask for.
const FRAME: u32 = 64 << 10;
/// TCP's own test of a silent peer: for HTTP/1.1, which has no PING.
const TCP_KEEP_ALIVE_RETRIES: u32 = 2;

/// Opens connections to one server.
#[derive(Clone)]
pub(super) struct Connector {
    https: HttpsConnector<HttpConnector<ResolverService>>,
    server: Uri,
    connect_timeout: Duration,
    keep_alive: Duration,
}

/// A connection that is open.
pub(super) enum Opened {
    /// Many requests at a time.
    Http2(http2::SendRequest<RequestBody>),
    /// One request at a time.
    Http1(http1::SendRequest<RequestBody>),
}

impl Connector {
    pub(super) fn new(config: &Config, settings: &ConnectionSettings) -> Result<Connector, ConnectionError> {
        let mut tcp = HttpConnector::new_with_resolver(ResolverService(Arc::clone(&settings.resolver)));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(settings.connect_timeout));
        tcp.set_keepalive(Some(settings.keep_alive));
        tcp.set_keepalive_interval(Some(settings.keep_alive / 2));
        tcp.set_keepalive_retries(Some(TCP_KEEP_ALIVE_RETRIES));

        let failed = |error| ConnectionError::Client(Box::new(error));
        let mut tls = config.rustls_client_config().map_err(failed)?;
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let names: Arc<dyn ResolveServerName + Send + Sync> = match &config.tls_server_name {
            None => Arc::new(DefaultServerNameResolver::default()),
            Some(name) => Arc::new(FixedServerNameResolver::new(
                name.clone().try_into().map_err(|_| ConnectionError::ServerName(name.clone()))?,
            )),
        };
        Ok(Connector {
            https: HttpsConnector::new(tcp, tls, false, names),
            server: config.cluster_url.clone(),
            connect_timeout: settings.connect_timeout,
            keep_alive: settings.keep_alive,
        })
    }

    /// Opens a connection; the error is for people.
    pub(super) async fn open(&self) -> Result<Opened, String> {
        let opening = async {
            let stream = self
                .https
                .clone()
                .oneshot(self.server.clone())
                .await
                .map_err(|error| chain(error.as_ref()))?;
            if stream.connected().is_negotiated_h2() {
                let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                    .timer(TokioTimer::new())
                    .initial_stream_window_size(STREAM_WINDOW)
                    .initial_connection_window_size(CONNECTION_WINDOW)
                    .max_frame_size(FRAME)
                    .keep_alive_interval(self.keep_alive)
                    .keep_alive_timeout(self.keep_alive)
                    .keep_alive_while_idle(true)
                    .handshake(stream)
                    .await
                    .map_err(|error| chain(&error))?;
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!(error = chain(&error), "a connection to the apiserver has ended");
                    }
                });
                Ok(Opened::Http2(sender))
            } else {
                let (sender, connection) = http1::handshake(stream).await.map_err(|error| chain(&error))?;
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!(error = chain(&error), "a connection to the apiserver has ended");
                    }
                });
                Ok(Opened::Http1(sender))
            }
        };
        match tokio::time::timeout(self.connect_timeout, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(format!("no connection within {:?}", self.connect_timeout)),
        }
    }
}

/// An error and what is behind it, in one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.ends_with(&words) {
            // Writing to a String cannot fail.
            let _ = write!(text, ": {words}");
        }
        cause = error.source();
    }
    text
}
