//! Starting a cluster.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use super::{Cluster, ClusterOptions, Nodes, down, record};
use crate::addresses::MAX_NODES;
use crate::controller_manager;
use crate::node::{self, Node};
use crate::programs::{self, Programs};
use crate::wait::wait_for;
use crate::{control_plane, fake_nodes, folders, interrupt, prerequisites};

pub fn up(options: &ClusterOptions) -> Result<Cluster> {
    check(options)?;
    let _lock = record::lock(&options.name)?;
    if let Some(earlier) = record::open(&options.name)? {
        if earlier.options == *options && earlier.status().iter().all(|component| component.problem.is_none())
        {
            eprintln!("cluster {} runs already", earlier.name());
            return Ok(earlier);
        }
        eprintln!("taking down what there is of cluster {}", earlier.name());
        down::down(&earlier)?;
    }
    let start = Instant::now();
    let cluster = record::create(options)?;
    eprintln!("starting cluster {} with {}", cluster.name(), options.nodes);
    if let Err(error) = start_all(&cluster) {
        return Err(give_up(&cluster, error));
    }
    eprintln!("cluster {} is ready after {:.1} s", cluster.name(), start.elapsed().as_secs_f64());
    Ok(cluster)
}

/// Runs `work` for all nodes at the same time; the first error counts.
pub fn in_parallel(nodes: &[Node<'_>], work: impl Fn(&Node<'_>) -> Result<()> + Sync) -> Result<()> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = nodes.iter().map(|node| scope.spawn(|| work(node))).collect();
        threads.into_iter().try_for_each(joined)
    })
}

fn check(options: &ClusterOptions) -> Result<()> {
    prerequisites::check_for_control_plane()?;
    if !matches!(options.nodes, Nodes::Fake(_)) {
        if !(1..=MAX_NODES).contains(&options.nodes.real()) {
            bail!("1 to {MAX_NODES} real nodes are possible")
        }
        prerequisites::check_for_real_nodes()?;
        programs::ensure(&[Programs::Containers])?;
    }
    if options.nodes.fake() > 0 {
        programs::ensure(&[Programs::Kwok])?;
    }
    programs::ensure(&[Programs::Etcd, Programs::Kubernetes])?;
    controller_manager::check_list(&options.in_tree)
}

fn start_all(cluster: &Cluster) -> Result<()> {
    control_plane::write_credentials(cluster)?;
    match cluster.options.nodes {
        Nodes::Fake(0) => start_without_nodes(cluster),
        Nodes::Fake(_) => start_with_fake_nodes(cluster),
        Nodes::Real(_) | Nodes::Mixed { .. } => start_with_real_nodes(cluster),
    }
}

/// Nobody writes there but the clients of the apiserver and, if it is wanted, kube-controller-manager.
fn start_without_nodes(cluster: &Cluster) -> Result<()> {
    start_storage(cluster)?;
    controller_manager::start(cluster, &cluster.options.in_tree, &[])?;
    controller_manager::wait_until_it_works(cluster, &cluster.options.in_tree)
}

fn start_with_fake_nodes(cluster: &Cluster) -> Result<()> {
    start_control_plane(cluster)?;
    fake_nodes::start_kwok(cluster)?;
    controller_manager::start(cluster, &cluster.options.in_tree, &[])?;
    fake_nodes::create_nodes(cluster)?;
    fake_nodes::wait_for_nodes(cluster)?;
    controller_manager::wait_until_it_works(cluster, &cluster.options.in_tree)
}

/// The apiserver takes as long to start as the nodes take to get ready for it, so both happen at once.
fn start_with_real_nodes(cluster: &Cluster) -> Result<()> {
    let nodes = cluster.nodes();
    cluster.control_plane_surroundings().cgroup.iter().try_for_each(|cgroup| cgroup.create())?;
    node::create_bridge(cluster)?;
    std::thread::scope(|scope| {
        let control_plane = scope.spawn(|| start_control_plane(cluster));
        let prepared = prepare_nodes(cluster, &nodes);
        joined(control_plane)?;
        prepared
    })?;
    in_parallel(&nodes, |node| node.start())?;
    controller_manager::start(cluster, &cluster.options.in_tree, &[])?;
    if cluster.options.nodes.fake() > 0 {
        fake_nodes::start_kwok(cluster)?;
        fake_nodes::create_nodes(cluster)?;
    }
    in_parallel(&nodes, |node| node.wait_for_proxy())?;
    wait_for("the nodes to become ready", Duration::from_secs(120), || {
        for node in &nodes {
            node.daemon("containerd").check()?;
            node.daemon("kubelet").check()?;
        }
        let expected = cluster.options.nodes.count() as usize;
        Ok((cluster.ready_nodes().unwrap_or_default().len() == expected).then_some(()))
    })?;
    // The role that kubeadm gives to the node of its static pods; a kubelet may not give it to itself.
    cluster.kubectl(&["label", "node", "node-1", "node-role.kubernetes.io/control-plane="])?;
    controller_manager::wait_until_it_works(cluster, &cluster.options.in_tree)
}

fn start_control_plane(cluster: &Cluster) -> Result<()> {
    start_storage(cluster)?;
    control_plane::start_scheduler(cluster)
}

fn start_storage(cluster: &Cluster) -> Result<()> {
    control_plane::start_etcd(cluster)?;
    control_plane::start_apiserver(cluster)?;
    control_plane::wait_for_apiserver(cluster)
}

fn prepare_nodes(cluster: &Cluster, nodes: &[Node<'_>]) -> Result<()> {
    let common = node::write_images(cluster)?;
    let mut first = common.clone();
    // Also when it does not run: a test may start it later.
    first.push(controller_manager::write_image(cluster)?);
    in_parallel(nodes, |node| {
        let archives = if node.name() == "node-1" { &first } else { &common };
        node.prepare(archives)
    })
}

/// Cleans up after a start that failed. The logs are kept, unless it was the person's wish to stop.
fn give_up(cluster: &Cluster, error: anyhow::Error) -> anyhow::Error {
    let interrupted = interrupt::is_set();
    interrupt::hold_back(|| {
        eprintln!("cleaning up");
        let kept = if interrupted { None } else { keep_logs(cluster).ok() };
        let error = match down::down(cluster) {
            // What went wrong is then what Ctrl-C has done to some program.
            Ok(()) if interrupted => anyhow!("interrupted"),
            Ok(()) => error,
            Err(left) => error.context(format!("and cleaning up failed too: {left:#}")),
        };
        match kept {
            Some(folder) => {
                error.context(format!("the cluster did not start; its logs are in {}", folder.display()))
            }
            None => error,
        }
    })
}

fn keep_logs(cluster: &Cluster) -> Result<PathBuf> {
    let destination = folders::cache()?.join("failed-starts").join(cluster.name());
    if destination.exists() {
        fs::remove_dir_all(&destination)?;
    }
    fs::create_dir_all(&destination)?;
    let mut folders = vec![(String::new(), cluster.folder().to_owned())];
    folders.extend(cluster.nodes().iter().map(|node| (format!("{}-", node.name()), node.folder())));
    for (prefix, folder) in folders {
        for entry in fs::read_dir(folder)?.flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "log") {
                let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                fs::copy(entry.path(), destination.join(name)).context("cannot keep a log")?;
            }
        }
    }
    Ok(destination)
}

fn joined(thread: std::thread::ScopedJoinHandle<'_, Result<()>>) -> Result<()> {
    thread.join().unwrap_or_else(|_panic| bail!("a thread of the start panicked"))
}
