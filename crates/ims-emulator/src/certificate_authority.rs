//! The emulator's own certificate authority, for clients that use only HTTPS.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use ims_files::{FileError, PrivateFolder};
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
use x509_parser::{extensions::GeneralName, pem::Pem};
use zeroize::Zeroizing;

use crate::host::ADOBE_HOSTS;

/// A certificate authority for Adobe's IMS hosts and this machine, and for nothing else.
///
/// Anyone who trusts it trusts the holder of its key for `ims-na1.adobelogin.com`, `ims-na1-stg1.adobelogin.com`,
/// `adobeid-na1.services.adobe.com`, `localhost` and loopback addresses; name constraints (RFC 5280 §4.2.1.10)
/// exclude all other names. It ends after seven days.
///
/// Give its file to single test processes (`NODE_EXTRA_CA_CERTS`, `SSL_CERT_FILE`, …), never to the system's store.
///
/// ```
/// use std::time::SystemTime;
///
/// use ims_emulator::{CertificateAuthority, Emulator};
///
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path().join("ca");
/// // Clients trust the file `ca.pem` in the folder.
/// let authority = CertificateAuthority::open(&folder, SystemTime::now())?;
/// let emulator = Emulator::builder().with_certificate_authority(authority);
/// # let _ = emulator;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CertificateAuthority {
    pem: String,
    key: KeyPair,
    validity: Validity,
    /// The hosts in the certificate besides Adobe's and those of this machine.
    hosts: Vec<String>,
}

/// When the certificate authority and its certificates begin and end.
#[derive(Debug, Clone, Copy)]
struct Validity {
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

/// The certificate authority could not be made, read or kept.
///
/// ```
/// use std::{path::Path, time::SystemTime};
///
/// use ims_emulator::{CertificateAuthority, CertificateAuthorityError};
///
/// let result = CertificateAuthority::open(Path::new("/dev/null/ca"), SystemTime::now());
/// assert!(matches!(result, Err(CertificateAuthorityError::Folder(_))));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateAuthorityError {
    /// Give a folder of your own that no other user can read.
    #[error("cannot keep the certificate authority: {0}")]
    Folder(FileError),
    /// Delete the folder: what is in it is not a certificate authority of the emulator.
    #[error("the folder does not hold a certificate authority")]
    Unreadable,
    /// Report it: a new one cannot be made without random numbers.
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
        Self::generate_for(&[], now)
    }

    /// Makes a new one, which is kept nowhere, for `hosts` as well: names by which clients call the emulator, or addresses.
    ///
    /// ```
    /// use std::time::SystemTime;
    ///
    /// use ims_emulator::CertificateAuthority;
    ///
    /// // Clients call it by the name of its container.
    /// let authority = CertificateAuthority::generate_for(&["ims".to_owned()], SystemTime::now())?;
    /// println!("{} bytes of PEM to trust", authority.certificate_pem().len());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CertificateAuthorityError::Generate`].
    pub fn generate_for(
        hosts: &[String],
        now: SystemTime,
    ) -> Result<Self, CertificateAuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(generate)?;
        // Clocks of client and emulator may differ.
        let not_before = (now - Duration::from_hours(1)).into();
        let validity = Validity { not_before, not_after: (now + Self::LIFETIME).into() };
        let hosts = hosts.to_vec();
        let pem = ca_params(validity, &hosts).self_signed(&key).map_err(generate)?.pem();
        Ok(Self { pem, key, validity, hosts })
    }

    /// Reads the one in `folder`; makes one there if there is none or less than a day is left of it. The folder is
    /// 0700 and the files are 0600 where there are modes. To forget it, delete the folder.
    ///
    /// # Errors
    /// [`CertificateAuthorityError`].
    pub fn open(folder: &Path, now: SystemTime) -> Result<Self, CertificateAuthorityError> {
        Self::open_for(folder, &[], now)
    }

    /// The same for `hosts` as well: one that is not for all of them is replaced.
    ///
    /// ```
    /// use std::time::SystemTime;
    ///
    /// use ims_emulator::CertificateAuthority;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path().join("ca");
    /// let hosts = ["ims".to_owned()];
    /// let first = CertificateAuthority::open_for(&folder, &hosts, SystemTime::now())?;
    /// let again = CertificateAuthority::open_for(&folder, &hosts, SystemTime::now())?;
    /// assert_eq!(first.certificate_pem(), again.certificate_pem(), "clients trust it until it expires");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CertificateAuthorityError`].
    pub fn open_for(
        folder: &Path,
        hosts: &[String],
        now: SystemTime,
    ) -> Result<Self, CertificateAuthorityError> {
        let folder = PrivateFolder::create(folder)?;
        let lock = folder.lock(LOCK_TIMEOUT)?;
        if let Some(kept) = Self::read(&folder)?
            && OffsetDateTime::from(now) + Duration::from_hours(24) <= kept.validity.not_after
            && hosts.iter().all(|host| kept.hosts.contains(host))
        {
            return Ok(kept);
        }
        let new = Self::generate_for(hosts, now)?;
        // The certificate is written last: if it is there, its key is there, too.
        lock.replace(Self::KEY_FILE, new.key.serialize_pem().as_bytes())?;
        lock.replace(Self::CERTIFICATE_FILE, new.pem.as_bytes())?;
        Ok(new)
    }

    /// `None` if there is none yet.
    fn read(folder: &PrivateFolder) -> Result<Option<Self>, CertificateAuthorityError> {
        let Some(pem) = read_text(folder, Self::CERTIFICATE_FILE)? else { return Ok(None) };
        let key = read_text(folder, Self::KEY_FILE)?;
        let key = key.ok_or(CertificateAuthorityError::Unreadable)?;
        let key = KeyPair::from_pem(&key).map_err(|_| CertificateAuthorityError::Unreadable)?;
        let (validity, mut hosts) =
            contents(pem.as_bytes()).ok_or(CertificateAuthorityError::Unreadable)?;
        if !OWN_NAMES.iter().all(|name| hosts.iter().any(|host| host == name)) {
            // An earlier version of the emulator made it, for fewer hosts.
            return Ok(None);
        }
        hosts.retain(|host| !OWN_NAMES.contains(&host.as_str()));
        Ok(Some(Self { pem: pem.to_string(), key, validity, hosts }))
    }

    /// The certificate in PEM, for the client to trust.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.pem
    }

    /// The TLS configuration of a server under all names at once.
    pub(crate) fn server_config(&self) -> Result<ServerConfig, CertificateAuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(generate)?;
        let ca = ca_params(self.validity, &self.hosts);
        let issuer = Issuer::from_params(&ca, &self.key);
        let certificate =
            leaf_params(self.validity, &self.hosts).signed_by(&key, &issuer).map_err(generate)?;
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

