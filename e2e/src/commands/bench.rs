//! `cargo xtask bench`: benchmarks beside kube-controller-manager.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use clap::{Args, Subcommand};

use crate::bench::report::Report;
use crate::bench::{endpoints, replication, sidecars};

/// As many pods as Kubernetes is made for.
const MOST_PODS: u64 = 150_000;

/// What to measure.
#[derive(Subcommand)]
pub enum BenchCommand {
    /// ReplicationControllers from 0 to many pods and back, and how soon a change is answered
    Replication(Replication),
    /// Services and their pods: how soon a change is in a slice, with how many writes and how much processor time, and what a restart costs
    Endpoints(Endpoints),
    /// SidecarWorkloads beside Deployments: from 0 to many pods and back, and another image for the sidecar of pods that run
    Sidecars(Sidecars),
}

/// What the benchmark of replication is to do.
#[derive(Args)]
pub struct Replication {
    /// Pods of all ReplicationControllers together [default: 3000, and 500 with --peer-defaults, which take it 25 s each way]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pods: Option<u64>,
    /// ReplicationControllers that share the pods
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u64).range(1..=1000))]
    rcs: u64,
    /// How often, each time by both
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// Pods that change in a second, one in four becoming ready or unready, where it is measured how soon that is answered: the aims are for 500, and
    /// a machine that cannot bear so many tells nothing of the managers
    #[arg(long, value_name = "N", default_value = "500", value_parser = clap::value_parser!(u32).range(1..=5000))]
    changes: u32,
    /// Let kube-controller-manager keep to its default rate of requests, instead of as many as it can send
    #[arg(long)]
    peer_defaults: bool,
    #[command(flatten)]
    outcome: Outcome,
}

/// What the benchmark of services is to do.
#[derive(Args)]
pub struct Endpoints {
    /// Services in one namespace that stand all the time. kube-controller-manager holds each pod against each of them, so each of its starts takes
    /// minutes with 5000 and seconds with 1000
    #[arg(long, value_name = "N", default_value = "5000", value_parser = clap::value_parser!(u64).range(1..=20_000))]
    services: u64,
    /// Pods of each of them
    #[arg(long, value_name = "N", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=1000))]
    pods_per_service: u64,
    /// Pods of one more service, which come and are then replaced
    #[arg(long, value_name = "N", default_value = "5000", value_parser = clap::value_parser!(u64).range(1..=50_000))]
    pods: u64,
    /// Pods of the many services that become unready or ready in a second
    #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(1..=5000))]
    changes: u32,
    /// For how many seconds they do
    #[arg(long, value_name = "N", default_value = "30", value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// How often, each time by both
    #[arg(long, value_name = "N", default_value = "2", value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// Let kube-controller-manager keep to its default rate of requests, instead of as many as it can send
    #[arg(long)]
    peer_defaults: bool,
    #[command(flatten)]
    outcome: Outcome,
}

/// What the benchmark of sidecars is to do.
#[derive(Args)]
pub struct Sidecars {
    /// Pods whose sidecar gets another image: in place by a SidecarWorkload, in new pods by a Deployment
    #[arg(long, value_name = "N", default_value = "500", value_parser = clap::value_parser!(u64).range(1..=20_000))]
    pods: u64,
    /// Pods that are made from none, and deleted again [default: 3000, and 500 with --peer-defaults]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    scale: Option<u64>,
    /// Have the chart's admission policy of one main container in force (its value singleMain), which the apiserver asks about each new pod of a
    /// SidecarWorkload and about no pod of a Deployment
    #[arg(long)]
    with_policy: bool,
    /// How often, each time by both
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// Let kube-controller-manager keep to its default rate of requests, instead of as many as it can send
    #[arg(long)]
    peer_defaults: bool,
    #[command(flatten)]
    outcome: Outcome,
}

/// What is done with the result of any benchmark.
#[derive(Args)]
struct Outcome {
    /// Write the result as JSON too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Fail when an aim is missed
    #[arg(long)]
    check: bool,
}

/// Does what the command says.
pub fn run(command: BenchCommand) -> Result<()> {
    match command {
        BenchCommand::Replication(line) => {
            let options = line.options()?;
            line.outcome.check_before()?;
            finish(&replication::run(options)?, &line.outcome)
        }
        BenchCommand::Endpoints(line) => {
            let options = line.options()?;
            line.outcome.check_before()?;
            finish(&endpoints::run(options)?, &line.outcome)
        }
        BenchCommand::Sidecars(line) => {
            line.outcome.check_before()?;
            finish(&sidecars::run(line.options())?, &line.outcome)
        }
    }
}

impl Replication {
    fn options(&self) -> Result<replication::Options> {
        let pods = self.pods.unwrap_or(if self.peer_defaults { 500 } else { 3000 });
        ensure!(
            self.rcs <= pods,
            "--rcs {} shares out {pods} pods, so that some get none: give at least as many --pods, or fewer --rcs",
            self.rcs
        );
        Ok(replication::Options {
            pods,
            owners: self.rcs,
            rounds: usize::from(self.rounds),
            changes: self.changes,
            peer_defaults: self.peer_defaults,
        })
    }
}

