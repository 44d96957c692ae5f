//! The emulator's own certificate authority, for clients that will not talk to IMS but by HTTPS.

use std::{
    fmt, fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
    PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use time::OffsetDateTime;
use x509_parser::pem::Pem;

use crate::{host::IMS_HOSTS, private_file};

/// A certificate authority for Adobe's IMS hosts and this machine, and for nothing else.
///
/// Whoever trusts it trusts the holder of its key for `ims-na1.adobelogin.com`, `ims-na1-stg1.adobelogin.com`,
/// `adobeid-na1.services.adobe.com`, `localhost` and loopback addresses; name constraints (RFC 5280 §4.2.1.10)
/// exclude all other names. It ends after seven days.
///
/// Give its file to single test processes (`NODE_EXTRA_CA_CERTS`, `SSL_CERT_FILE`, …), never to the system's store.
pub struct CertificateAuthority {
    pem: String,
    key: KeyPair,
    validity: Validity,
}

/// When the certificate authority and its certificates begin and end.
#[derive(Debug, Clone, Copy)]
struct Validity {
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

/// The certificate authority could not be made, read or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateAuthorityError {
    /// Give a folder that can be written.
    #[error("cannot keep the certificate authority")]
    Folder(#[source] io::Error),
    /// Delete the folder: what is in it is no certificate authority of the emulator.
    #[error("the folder does not hold a certificate authority")]
    Unreadable,
    /// Report it: nothing that is not random goes into a new one.
    #[error("cannot make a certificate authority")]
    Generate(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl CertificateAuthority {
    /// How long a new one lasts.
    pub const LIFETIME: Duration = Duration::from_hours(7 * 24);

    /// The name of the certificate's file in the folder of [`CertificateAuthority::open`].
    pub const CERTIFICATE_FILE: &str = "ca.pem";

    const KEY_FILE: &str = "ca.key";

    /// Makes a new one, which is kept nowhere.
    ///
    /// # Errors
    /// [`CertificateAuthorityError::Generate`].
    pub fn generate(now: SystemTime) -> Result<Self, CertificateAuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(generate)?;
        // Clocks of client and emulator may differ.
        let not_before = (now - Duration::from_hours(1)).into();
        let validity = Validity { not_before, not_after: (now + Self::LIFETIME).into() };
        let pem = ca_params(validity).self_signed(&key).map_err(generate)?.pem();
        Ok(Self { pem, key, validity })
    }

    /// Reads the one in `folder`; makes one there if there is none or less than a day is left of it. The folder is
    /// 0700 and the files are 0600 where there are modes. To forget it, delete the folder.
    ///
    /// # Errors
    /// [`CertificateAuthorityError`].
    pub fn open(folder: &Path, now: SystemTime) -> Result<Self, CertificateAuthorityError> {
        let certificate = folder.join(Self::CERTIFICATE_FILE);
        if certificate.exists() {
            let kept = Self::read(&certificate, &folder.join(Self::KEY_FILE))?;
            if OffsetDateTime::from(now) + Duration::from_hours(24) <= kept.validity.not_after {
                return Ok(kept);
            }
        }
        let new = Self::generate(now)?;
        let keep = || {
            private_file::make_folder(folder)?;
            private_file::write(&folder.join(Self::KEY_FILE), &new.key.serialize_pem())?;
            private_file::write(&certificate, &new.pem)
        };
        keep().map_err(CertificateAuthorityError::Folder)?;
        Ok(new)
    }

    fn read(certificate: &Path, key: &Path) -> Result<Self, CertificateAuthorityError> {
        let read = |path| fs::read_to_string(path).map_err(CertificateAuthorityError::Folder);
        let (pem, key) = (read(certificate)?, read(key)?);
        let key = KeyPair::from_pem(&key).map_err(|_| CertificateAuthorityError::Unreadable)?;
        let validity = validity(pem.as_bytes()).ok_or(CertificateAuthorityError::Unreadable)?;
        Ok(Self { pem, key, validity })
    }

    /// The certificate in PEM, for the client to trust.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.pem
    }

    /// The TLS configuration of a server under all names at once.
    pub(crate) fn server_config(&self) -> Result<ServerConfig, CertificateAuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(generate)?;
        let ca = ca_params(self.validity);
        let issuer = Issuer::from_params(&ca, &self.key);
        let certificate = leaf_params(self.validity).signed_by(&key, &issuer).map_err(generate)?;
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(generate)?;
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(generate)?
                .with_no_client_auth()
                .with_single_cert(chain, key)
                .map_err(generate)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateAuthority")
            .field("validity", &self.validity)
            .finish_non_exhaustive()
    }
}

fn generate(
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> CertificateAuthorityError {
    CertificateAuthorityError::Generate(error.into())
}

fn validity(pem: &[u8]) -> Option<Validity> {
    let block = Pem::iter_from_buffer(pem).next()?.ok()?;
    let validity = block.parse_x509().ok()?.validity().clone();
    Some(Validity {
        not_before: validity.not_before.to_datetime(),
        not_after: validity.not_after.to_datetime(),
    })
}

fn ca_params(validity: Validity) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "ims-emulator, for tests only");
    params.not_before = validity.not_before;
    params.not_after = validity.not_after;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let names = dns_names().map(|name| GeneralSubtree::DnsName(name.to_owned()));
    let addresses = [
        CidrSubnet::from_addr_prefix(Ipv4Addr::new(127, 0, 0, 0).into(), 8),
        CidrSubnet::from_addr_prefix(Ipv6Addr::LOCALHOST.into(), 128),
    ];
    let permitted_subtrees = names.chain(addresses.map(GeneralSubtree::IpAddress)).collect();
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    params
}

