//! The API of pods' use of resources, served by the test: an autoscaler cannot tell it from a metrics server.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use mainstay_e2e::certificates::{CertificateFolder, Subject};
use mainstay_e2e::cluster::Cluster;
use mainstay_e2e::testbed::{LATER, Namespace, condition_of, is_ready, name_of};
use mainstay_e2e::wait::wait_for;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::template::LABEL;

const GROUP: &str = "metrics.k8s.io";
const VERSION: &str = "v1beta1";
const SERVICE: &str = "metrics";

/// Serves until it is dropped.
pub struct MetricsServer<'a> {
    cluster: &'a Cluster,
    load: Arc<AtomicU64>,
    runtime: Option<Runtime>,
}

impl<'a> MetricsServer<'a> {
    /// Starts it for the workload of one namespace, and waits until the apiserver passes requests on to it.
    pub fn start(namespace: &Namespace<'a>) -> Result<Self> {
        let cluster = namespace.cluster();
        let folder = CertificateFolder::create(cluster.folder().join("metrics-pki"))?;
        let authority = folder.authority("metrics-ca")?;
        let names = [format!("{SERVICE}.{namespace}.svc")];
        let subject =
            Subject { file: SERVICE, common_name: SERVICE, organization: None, alternative_names: &names };
        folder.issue(&authority, &subject)?;
        let tls = tls(&folder.certificate(SERVICE), &folder.key(SERVICE))?;

        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))))?;
        let port = listener.local_addr()?.port();
        let load = Arc::new(AtomicU64::new(0));
        let source = Source {
            cluster: cluster.clone(),
            namespace: namespace.name().to_owned(),
            load: Arc::clone(&load),
        };
        runtime.spawn(accept(listener, tls, source));

        let server = MetricsServer { cluster, load, runtime: Some(runtime) };
        let bundle = STANDARD.encode(std::fs::read(folder.certificate("metrics-ca"))?);
        namespace.apply(&registration(namespace.name(), port, &bundle))?;
        let name = format!("{VERSION}.{GROUP}");
        wait_for("the apiserver to pass metrics on", LATER, || {
            let found = cluster.kubectl_json(&["get", "apiservice", &name])?;
            let available = condition_of(&found, "Available").unwrap_or_default();
            Ok((available["status"] == "True").then_some(()))
        })?;
        Ok(server)
    }

    /// From now on the ready pods use so many thousandths of a processor together.
    pub fn set_load(&self, millicores: u64) {
        self.load.store(millicores, Ordering::Relaxed);
    }
}

impl Drop for MetricsServer<'_> {
    fn drop(&mut self) {
        // As long as it is registered and does not answer, no namespace can be removed.
        if let Err(error) = self.cluster.kubectl(&["delete", "apiservice", &format!("{VERSION}.{GROUP}")]) {
            eprintln!("{error:#}");
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}

/// What is served.
#[derive(Clone)]
struct Source {
    cluster: Cluster,
    namespace: String,
    load: Arc<AtomicU64>,
}

impl Source {
    fn answer(&self, path: &str) -> Result<Option<Value>> {
        let group = json!({"groupVersion": format!("{GROUP}/{VERSION}"), "version": VERSION});
        let verbs = ["get", "list"];
        Ok(match path.trim_start_matches("/apis").trim_start_matches('/') {
            "metrics.k8s.io" => Some(json!({
                "kind": "APIGroup", "apiVersion": "v1", "name": GROUP, "versions": [group], "preferredVersion": group,
            })),
            "metrics.k8s.io/v1beta1" => Some(json!({
                "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": format!("{GROUP}/{VERSION}"),
                "resources": [
                    {"name": "pods", "singularName": "", "namespaced": true, "kind": "PodMetrics", "verbs": verbs},
                ],
            })),
            other if other == format!("{GROUP}/{VERSION}/namespaces/{}/pods", self.namespace) => {
                Some(self.use_of_pods()?)
            }
            _ => None,
        })
    }

    /// The load is shared by the pods that are ready, as a service does it.
    fn use_of_pods(&self) -> Result<Value> {
        let pods = Namespace::named(&self.cluster, &self.namespace).pods(LABEL)?;
        let ready: Vec<&Value> = pods.iter().filter(|pod| is_ready(pod)).collect();
        let each = self.load.load(Ordering::Relaxed) / (ready.len() as u64).max(1);
        let now = jiff::Timestamp::now().to_string();
        let container = |name: &str, cpu: u64| json!({"name": name, "usage": {"cpu": format!("{cpu}m"), "memory": "1Mi"}});
        let metrics = ready.iter().map(|pod| {
            json!({
                "metadata": {"name": name_of(pod), "namespace": self.namespace, "labels": pod["metadata"]["labels"]},
                "timestamp": now,
                "window": "1s",
                "containers": [container("app", each), container("agent", 0), container("log", 0)],
            })
        });
        Ok(json!({
            "kind": "PodMetricsList",
            "apiVersion": format!("{GROUP}/{VERSION}"),
            "metadata": {},
            "items": metrics.collect::<Vec<_>>(),
        }))
    }
}

/// What leads the apiserver here: a service of this type is a name that it asks for by itself.
fn registration(namespace: &str, port: u16, bundle: &str) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": SERVICE},
                "spec": {"type": "ExternalName", "externalName": "localhost"},
            },
            {
                "apiVersion": "apiregistration.k8s.io/v1",
                "kind": "APIService",
                "metadata": {"name": format!("{VERSION}.{GROUP}")},
                "spec": {
                    "group": GROUP,
                    "version": VERSION,
                    "groupPriorityMinimum": 100,
                    "versionPriority": 100,
                    "caBundle": bundle,
                    "service": {"name": SERVICE, "namespace": namespace, "port": port},
                },
            },
        ],
    })
    .to_string()
}

fn tls(certificate: &Path, key: &Path) -> Result<TlsAcceptor> {
    let chain = vec![CertificateDer::from_pem_file(certificate).context("the certificate")?];
    let key = PrivateKeyDer::from_pem_file(key).context("the key")?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, source: Source) {
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, source) = (tls.clone(), source.clone());
        tokio::spawn(async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let service = service_fn(move |request| serve(request, source.clone()));
            let connection = hyper::server::conn::http1::Builder::new();
            // Whoever breaks off asks again.
            let _broken_off = connection.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn serve(request: Request<Incoming>, source: Source) -> Result<Response<Full<Bytes>>> {
    let path = request.uri().path().to_owned();
    let answer = tokio::task::spawn_blocking(move || source.answer(&path)).await?;
    let (code, body) = match answer {
        Ok(Some(body)) => (StatusCode::OK, body),
        Ok(None) => (StatusCode::NOT_FOUND, Value::Null),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, Value::from(format!("{error:#}"))),
    };
    let response = Response::builder().status(code).header("content-type", "application/json");
    Ok(response.body(Full::new(Bytes::from(body.to_string())))?)
}