impl Endpoints {
    fn options(&self) -> Result<endpoints::Options> {
        let pods = self.services * self.pods_per_service;
        ensure!(
            pods <= MOST_PODS,
            "--services {} with --pods-per-service {} are {pods} pods, more than the {MOST_PODS} that one apiserver is known to bear",
            self.services,
            self.pods_per_service
        );
        Ok(endpoints::Options {
            services: self.services,
            pods_per_service: self.pods_per_service,
            pods: self.pods,
            changes: self.changes,
            seconds: self.seconds,
            rounds: usize::from(self.rounds),
            peer_defaults: self.peer_defaults,
        })
    }
}

impl Sidecars {
    fn options(&self) -> sidecars::Options {
        sidecars::Options {
            pods: self.pods,
            scale: self.scale.unwrap_or(if self.peer_defaults { 500 } else { 3000 }),
            rounds: usize::from(self.rounds),
            with_policy: self.with_policy,
            peer_defaults: self.peer_defaults,
        }
    }
}

impl Outcome {
    /// Nobody wants to learn at the end that there is no such folder.
    fn check_before(&self) -> Result<()> {
        let Some(file) = &self.json else { return Ok(()) };
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        ensure!(
            folder.is_none_or(Path::is_dir) && !file.is_dir(),
            "--json {}: this cannot be written; name a file in a folder that exists",
            file.display()
        );
        Ok(())
    }
}

fn finish(report: &Report, outcome: &Outcome) -> Result<()> {
    println!("{report}");
    if let Some(file) = &outcome.json {
        report.write_json(file)?;
    }
    if outcome.check && !report.all_aims_are_met() {
        bail!("--check: not all aims are met; the table says which");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        bench: BenchCommand,
    }

    fn options(words: &str) -> Result<replication::Options> {
        match Line::try_parse_from(words.split_whitespace())?.bench {
            BenchCommand::Replication(line) => line.options(),
            _ => bail!("another benchmark"),
        }
    }

    fn endpoints_options(words: &str) -> Result<endpoints::Options> {
        match Line::try_parse_from(words.split_whitespace())?.bench {
            BenchCommand::Endpoints(line) => line.options(),
            _ => bail!("another benchmark"),
        }
    }

    #[test]
    fn services_are_as_many_as_an_apiserver_bears() {
        let found = endpoints_options("bench endpoints --services 50 --pods 200 --rounds 1").unwrap();
        let expected = endpoints::Options {
            services: 50,
            pods_per_service: 10,
            pods: 200,
            changes: 100,
            seconds: 30,
            rounds: 1,
            peer_defaults: false,
        };
        assert_eq!(found, expected);
        let error = endpoints_options("bench endpoints --pods-per-service 31").unwrap_err().to_string();
        assert!(error.contains("155000 pods") && error.contains("--services 5000"), "{error}");
    }

    fn sidecars_options(words: &str) -> Result<sidecars::Options> {
        match Line::try_parse_from(words.split_whitespace())?.bench {
            BenchCommand::Sidecars(line) => Ok(line.options()),
            _ => bail!("another benchmark"),
        }
    }

    #[test]
    fn pods_to_change_and_pods_to_make_are_numbers_of_their_own() {
        let found = sidecars_options("bench sidecars").unwrap();
        let expected =
            sidecars::Options { pods: 500, scale: 3000, rounds: 5, with_policy: false, peer_defaults: false };
        assert_eq!(found, expected);
        let found = sidecars_options("bench sidecars --pods 20 --scale 50 --rounds 1 --with-policy").unwrap();
        assert_eq!((found.pods, found.scale, found.rounds, found.with_policy), (20, 50, 1, true));
        assert_eq!(sidecars_options("bench sidecars --peer-defaults").unwrap().scale, 500);
        let error = sidecars_options("bench sidecars --scale 0").unwrap_err().to_string();
        assert!(error.contains("--scale") && error.contains("1..=100000"), "{error}");
    }

    #[test]
    fn the_peers_default_rate_calls_for_fewer_pods() {
        let found = options("bench replication").unwrap();
        let expected =
            replication::Options { pods: 3000, owners: 1, rounds: 5, changes: 500, peer_defaults: false };
        assert_eq!(found, expected);
        assert_eq!(options("bench replication --peer-defaults").unwrap().pods, 500);
        assert_eq!(options("bench replication --peer-defaults --pods 7 --rcs 3").unwrap().pods, 7);
    }

    #[test]
    fn an_error_names_the_flag_and_what_helps() {
        for (words, names) in [
            ("bench replication --rcs 9 --pods 8", ["--rcs 9", "fewer --rcs"]),
            ("bench replication --pods 0", ["--pods", "1..=100000"]),
            ("bench replication --rounds many", ["--rounds", "invalid digit"]),
            ("bench replication --peer-default", ["--peer-default", "--peer-defaults"]),
        ] {
            let error = options(words).unwrap_err().to_string();
            assert!(names.iter().all(|name| error.contains(name)), "{words}: {error}");
        }
        let outcome = Outcome { json: Some("no/such/folder/x.json".into()), check: false };
        assert!(outcome.check_before().unwrap_err().to_string().contains("--json"));
    }
}