fn leaf_params(validity: Validity) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "ims-emulator");
    params.not_before = validity.not_before;
    params.not_after = validity.not_after;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let names =
        dns_names().map(|name| SanType::DnsName(name.try_into().expect("the names are ASCII")));
    let addresses = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
    params.subject_alt_names = names.chain(addresses.map(SanType::IpAddress)).collect();
    params
}

fn dns_names() -> impl Iterator<Item = &'static str> {
    IMS_HOSTS.into_iter().chain(["localhost"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::extensions::ParsedExtension;

    fn at(days: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(days * 24)
    }

    #[test]
    fn it_is_constrained_to_ims_and_this_machine() {
        let authority = CertificateAuthority::generate(at(20_000)).unwrap();
        let block = Pem::iter_from_buffer(authority.certificate_pem().as_bytes()).next();
        let block = block.unwrap().unwrap();
        let certificate = block.parse_x509().unwrap();
        let constraints = certificate.name_constraints().unwrap().unwrap();
        assert!(constraints.critical);
        let permitted = constraints.value.permitted_subtrees.as_ref().unwrap();
        assert_eq!(permitted.len(), IMS_HOSTS.len() + 3);
        let is_ca = |extension: &ParsedExtension<'_>| matches!(extension, ParsedExtension::BasicConstraints(one) if one.path_len_constraint == Some(0));
        assert!(certificate.extensions().iter().any(|one| is_ca(one.parsed_extension())));
    }

    #[test]
    fn it_is_kept_until_less_than_a_day_is_left_and_by_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("ca");
        let pem = |days| {
            let authority = CertificateAuthority::open(&folder, at(days)).unwrap();
            authority.server_config().unwrap();
            authority.certificate_pem().to_owned()
        };
        let first = pem(20_000);
        assert_eq!(pem(20_006), first);
        assert_ne!(pem(20_007), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&folder), 0o700);
            assert_eq!(mode(&folder.join("ca.key")), 0o600);
            assert_eq!(mode(&folder.join("ca.pem")), 0o600);
        }
    }

    #[test]
    fn a_folder_with_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), "x").unwrap();
        let missing = CertificateAuthority::open(folder.path(), at(20_000));
        assert!(matches!(missing, Err(CertificateAuthorityError::Folder(_))), "{missing:?}");
        fs::write(folder.path().join("ca.key"), "x").unwrap();
        let foreign = CertificateAuthority::open(folder.path(), at(20_000));
        assert!(matches!(foreign, Err(CertificateAuthorityError::Unreadable)), "{foreign:?}");
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let authority = CertificateAuthority::generate(at(20_000)).unwrap();
        assert!(!format!("{authority:?}").contains("KEY"));
    }
}