fn read_text(
    folder: &PrivateFolder,
    name: &str,
) -> Result<Option<Zeroizing<String>>, CertificateAuthorityError> {
    let Some(bytes) = folder.read(name, MAX_BYTES)? else { return Ok(None) };
    let text = std::str::from_utf8(&bytes);
    let text = text.map_err(|_| CertificateAuthorityError::Unreadable)?;
    Ok(Some(Zeroizing::new(text.to_owned())))
}

impl From<FileError> for CertificateAuthorityError {
    fn from(error: FileError) -> Self {
        Self::Folder(error)
    }
}

/// How long another emulator may write into the folder.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// The certificate and its key have some 1,000 bytes each.
const MAX_BYTES: u64 = 64 * 1024;

fn generate(
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> CertificateAuthorityError {
    CertificateAuthorityError::Generate(error.into())
}

/// When the certificate begins and ends, and which hosts it is for besides the addresses of this machine.
fn contents(pem: &[u8]) -> Option<(Validity, Vec<String>)> {
    let block = Pem::iter_from_buffer(pem).next()?.ok()?;
    let certificate = block.parse_x509().ok()?;
    let dates = certificate.validity();
    let validity = Validity {
        not_before: dates.not_before.to_datetime(),
        not_after: dates.not_after.to_datetime(),
    };
    let constraints = certificate.name_constraints().ok()??.value;
    let mut hosts = Vec::new();
    for subtree in constraints.permitted_subtrees.iter().flatten() {
        match &subtree.base {
            GeneralName::DNSName(name) => hosts.push((*name).to_owned()),
            GeneralName::IPAddress([a, b, c, d, 255, 255, 255, 255]) => {
                hosts.push(Ipv4Addr::new(*a, *b, *c, *d).to_string());
            }
            _ => {}
        }
    }
    Some((validity, hosts))
}

/// The names that every certificate authority is for.
const OWN_NAMES: [&str; ADOBE_HOSTS.len() + 1] = {
    let mut names = ["localhost"; ADOBE_HOSTS.len() + 1];
    let mut place = 0;
    while place < ADOBE_HOSTS.len() {
        names[place] = ADOBE_HOSTS[place];
        place += 1;
    }
    names
};

fn ca_params(validity: Validity, hosts: &[String]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "ims-emulator, for tests only");
    params.not_before = validity.not_before;
    params.not_after = validity.not_after;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let mut permitted_subtrees = vec![
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(
            Ipv4Addr::new(127, 0, 0, 0).into(),
            8,
        )),
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(Ipv6Addr::LOCALHOST.into(), 128)),
    ];
    for name in OWN_NAMES.into_iter().chain(hosts.iter().map(String::as_str)) {
        permitted_subtrees.push(match name.parse::<Ipv4Addr>() {
            Ok(address) => {
                GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address.into(), 32))
            }
            Err(_) => GeneralSubtree::DnsName(name.to_owned()),
        });
    }
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    params
}

