//! An apiserver that says what a test tells it to: each request is handed to the test, which answers it.

// Each test file is a crate of its own and uses a part of this.
#![allow(dead_code)]

pub mod json;
pub mod protobuf;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use http::{HeaderMap, Method, Request, Response, Uri, Version};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use mainstay_runtime::connection::{ConnectionSettings, Connections};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Longer than anything here takes; a test that waits so long has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub const HTTP2: &[&str] = &["h2", "http/1.1"];
pub const HTTP1: &[&str] = &["http/1.1"];

type Body = StreamBody<BoxStream<'static, io::Result<Frame<Bytes>>>>;

/// A request that waits for the test's answer. Dropped, it ends its stream with an error.
#[derive(Debug)]
pub struct Asked {
    pub method: Method,
    pub uri: Uri,
    pub version: Version,
    pub headers: HeaderMap,
    pub body: Bytes,
    answer: oneshot::Sender<Reply>,
}

#[derive(Debug)]
struct Reply {
    code: u16,
    headers: Vec<(&'static str, String)>,
    body: mpsc::UnboundedReceiver<io::Result<Bytes>>,
}

/// The rest of an answer. Dropped, the answer ends in order.
pub struct Stream(mpsc::UnboundedSender<io::Result<Bytes>>);

impl Asked {
    /// Path and query.
    pub fn path(&self) -> String {
        self.uri.path_and_query().map(ToString::to_string).unwrap_or_default()
    }

    #[track_caller]
    pub fn asks_for(self, part: &str) -> Asked {
        assert!(self.path().contains(part), "{} does not ask for {part}", self.path());
        self
    }

    pub fn answer(self, code: u16, body: impl Into<Bytes>) {
        self.answer_with(code, &[], body);
    }

