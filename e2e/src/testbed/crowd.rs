//! An independent watch of every event of a controller's pods.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Namespace, is_active, is_ready, name_of, uid_of};
use crate::cluster::Cluster;
use crate::interrupt;

/// Watches until it is dropped.
pub struct Crowd {
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
    watch: Mutex<Watch>,
}

#[derive(Default)]
struct Watch {
    child: Option<Child>,
    stopped: bool,
}

/// What was seen so far.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// The active pods, name by UID.
    pub active: BTreeMap<String, String>,
    /// The most that were active at once.
    pub most: usize,
    /// Those of them that are ready, by UID.
    pub ready: BTreeSet<String>,
    /// The fewest that were ready at once.
    pub fewest_ready: usize,
    /// Every pod that there ever was, by UID.
    pub ever: BTreeSet<String>,
    /// The IDs that the first container of each pod has ever had, by UID: a new one comes with each restart.
    pub mains: BTreeMap<String, BTreeSet<String>>,
    /// How many events came.
    pub events: usize,
    /// How often the watch had to begin anew.
    pub restarts: usize,
    /// False until all pods were told that there were at the beginning.
    begun: bool,
}

impl Crowd {
    /// Begins to watch, and waits until it does.
    pub fn watch(namespace: &Namespace<'_>, selector: &str) -> Result<Crowd> {
        let shared = Arc::new(Shared::default());
        let path = format!(
            "/api/v1/namespaces/{}/pods?labelSelector={}",
            namespace.name(),
            selector.replace('=', "%3D")
        );
        let (cluster, own) = (namespace.cluster().clone(), Arc::clone(&shared));
        let reader = std::thread::spawn(move || own.read_until_stopped(&cluster, &path));
        let crowd = Crowd { shared, reader: Some(reader) };
        crowd.wait_until("the watch to begin", Duration::from_secs(30), |seen| seen.begun)?;
        Ok(crowd)
    }

    /// What was seen so far.
    pub fn seen(&self) -> Seen {
        lock(&self.shared.seen).clone()
    }

    /// From now on the most and the fewest are counted anew.
    pub fn count_anew(&self) {
        let mut seen = lock(&self.shared.seen);
        seen.most = seen.active.len();
        seen.fewest_ready = seen.ready.len();
    }

    /// Waits until what was seen fulfils a condition; it is looked at with each event.
    pub fn wait_until(
        &self,
        what: &str,
        timeout: Duration,
        mut condition: impl FnMut(&Seen) -> bool,
    ) -> Result<Seen> {
        let start = Instant::now();
        let mut seen = lock(&self.shared.seen);
        loop {
            if condition(&seen) {
                return Ok(seen.clone());
            }
            interrupt::check()?;
            if start.elapsed() > timeout {
                let (active, most) = (seen.active.len(), seen.most);
                bail!("gave up waiting for {what}: {active} pods are active, {most} at the most");
            }
            let (guard, _timed_out) = self
                .shared
                .changed
                .wait_timeout(seen, Duration::from_millis(100))
                .unwrap_or_else(PoisonError::into_inner);
            seen = guard;
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.shared.stop();
        if let Some(reader) = self.reader.take() {
            let _its_panic_was_printed = reader.join();
        }
    }
}

impl Shared {
    fn stop(&self) {
        let mut watch = lock(&self.watch);
        watch.stopped = true;
        if let Some(child) = &mut watch.child {
            let _gone_already = child.kill();
        }
    }

    fn is_stopped(&self) -> bool {
        lock(&self.watch).stopped
    }

    fn read_until_stopped(&self, cluster: &Cluster, path: &str) {
        while !self.is_stopped() {
            // While the apiserver is away, everything fails; nothing can change then either.
            if let Err(error) = self.follow(cluster, path)
                && !self.is_stopped()
            {
                eprintln!("    the test's watch: {error:#}");
            }
            if !self.is_stopped() {
                lock(&self.seen).restarts += 1;
                sleep(Duration::from_millis(200));
            }
        }
    }

    /// Reads a watch to its end. It begins with all pods that there are.
    fn follow(&self, cluster: &Cluster, path: &str) -> Result<()> {
        let url = format!(
            "{path}&watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=900"
        );
        let mut command = cluster.kubectl_command()?;
        command
            .args(["get", "--raw", &url])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn()?;
        let pipe = child.stdout.take().context("no output")?;
        {
            let mut watch = lock(&self.watch);
            if watch.stopped {
                child.kill()?;
            }
            watch.child = Some(child);
        }
        let result = self.read(BufReader::new(pipe));
        if let Some(mut child) = lock(&self.watch).child.take() {
            let _gone_already = child.kill();
            child.wait()?;
        }
        result
    }

    fn read(&self, lines: impl BufRead) -> Result<()> {
        // Filled until the server says that this is all.
        let mut first = Some(Seen::default());
        for line in lines.lines() {
            let event: Value = serde_json::from_str(&line?).context("not an event")?;
            let object = &event["object"];
            match event["type"].as_str() {
                Some("BOOKMARK")
                    if object["metadata"]["annotations"]["k8s.io/initial-events-end"] == "true" =>
                {
                    let Some(first) = first.take() else { continue };
                    let mut seen = lock(&self.seen);
                    seen.active = first.active;
                    seen.ready = first.ready;
                    seen.ever.extend(first.ever);
                    for (uid, mains) in first.mains {
                        seen.mains.entry(uid).or_default().extend(mains);
                    }
                    seen.begun = true;
                    self.changed(&mut seen);
                }
                Some("BOOKMARK") => {}
                Some("ADDED" | "MODIFIED" | "DELETED") => {
                    let deleted = event["type"] == "DELETED";
                    if let Some(first) = &mut first {
                        first.take(object, deleted);
                        continue;
                    }
                    let mut seen = lock(&self.seen);
                    seen.events += 1;
                    seen.take(object, deleted);
                    self.changed(&mut seen);
                }
                _ => bail!("{event}"),
            }
        }
        Ok(())
    }

    fn changed(&self, seen: &mut Seen) {
        seen.most = seen.most.max(seen.active.len());
        seen.fewest_ready = seen.fewest_ready.min(seen.ready.len());
        self.changed.notify_all();
    }
}

impl Seen {
    fn take(&mut self, pod: &Value, deleted: bool) {
        let uid = uid_of(pod);
        self.ready.remove(&uid);
        if deleted || !is_active(pod) {
            self.active.remove(&uid);
        } else {
            self.active.insert(uid.clone(), name_of(pod));
            if is_ready(pod) {
                self.ready.insert(uid.clone());
            }
        }
        if let Some(main) = pod["status"]["containerStatuses"][0]["containerID"].as_str() {
            self.mains.entry(uid.clone()).or_default().insert(main.to_owned());
        }
        self.ever.insert(uid);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
