//! The raw ceiling: how fast a plain loop creates the same pods, which no manager can outdo.

use anyhow::{Context, Result};

use crate::bench::load::{Account, Load, figure};
use crate::bench::namespace;
use crate::cluster::Cluster;

/// How many creates are tried at a time.
const WIDTHS: [usize; 5] = [16, 32, 64, 128, 256];
const NAMESPACE: &str = "ceiling";

/// What the loop reaches.
pub struct Ceiling<'a> {
    load: &'a Load<'a>,
    pods: u64,
    /// The best number of creates at a time.
    pub width: usize,
    /// Pods a second at that width, once with each round.
    pub rates: Vec<f64>,
}

impl<'a> Ceiling<'a> {
    /// Tries all widths.
    pub fn find(cluster: &Cluster, load: &'a Load<'a>, pods: u64) -> Result<Self> {
        namespace::create(cluster, NAMESPACE)?;
        load.run(NAMESPACE, &["owners", "--name", "ceiling", "--count", "1", "--replicas", "0"])?;
        let mut ceiling = Ceiling { load, pods, width: 0, rates: Vec::new() };
        let mut best = 0.0;
        for width in WIDTHS {
            let rate = ceiling.rate(width)?;
            eprintln!("a plain loop, {width} creates at a time: {rate:.0} pods/s");
            if rate > best {
                (best, ceiling.width) = (rate, width);
            }
        }
        Ok(ceiling)
    }

    /// Once more at the best width: the machine may have other things to do now than before.
    pub fn measure_again(&mut self) -> Result<()> {
        let rate = self.rate(self.width)?;
        eprintln!("a plain loop, {} creates at a time: {rate:.0} pods/s", self.width);
        self.rates.push(rate);
        Ok(())
    }

    /// By the account of the manager: an administrator's requests are never queued.
    fn rate(&self, width: usize) -> Result<f64> {
        let (pods, width) = (self.pods.to_string(), width.to_string());
        let words = ["creates", "--pods", &pods, "--width", &width];
        let measured = self.load.measure(Account::Manager, NAMESPACE, &words);
        Ok(self.pods as f64 / figure(&measured.context("the plain loop")?, "seconds")?)
    }
}