    pub fn answer_with(self, code: u16, headers: &[(&'static str, &str)], body: impl Into<Bytes>) {
        let stream = self.begin(code, headers);
        stream.send(body);
    }

    pub fn refuse(self, code: u16, reason: &str) {
        let body = format!(
            r#"{{"kind":"Status","apiVersion":"v1","code":{code},"reason":"{reason}","message":"for the test"}}"#
        );
        self.answer(code, body);
    }

    /// Begins an answer whose body is to come.
    pub fn stream(self) -> Stream {
        self.begin(200, &[])
    }

    fn begin(self, code: u16, headers: &[(&'static str, &str)]) -> Stream {
        let (sender, body) = mpsc::unbounded_channel();
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let _ = self.answer.send(Reply { code, headers, body });
        Stream(sender)
    }
}

impl Stream {
    pub fn send(&self, bytes: impl Into<Bytes>) -> &Stream {
        let _ = self.0.send(Ok(bytes.into()));
        self
    }

    /// Ends the answer with an error.
    pub fn fail(self) {
        let _ = self.0.send(Err(io::Error::other("for the test")));
    }

    /// Waits until the client wants no more.
    pub async fn dropped_by_client(&self) {
        tokio::time::timeout(PATIENCE, self.0.closed()).await.expect("the client still reads");
    }
}

/// The server.
pub struct Apiserver {
    address: SocketAddr,
    tls: TlsAcceptor,
    kubeconfig: PathBuf,
    requests: Mutex<mpsc::UnboundedReceiver<Asked>>,
    sender: mpsc::UnboundedSender<Asked>,
    accepted: Arc<AtomicUsize>,
    running: Mutex<JoinSet<()>>,
}

impl Apiserver {
    /// A server that speaks HTTP/2.
    pub async fn start() -> Apiserver {
        Apiserver::start_with(HTTP2).await
    }

    /// A server that agrees on these protocols.
    pub async fn start_with(protocols: &[&str]) -> Apiserver {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![key.cert.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.signing_key.serialize_der())),
            )
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", std::process::id());
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let authority = folder.join(format!("{name}-ca.pem"));
        std::fs::write(&authority, key.cert.pem()).unwrap();
        let kubeconfig = folder.join(format!("{name}-kubeconfig"));
        std::fs::write(
            &kubeconfig,
            format!(
                "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
                 contexts: [{{name: test, context: {{cluster: test, user: test, namespace: home}}}}]\n\
                 clusters: [{{name: test, cluster: {{server: \"https://{address}\", certificate-authority: {}}}}}]\n\
                 users: [{{name: test, user: {{token: a-token}}}}]\n",
                authority.display()
            ),
        )
        .unwrap();

        let (sender, requests) = mpsc::unbounded_channel();
        let server = Apiserver {
            address,
            tls: TlsAcceptor::from(Arc::new(config)),
            kubeconfig,
            requests: Mutex::new(requests),
            sender,
            accepted: Arc::default(),
            running: Mutex::default(),
        };
        server.listen(listener).await;
        server
    }

    async fn listen(&self, listener: TcpListener) {
        let tls = self.tls.clone();
        let sender = self.sender.clone();
        let accepted = Arc::clone(&self.accepted);
        self.running.lock().await.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                accepted.fetch_add(1, Ordering::Relaxed);
                connections.spawn(serve(tls.clone(), stream, sender.clone()));
            }
        });
    }

    /// Ends all connections and takes no more.
    pub async fn stop(&self) {
        self.running.lock().await.shutdown().await;
        // Requests of before are of no interest any more.
        let mut requests = self.requests.lock().await;
        while requests.try_recv().is_ok() {}
    }

    /// Is back at the same address.
    pub async fn start_again(&self) {
        self.listen(TcpListener::bind(self.address).await.unwrap()).await;
    }

    /// How many connections there were so far.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next request.
    pub async fn next(&self) -> Asked {
        let next = async { self.requests.lock().await.recv().await.unwrap() };
        tokio::time::timeout(PATIENCE, next).await.expect("no request came")
    }

    /// Whether no request waits for an answer.
    pub async fn is_idle(&self) -> bool {
        self.requests.lock().await.try_recv().is_err()
    }

    pub fn settings(&self) -> ConnectionSettings {
        ConnectionSettings { kubeconfig: Some(self.kubeconfig.clone()), ..ConnectionSettings::default() }
    }

    pub async fn connections(&self) -> Connections {
        Connections::open(&self.settings()).await.unwrap()
    }
}

async fn serve(tls: TlsAcceptor, stream: TcpStream, sender: mpsc::UnboundedSender<Asked>) {
    let Ok(stream) = tls.accept(stream).await else { return };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let service = service_fn(move |request: Request<Incoming>| hand_over(request, sender.clone()));
    let io = TokioIo::new(stream);
    if is_http2 {
        let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .max_concurrent_streams(100)
            .serve_connection(io, service)
            .await;
    } else {
        let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
    }
}

async fn hand_over(
    request: Request<Incoming>,
    sender: mpsc::UnboundedSender<Asked>,
) -> io::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let (answer, reply) = oneshot::channel();
    let asked = Asked {
        method: head.method,
        uri: head.uri,
        version: head.version,
        headers: head.headers,
        body,
        answer,
    };
    sender.send(asked).map_err(io::Error::other)?;
    let reply = reply.await.map_err(io::Error::other)?;
    let mut response = Response::builder().status(reply.code);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    let pieces = futures::stream::unfold(reply.body, |mut body| {
        async move { body.recv().await.map(|piece| (piece.map(Frame::data), body)) }.boxed()
    });
    response.body(StreamBody::new(pieces.boxed())).map_err(io::Error::other)
}

/// Waits for something to become true.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "never: {what}");
}

/// The next message.
pub async fn received<T>(receive: impl Future<Output = Option<T>>) -> T {
    tokio::time::timeout(PATIENCE, receive).await.expect("nothing came").expect("the sender is gone")
}
