//! The real server, over the connections of production.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use mainstay_e2e::interrupt;
use mainstay_model::{Kind, Name, ResourceVersion};
use mainstay_runtime::connection::{Answer, AnswerStream, Channel, ConnectionSettings, Connections, Lane};
use mainstay_wire::{Frame, FrameDecoder, Request, answer, request};
use serde_json::{Value, json};

/// For an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// For an event that must come. It is past already, and a sequence without it is run many times to be made short.
const SOON: Duration = Duration::from_secs(10);
/// For an event that must not come: all are past when they are asked for, so the server sends them in one go.
const QUIET: Duration = Duration::from_millis(100);

/// A kube-apiserver.
pub struct Server {
    objects: Channel,
    watches: Channel,
}

impl Server {
    pub async fn open(kubeconfig: PathBuf) -> Result<Server> {
        let settings = ConnectionSettings { kubeconfig: Some(kubeconfig), ..ConnectionSettings::default() };
        let connections = Connections::open(&settings).await?;
        Ok(Server { objects: connections.channel(Lane::Writes), watches: connections.channel(Lane::Watches) })
    }

    /// Sends a request of production.
    pub async fn send(&self, request: Request) -> Result<Answer> {
        interrupt::check()?;
        let words = format!("{request:?}");
        self.objects.send(request, Instant::now() + PATIENCE).await.context(words)
    }

    /// Sends a request as others do.
    pub async fn json(&self, method: &'static str, path: &str, body: Option<&Value>) -> Result<Answer> {
        let body = body.map(|body| Bytes::from(body.to_string()));
        self.send(Request {
            method,
            path_and_query: path.to_owned(),
            accept: "application/json",
            content_type: body.as_ref().map(|_| "application/json"),
            body: body.unwrap_or_default(),
        })
        .await
    }

    /// The same for what cannot fail.
    pub async fn must(&self, method: &'static str, path: &str, body: Option<&Value>) -> Result<Value> {
        let answer = self.json(method, path, body).await?;
        if !(200..300).contains(&answer.code) {
            bail!("{method} {path}: {}", String::from_utf8_lossy(&answer.body));
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// Makes a namespace in which pods can be created.
    pub async fn make_namespace(&self, name: &str) -> Result<()> {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.must("POST", "/api/v1/namespaces", Some(&namespace)).await?;
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}});
        let path = format!("/api/v1/namespaces/{name}/serviceaccounts");
        self.must("POST", &path, Some(&account)).await?;
        Ok(())
    }

    /// Asks for the deletion of a namespace, which nobody completes, and waits until nothing can be created in it.
    pub async fn terminate_namespace(&self, name: &str) -> Result<()> {
        self.must("DELETE", &format!("/api/v1/namespaces/{name}"), None).await?;
        let probe = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe"}});
        self.wait_until_refused(&format!("/api/v1/namespaces/{name}/configmaps?dryRun=All"), &probe).await
    }

    /// Makes a quota of pods of which so many are used, which leaves no room, and waits until it is in force.
    pub async fn limit_pods(&self, namespace: &str, hard: u32, used: u32) -> Result<()> {
        let quota = json!({
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "pods"},
            "spec": {"hard": {"pods": hard.to_string()}},
        });
        let path = format!("/api/v1/namespaces/{namespace}/resourcequotas");
        let mut made = self.must("POST", &path, Some(&quota)).await?;
        // As the quota controller would.
        made["status"] = json!({"hard": {"pods": hard.to_string()}, "used": {"pods": used.to_string()}});
        self.must("PUT", &format!("{path}/pods/status"), Some(&made)).await?;
        let probe = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "probe"},
            "spec": {"containers": [{"name": "main", "image": "none"}]},
        });
        self.wait_until_refused(&format!("/api/v1/namespaces/{namespace}/pods?dryRun=All"), &probe).await
    }

    /// Admission hears of what is new by watches of its own. Nothing is made meanwhile: pass `dryRun=All`.
    pub async fn wait_until_refused(&self, path: &str, body: &Value) -> Result<()> {
        let begin = Instant::now();
        while self.json("POST", path, Some(body)).await?.code != 403 {
            if begin.elapsed() > PATIENCE {
                bail!("POST {path} is not refused");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// The newest version, as production asks for it.
    pub async fn newest_version(&self, namespace: &Name) -> Result<ResourceVersion> {
        let answer = self.send(request::newest_version(Kind::Pod, Some(namespace))).await?;
        Ok(answer::newest_version(&answer.body)?)
    }

    /// Waits until a path is served, as that of a definition is a moment after it was made.
    pub async fn wait_until_served(&self, path: &str) -> Result<()> {
        let begin = Instant::now();
        while self.json("GET", path, None).await?.code != 200 {
            if begin.elapsed() > PATIENCE {
                bail!("GET {path} is not served");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Begins a watch.
    pub async fn watch(&self, request: Request, kind: Kind) -> Result<Watch> {
        interrupt::check()?;
        let stream = self.watches.stream(request, Instant::now() + PATIENCE).await?;
        Ok(Watch { stream, decoder: FrameDecoder::new(kind) })
    }
}

/// A watch that has begun, or was refused.
pub struct Watch {
    stream: AnswerStream,
    decoder: FrameDecoder,
}

impl Watch {
    /// What it tells, bookmarks aside, until as many events have come as are expected and no further one follows. A refusal
    /// counts as an event.
    pub async fn events(mut self, expected: usize) -> Result<Vec<Frame>> {
        if self.stream.code() != 200 {
            let code = self.stream.code();
            let body = self.stream.collect(Instant::now() + PATIENCE).await?.body;
            return Ok(vec![Frame::Error(answer::status(code, &body))]);
        }
        let mut events = Vec::new();
        loop {
            let wait = if events.len() < expected { SOON } else { QUIET };
            match tokio::time::timeout(wait, self.next()).await {
                Ok(Some(Frame::Bookmark { .. })) => {}
                Ok(Some(frame)) => events.push(frame),
                Ok(None) | Err(_) => return Ok(events),
            }
        }
    }

    /// All that it tells, bookmarks too, until the server ends it.
    pub async fn until_the_end(mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next().await {
            frames.push(frame);
        }
        frames
    }

    /// The events of a watch that begins with what there is, until the bookmark that ends these.
    pub async fn initial_events(mut self) -> Result<Vec<Frame>> {
        let mut events = Vec::new();
        loop {
            match tokio::time::timeout(PATIENCE, self.next()).await {
                Ok(Some(Frame::Bookmark { initial_events_end: true, .. })) => return Ok(events),
                Ok(Some(frame)) => events.push(frame),
                Ok(None) | Err(_) => bail!("no end of the initial events after {events:?}"),
            }
        }
    }

    /// The next event; `None` at the end of the stream, however it ends. Safe to drop while it waits.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.decoder.next().ok()? {
                return Some(frame);
            }
            let piece = self.stream.next().await.ok()??;
            self.decoder.push(piece);
        }
    }
}

/// A request with more in its query.
pub fn with_query(mut request: Request, parameters: &[(&str, String)]) -> Request {
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        request.path_and_query.push(if request.path_and_query.contains('?') { '&' } else { '?' });
        request.path_and_query.push_str(&format!("{name}={}", encode(value)));
    }
    request
}

fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}
