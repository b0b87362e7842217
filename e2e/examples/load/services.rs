//! Services and the pods that they select, all ready: what stands before anything is measured.

use std::time::Instant;

use anyhow::{Result, ensure};
use mainstay_model::{Kind, Object};
use mainstay_wire::{list, request};
use serde_json::{Value, json};

use crate::client::{Client, side_by_side};
use crate::pods::{self, Maker};

/// How many requests are on their way at a time.
const WIDTH: usize = 32;
const JSON: &str = "application/json";

/// So many services, and so many pods of each.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Services `s-0`, `s-1` and so on, each with a selector of its own.
    pub services: usize,
    /// Pods of each.
    pub pods_per_service: usize,
}

impl Shape {
    /// The name of a service, which is its pods' label, too.
    pub fn service(number: usize) -> String {
        format!("s-{number}")
    }

    /// The name of a pod of a service.
    pub fn pod(service: usize, number: usize) -> String {
        format!("s-{service}-{number}")
    }
}

/// Makes them, the pods on so many nodes.
pub async fn create(client: &Client, shape: Shape, nodes: usize) -> Result<Value> {
    let began = Instant::now();
    client.send_json("POST", "replicationcontrollers", JSON, &template()).await?;
    side_by_side(shape.services, WIDTH, |number| async move {
        let service = service(&Shape::service(number));
        client.send_json("POST", "services", JSON, &service).await.map(|_| ())
    })
    .await?;
    let maker = &Maker::open(client, nodes).await?;
    side_by_side(shape.services * shape.pods_per_service, WIDTH, |number| async move {
        let (service, pod) = (number / shape.pods_per_service, number % shape.pods_per_service);
        let name = Shape::pod(service, pod);
        maker.create(&name, &Shape::service(service), number).await?;
        pods::run(client, &name, pods::address(1, number)?).await
    })
    .await?;
    Ok(json!({"seconds": began.elapsed().as_secs_f64()}))
}

/// An error unless the slices of the namespace have so many endpoints that are ready, each once.
pub async fn check(client: &Client, endpoints: usize) -> Result<Value> {
    let kind = Kind::EndpointSlice;
    let answer = client.send(request::list(kind, Some(&client.namespace), None, None)).await?;
    let objects = list::decode(kind, &answer.body)?.objects;
    let slices = objects.iter().filter_map(|object| match object {
        Object::EndpointSlice(slice) => Some(slice),
        _ => None,
    });
    let ready =
        slices.flat_map(|slice| slice.endpoints.iter()).filter(|it| it.conditions.ready == Some(true));
    let mut pods: Vec<_> = ready.filter_map(|endpoint| Some(&endpoint.target.as_ref()?.name)).collect();
    let listed = pods.len();
    pods.sort();
    pods.dedup();
    ensure!(
        listed == endpoints && pods.len() == endpoints,
        "the slices are to have {endpoints} endpoints that are ready, and have {listed}, of {} pods",
        pods.len()
    );
    Ok(json!({"slices": objects.len()}))
}

/// Deletes all that is in the namespace: services, pods and what was written for them.
pub async fn clear(client: &Client) -> Result<()> {
    for kind in [Kind::ReplicationController, Kind::Service, Kind::Pod, Kind::EndpointSlice, Kind::Endpoints]
    {
        client.delete_all(kind).await?;
    }
    Ok(())
}

/// Deletes what managers have written in the namespace.
pub async fn clear_written(client: &Client) -> Result<()> {
    for kind in [Kind::EndpointSlice, Kind::Endpoints] {
        client.delete_all(kind).await?;
    }
    Ok(())
}

/// It wants no pod and lends its template to all.
fn template() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": {"name": "template"},
        "spec": {
            "replicas": 0,
            "selector": {"app": "none"},
            "template": {
                "metadata": {"labels": {"app": "none"}},
                "spec": {"containers": [{
                    "name": "main",
                    "image": "localhost/none",
                    "ports": [{"name": "http", "containerPort": 8080}],
                }]},
            },
        },
    })
}

fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "selector": {"app": name},
            "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
        },
    })
}
