//! Where the server is and who we are, as kube reads it.

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};

use super::{ConnectionError, ConnectionSettings};

/// Reads the kubeconfig, or the pod's service account.
pub(super) async fn load(settings: &ConnectionSettings) -> Result<Config, ConnectionError> {
    let server = settings.server.as_deref().map(address).transpose()?;
    let mut config = match (&settings.kubeconfig, &server) {
        (Some(path), _) => {
            let failed =
                |source| ConnectionError::Kubeconfig { path: path.clone(), source: Box::new(source) };
            let kubeconfig = Kubeconfig::read_from(path).map_err(failed)?;
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.map_err(failed)?
        }
        (None, Some(server)) => {
            // As upstream's --master alone: outside a pod that is a server that asks for no credentials.
            Config::incluster().unwrap_or_else(|_| Config::new(server.clone()))
        }
        (None, None) => Config::incluster().map_err(|source| ConnectionError::InCluster(Box::new(source)))?,
    };
    if let Some(server) = server {
        config.cluster_url = server;
    }
    if let Some(proxy) = &config.proxy_url {
        return Err(ConnectionError::Proxy(proxy.to_string()));
    }
    Ok(config)
}

fn address(text: &str) -> Result<http::Uri, ConnectionError> {
    let wrong = || ConnectionError::Address(text.to_owned());
    let uri: http::Uri = text.parse().map_err(|_| wrong())?;
    if matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some() {
        Ok(uri)
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_and_a_host() {
        for good in ["https://10.0.0.1:6443", "http://localhost:8001/prefix", "https://[::1]:6443"] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in ["", "10.0.0.1:6443", "/path", "ftp://host", "https://"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
