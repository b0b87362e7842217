//! The requests of the search for rivals.
//!
//! They are few and small, and share a connection with the writes, whose number follows what the apiserver can take.

use std::time::{Duration, Instant};

use mainstay_engine::{Input, RivalAnswer, RivalRequest};
use mainstay_model::{Evidence, Unreadable};
use mainstay_wire::{Request, evidence};

use super::owed_answer::OwedAnswer;
use crate::connection::{Answer, Channel};

/// How long a look or a write of the canary may take. The permission to act that hangs on it lasts little longer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Performs one request and answers.
pub(super) async fn run(owed: OwedAnswer, channel: Channel, request: RivalRequest) {
    let answer_by = Instant::now() + TIMEOUT;
    let answer = match request {
        RivalRequest::Look { canary, asked } => {
            let pods = send(&channel, evidence::pods_request(), answer_by);
            let lease = send(&channel, evidence::lease_request(), answer_by);
            let canary = send(&channel, evidence::canary_request(&canary), answer_by);
            let (pods, lease, canary) = tokio::join!(pods, lease, canary);
            let evidence = Evidence {
                pods: pods.and_then(|answer| evidence::pods(answer.code, &answer.body)),
                lease: lease.and_then(|answer| evidence::lease(answer.code, &answer.body)),
                canary: canary.and_then(|answer| evidence::canary(answer.code, &answer.body)),
            };
            RivalAnswer::Looked { asked, evidence }
        }
        RivalRequest::MakeCanary { canary } => {
            write(&channel, evidence::canary_create(&canary), answer_by).await
        }
        RivalRequest::RaiseCanary { canary, uid, min_ready_seconds } => {
            write(&channel, evidence::canary_raise(&canary, uid, min_ready_seconds), answer_by).await
        }
    };
    owed.pay(Input::Rivals(answer));
}

async fn write(channel: &Channel, request: Request, answer_by: Instant) -> RivalAnswer {
    let sent = send(channel, request, answer_by).await;
    RivalAnswer::CanaryWritten(sent.and_then(|answer| evidence::canary_written(answer.code, &answer.body)))
}

async fn send(channel: &Channel, request: Request, answer_by: Instant) -> Result<Answer, Unreadable> {
    channel.send(request, answer_by).await.map_err(|error| Unreadable(error.to_string()))
}
