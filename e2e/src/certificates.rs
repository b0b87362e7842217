//! The keys and certificates of a cluster.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use crate::private_file;

/// A name of the apiserver that only a DNS server of a test resolves.
pub const APISERVER_TEST_NAME: &str = "apiserver.fixture.test";

/// The folder of a cluster's keys and certificates, each a pair of `NAME.crt` and `NAME.key`.
#[derive(Debug, Clone)]
pub struct CertificateFolder {
    folder: PathBuf,
}

/// A certificate authority that can still sign: its key is in memory.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// Whom a certificate is for.
pub struct Subject<'a> {
    /// The name of its files.
    pub file: &'a str,
    /// The user, or for a server its name.
    pub common_name: &'a str,
    /// The user's group.
    pub organization: Option<&'a str>,
    /// The DNS names and IP addresses under which a server is reached.
    pub alternative_names: &'a [String],
}

impl CertificateFolder {
    /// Creates the folder if it does not exist.
    pub fn create(folder: impl Into<PathBuf>) -> Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(CertificateFolder { folder })
    }

    /// Names a folder that exists.
    pub fn open(folder: impl Into<PathBuf>) -> Self {
        CertificateFolder { folder: folder.into() }
    }

    /// The file of a certificate.
    pub fn certificate(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.crt"))
    }

    /// The file of a private key.
    pub fn key(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.key"))
    }

    /// The file of a public key that has no certificate.
    pub fn public_key(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.pub"))
    }

    /// Makes a certificate authority and writes its files.
    pub fn authority(&self, name: &str) -> Result<Authority> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        write(&self.certificate(name), &issuer.pem())?;
        private_file::write(&self.key(name), &issuer.key().serialize_pem())?;
        Ok(Authority { issuer })
    }

    /// Makes a key and a certificate for it, good for clients and servers, and writes both.
    pub fn issue(&self, authority: &Authority, subject: &Subject<'_>) -> Result<()> {
        let mut params = CertificateParams::new(subject.alternative_names)
            .with_context(|| format!("bad name in the certificate {}", subject.file))?;
        params.distinguished_name.push(DnType::CommonName, subject.common_name);
        if let Some(organization) = subject.organization {
            params.distinguished_name.push(DnType::OrganizationName, organization);
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &authority.issuer)?;
        write(&self.certificate(subject.file), &certificate.pem())?;
        private_file::write(&self.key(subject.file), &key.serialize_pem())
    }

    /// Makes a key without a certificate, as service account tokens are signed with.
    pub fn signing_key(&self, name: &str) -> Result<()> {
        let key = KeyPair::generate()?;
        private_file::write(&self.key(name), &key.serialize_pem())?;
        write(&self.public_key(name), &key.public_key_pem())
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_private_and_certificates_are_pem() {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("mainstay-certificates-{}", std::process::id()));
        let folder = CertificateFolder::create(&path).unwrap();
        let authority = folder.authority("ca").unwrap();
        let names = ["127.0.0.1".to_owned(), APISERVER_TEST_NAME.to_owned()];
        let subject =
            Subject { file: "server", common_name: "server", organization: None, alternative_names: &names };
        folder.issue(&authority, &subject).unwrap();
        folder.signing_key("tokens").unwrap();
        assert!(fs::read_to_string(folder.certificate("server")).unwrap().contains("BEGIN CERTIFICATE"));
        assert!(fs::read_to_string(folder.public_key("tokens")).unwrap().contains("BEGIN PUBLIC KEY"));
        for name in ["ca", "server", "tokens"] {
            assert_eq!(fs::metadata(folder.key(name)).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::remove_dir_all(path).unwrap();
    }
}
