//! Pods of many services that become unready and ready again, at a fixed rate: each change calls for a write of its own, since the next one is
//! of another service. In the end all is as it was.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mainstay_model::{Kind, Object};
use mainstay_wire::Frame;
use serde_json::Value;

use crate::client::Client;
use crate::pairing::Pairing;
use crate::services::Shape;
use crate::watching::Watching;
use crate::{pace, pods};

/// After so long without any event nothing more is to be expected.
pub const SILENCE: Duration = Duration::from_secs(30);

/// Which pod becomes ready or unready with each change.
#[derive(Clone, Copy)]
struct Order {
    shape: Shape,
    /// Pods that change.
    pods: usize,
    /// Changes of all together.
    changes: usize,
}

impl Order {
    /// Of about so many changes: each pod changes twice or more, never an odd number of times.
    fn new(shape: Shape, wanted: usize) -> Order {
        let pods = (wanted / 2).min(shape.services * shape.pods_per_service).max(1);
        Order { shape, pods, changes: (wanted / (2 * pods)).max(1) * 2 * pods }
    }

    fn change(self, number: usize) -> (String, bool) {
        let (pod, round) = (number % self.pods, number / self.pods);
        let (service, pod) = (pod % self.shape.services, pod / self.shape.services);
        (Shape::pod(service, pod), !round.is_multiple_of(2))
    }
}

/// Lets about `rate` times `seconds` pods change.
pub async fn run(client: &Client, shape: Shape, rate: u32, seconds: u32) -> Result<Value> {
    ensure!(shape.services > 0 && shape.pods_per_service > 0, "there are no pods");
    let order = Order::new(shape, (rate * seconds) as usize);
    // The slices' first, so that no answer is missed.
    let mut watching = Watching::begin(client, &[Kind::EndpointSlice, Kind::Pod]).await?;
    let mut pairing = Pairing::new(true);
    let sender = client.clone();
    let load = tokio::spawn(async move {
        let send = |number| {
            let (client, (pod, ready)) = (sender.clone(), order.change(number));
            async move { pods::set_ready(&client, &pod, ready).await }
        };
        pace::keep(rate, order.changes, send).await
    });
    watch(&mut watching, &mut pairing, order.changes).await?;
    load.await.context("the load has ended")??;
    Ok(pairing.found(Instant::now()))
}

/// Looks until so many changes were seen and answered.
pub async fn watch(watching: &mut Watching, pairing: &mut Pairing, changes: usize) -> Result<()> {
    while pairing.changes() < changes || pairing.is_waiting() {
        let Some((at, frame)) = watching.next(SILENCE).await? else { break };
        match frame {
            Frame::Applied(Object::Pod(pod)) => pairing.pod(at, &pod),
            Frame::Applied(Object::EndpointSlice(slice)) => pairing.slice(at, &slice),
            Frame::Error(status) => bail!("a watch has ended: {}", status.message),
            Frame::Applied(_) | Frame::Deleted(_) | Frame::Bookmark { .. } | Frame::Unreadable { .. } => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const SHAPE: Shape = Shape { services: 4, pods_per_service: 2 };

    #[test]
    fn changes_that_follow_each_other_are_of_different_services() {
        let order = Order::new(SHAPE, 12);
        assert_eq!((order.pods, order.changes), (6, 12));
        let changes: Vec<(String, bool)> = (0..12).map(|number| order.change(number)).collect();
        let first: Vec<&str> = changes.iter().take(6).map(|(pod, _)| pod.as_str()).collect();
        assert_eq!(first, ["s-0-0", "s-1-0", "s-2-0", "s-3-0", "s-0-1", "s-1-1"]);
        assert!(changes.iter().take(6).all(|(_, ready)| !ready) && changes.iter().skip(6).all(|it| it.1));
    }

    #[test]
    fn in_the_end_all_is_as_it_was() {
        for wanted in [1, 2, 7, 16, 17, 100] {
            let order = Order::new(SHAPE, wanted);
            let last: BTreeMap<String, bool> =
                (0..order.changes).map(|number| order.change(number)).collect();
            assert!(last.values().all(|ready| *ready), "{wanted}");
            assert!(order.changes <= wanted.max(2) && last.len() == order.pods);
        }
    }
}
