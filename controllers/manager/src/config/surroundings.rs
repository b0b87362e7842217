//! What the process finds around itself: its environment, its namespace, its name and some randomness.

use std::collections::BTreeMap;
use std::ffi::OsString;

use uuid::Uuid;

/// Where Kubernetes tells a pod its namespace.
const NAMESPACE_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// What the process finds around itself.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// The namespace of the pod, if it is one.
    pub namespace: Option<String>,
    /// A name that no other process has or had.
    pub identity: String,
    /// A number that no other process has or had.
    pub seed: u64,
}

impl Surroundings {
    /// Looks around.
    pub fn look() -> Self {
        let environment: BTreeMap<String, String> = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect();
        let given = |name: &str| environment.get(name).cloned().filter(|value| !value.is_empty());
        let namespace = given("POD_NAMESPACE").or_else(|| first_line(NAMESPACE_FILE));
        let host = given("POD_NAME")
            .or_else(|| given("HOSTNAME"))
            .or_else(|| first_line("/proc/sys/kernel/hostname"))
            .unwrap_or_else(|| "unknown".to_owned());
        // client-go's form, so that whoever reads the Lease sees at once which pod it is.
        let identity = format!("{host}_{}", Uuid::new_v4());
        let (seed, _) = Uuid::new_v4().as_u64_pair();
        Surroundings { environment, namespace, identity, seed }
    }
}

/// The words of the command line, the first of which is the program.
pub fn command_line() -> Vec<OsString> {
    std::env::args_os().collect()
}

fn first_line(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().next().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned)
}
