//! Watches that have nothing to do with the manager: what somebody else in the cluster sees, and when.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mainstay_model::Kind;
use mainstay_runtime::connection::AnswerStream;
use mainstay_wire::{Frame, FrameDecoder};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::client::Client;

/// Several watches of a namespace, in one line.
pub struct Watching {
    frames: mpsc::UnboundedReceiver<(Instant, Frame)>,
}

impl Watching {
    /// Watches what happens from now on.
    pub async fn begin(client: &Client, kinds: &[Kind]) -> Result<Watching> {
        let (teller, frames) = mpsc::unbounded_channel();
        for kind in kinds {
            tokio::spawn(tell(client.watch_from_now(*kind).await?, *kind, teller.clone()));
        }
        Ok(Watching { frames })
    }

    /// What is seen next, and when it was; `None` when nothing has happened for so long.
    pub async fn next(&mut self, patience: Duration) -> Result<Option<(Instant, Frame)>> {
        match timeout(patience, self.frames.recv()).await {
            Ok(frame) => frame.context("a watch has ended").map(Some),
            Err(_silence) => Ok(None),
        }
    }
}

/// Tells what a watch shows, and when.
pub async fn tell(
    mut stream: AnswerStream,
    kind: Kind,
    teller: mpsc::UnboundedSender<(Instant, Frame)>,
) -> Result<()> {
    let mut decoder = FrameDecoder::new(kind);
    while let Some(bytes) = stream.next().await? {
        let at = Instant::now();
        decoder.push(bytes);
        while let Some(frame) = decoder.next()? {
            teller.send((at, frame))?;
        }
    }
    Ok(())
}
