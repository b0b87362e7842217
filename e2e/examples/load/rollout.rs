//! One service whose pods come, and then are replaced: a new one becomes ready, an old one goes.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use mainstay_model::Kind;
use serde_json::Value;

use crate::client::Client;
use crate::pairing::Pairing;
use crate::pods::{self, Maker};
use crate::services::Shape;
use crate::watching::Watching;
use crate::{flips, pace};

/// Lets `count` pods of the service `s-0` come, so many a second. Those of a later generation replace those of the one before.
pub async fn run(client: &Client, count: usize, nodes: usize, rate: u32, generation: u8) -> Result<Value> {
    let mut watching = Watching::begin(client, &[Kind::EndpointSlice, Kind::Pod]).await?;
    let mut pairing = Pairing::new(false);
    let (sender, maker) = (client.clone(), Arc::new(Maker::open(client, nodes).await?));
    let load = tokio::spawn(async move {
        let replace = |number| replace(sender.clone(), maker.clone(), generation, number);
        pace::keep(rate, count, replace).await
    });
    flips::watch(&mut watching, &mut pairing, count).await?;
    load.await.context("the load has ended")??;
    Ok(pairing.found(Instant::now()))
}

async fn replace(client: Client, maker: Arc<Maker>, generation: u8, number: usize) -> Result<()> {
    let name = |generation| format!("{}-{generation}-{number}", Shape::service(0));
    maker.create(&name(generation), &Shape::service(0), number).await?;
    pods::run(&client, &name(generation), pods::address(200 + generation % 50, number)?).await?;
    match generation.checked_sub(1) {
        Some(former) => pods::delete(&client, &name(former)).await,
        None => Ok(()),
    }
}