fn leaf_params(validity: Validity, hosts: &[String]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "ims-emulator");
    params.not_before = validity.not_before;
    params.not_after = validity.not_after;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let addresses = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
    params.subject_alt_names = addresses.map(SanType::IpAddress).into();
    for name in OWN_NAMES.into_iter().chain(hosts.iter().map(String::as_str)) {
        params.subject_alt_names.extend(match name.parse::<Ipv4Addr>() {
            Ok(address) => Some(SanType::IpAddress(address.into())),
            // A name that is not ASCII is left out: no client can ask for it in TLS.
            Err(_) => name.try_into().ok().map(SanType::DnsName),
        });
    }
    params
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
        assert_eq!(permitted.len(), ADOBE_HOSTS.len() + 3);
        let is_ca = |extension: &ParsedExtension<'_>| matches!(extension, ParsedExtension::BasicConstraints(one) if one.path_len_constraint == Some(0));
        assert!(certificate.extensions().iter().any(|one| is_ca(one.parsed_extension())));
    }

    #[test]
    fn it_is_kept_until_less_than_a_day_is_left_and_by_no_one_else() {
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
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&folder), 0o700);
            assert_eq!(mode(&folder.join("ca.key")), 0o600);
            assert_eq!(mode(&folder.join("ca.pem")), 0o600);
        }
    }

    #[test]
    fn a_folder_with_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("ca");
        let write = |name| ims_files::replace(&folder.join(name), b"x").unwrap();
        write("ca.pem");
        let missing = CertificateAuthority::open(&folder, at(20_000));
        assert!(matches!(missing, Err(CertificateAuthorityError::Unreadable)), "{missing:?}");
        write("ca.key");
        let foreign = CertificateAuthority::open(&folder, at(20_000));
        assert!(matches!(foreign, Err(CertificateAuthorityError::Unreadable)), "{foreign:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_or_a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("ca");
        CertificateAuthority::open(&folder, at(20_000)).unwrap();
        for (name, mode) in [("ca.key", 0o644), ("ca.pem", 0o666), ("", 0o755)] {
            let path = folder.join(name);
            let before = std::fs::metadata(&path).unwrap().permissions();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let open = CertificateAuthority::open(&folder, at(20_000));
            assert!(matches!(open, Err(CertificateAuthorityError::Folder(_))), "{name}: {open:?}");
            std::fs::set_permissions(&path, before).unwrap();
        }
        CertificateAuthority::open(&folder, at(20_000)).unwrap();
    }

    #[test]
    fn one_that_is_not_for_a_host_is_replaced_and_one_that_is_stays() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("ca");
        let open = |hosts: &[&str]| {
            let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
            CertificateAuthority::open_for(&folder, &hosts, at(20_000)).unwrap()
        };
        let plain = open(&[]).certificate_pem().to_owned();
        let with_hosts = open(&["ims-emulator", "192.168.1.5"]);
        with_hosts.server_config().unwrap();
        assert_ne!(with_hosts.certificate_pem(), plain);
        for hosts in [&["192.168.1.5", "ims-emulator"][..], &["ims-emulator"], &[]] {
            assert_eq!(open(hosts).certificate_pem(), with_hosts.certificate_pem(), "{hosts:?}");
        }
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let authority = CertificateAuthority::generate(at(20_000)).unwrap();
        assert!(!format!("{authority:?}").contains("KEY"));
    }
}
