//! The raw ceiling: a plain loop that creates pods. It watches nothing and decides nothing.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use mainstay_model::{
    ControllerReference, CreatePod, Kind, Object, ObjectName, ReplicationController, Write,
};
use mainstay_wire::{list, request};
use serde_json::{Value, json};

use crate::client::{Client, side_by_side};

/// How many pods are deleted at a time, which is not measured.
const DELETES: usize = 64;

/// Creates pods as the namespace's first ReplicationController would have them, byte for byte, and deletes them again.
pub async fn run(client: &Client, pods: usize, width: usize) -> Result<Value> {
    let owner = owner(client).await?;
    let template = owner.template.as_ref().context("the ReplicationController has no template")?;
    let name = |index: usize| format!("{}-raw-{index}", owner.meta.name.name);
    let began = Instant::now();
    side_by_side(pods, width, |index| {
        let create = Write::CreatePod(CreatePod {
            pod: ObjectName::new(client.namespace.as_str(), name(index)),
            generate_name: format!("{}-", owner.meta.name.name).into(),
            owner: ControllerReference {
                kind: Kind::ReplicationController,
                name: owner.meta.name.name.clone(),
                uid: owner.meta.uid,
            },
            template: Arc::clone(template),
        });
        let request = request::write(&create);
        async move { client.send(request).await.map(|_| ()) }
    })
    .await?;
    let took = began.elapsed();
    side_by_side(pods, DELETES, |index| async move {
        let path = format!("pods/{}", name(index));
        client.send_json("DELETE", &path, "application/json", &json!({})).await.map(|_| ())
    })
    .await?;
    Ok(json!({"seconds": took.as_secs_f64()}))
}

/// The namespace's first ReplicationController.
pub async fn owner(client: &Client) -> Result<Arc<ReplicationController>> {
    let kind = Kind::ReplicationController;
    let answer = client.send(request::list(kind, Some(&client.namespace), None, None)).await?;
    let objects = list::decode(kind, &answer.body)?.objects;
    let first = objects.into_iter().find_map(|object| match object {
        Object::ReplicationController(owner) => Some(owner),
        _ => None,
    });
    first.context("there is no ReplicationController in the namespace")
}
