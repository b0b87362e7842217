//! Where the server is and who asks, as kube reads it.

use std::io::ErrorKind;

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

use crate::command_line::Connection;
use crate::problem::Problem;

/// Reads the kubeconfig; without one, the service account of the pod that this runs in.
pub(super) async fn load(connection: &Connection) -> Result<Config, Problem> {
    let kubeconfig = match read(connection) {
        Ok(kubeconfig) => kubeconfig,
        Err(Problem::NoKubeconfig) => return Config::incluster().map_err(|_| Problem::NoKubeconfig),
        Err(problem) => return Err(problem),
    };
    let known = names(&kubeconfig);
    let options = KubeConfigOptions {
        context: connection.context.clone(),
        cluster: connection.cluster.clone(),
        user: connection.user.clone(),
    };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let mut config = config.map_err(|error| problem(error, &known))?;
    if let Some(user) = &connection.impersonate {
        config.auth_info.impersonate = Some(user.clone());
        config.auth_info.impersonate_groups = Some(connection.impersonate_groups.clone());
    }
    Ok(config)
}

/// The names of its contexts.
pub(super) fn contexts(connection: &Connection) -> Result<Vec<String>, Problem> {
    read(connection).map(|kubeconfig| names(&kubeconfig))
}

fn read(connection: &Connection) -> Result<Kubeconfig, Problem> {
    match &connection.kubeconfig {
        Some(file) => Kubeconfig::read_from(file).map_err(|error| problem(error, &[])),
        None => Kubeconfig::read().map_err(|error| match error {
            KubeconfigError::ReadConfig(error, _) if error.kind() == ErrorKind::NotFound => {
                Problem::NoKubeconfig
            }
            KubeconfigError::FindPath => Problem::NoKubeconfig,
            other => problem(other, &[]),
        }),
    }
}

fn names(kubeconfig: &Kubeconfig) -> Vec<String> {
    kubeconfig.contexts.iter().map(|context| context.name.clone()).collect()
}

fn problem(error: KubeconfigError, known: &[String]) -> Problem {
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    match error {
        KubeconfigError::LoadContext(name) => Problem::UnknownContext { name, known },
        KubeconfigError::CurrentContextNotSet => Problem::NoContext { known },
        other => Problem::Kubeconfig(other.to_string()),
    }
}
