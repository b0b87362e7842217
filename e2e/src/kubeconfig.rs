//! Kubeconfig files that hold all they need, so that they can be copied into containers.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::certificates::CertificateFolder;

/// Writes a kubeconfig for the user whose certificate is `user`.
pub fn write(
    destination: &Path,
    context: &str,
    server: &str,
    certificates: &CertificateFolder,
    user: &str,
) -> Result<()> {
    let encode = |path: std::path::PathBuf| -> Result<String> {
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(STANDARD.encode(bytes))
    };
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "clusters": [{"name": context, "cluster": {
            "server": server,
            "certificate-authority-data": encode(certificates.certificate("ca"))?,
        }}],
        "users": [{"name": context, "user": {
            "client-certificate-data": encode(certificates.certificate(user))?,
            "client-key-data": encode(certificates.key(user))?,
        }}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
    });
    crate::private_file::write(destination, &serde_json::to_string_pretty(&config)?)
}
