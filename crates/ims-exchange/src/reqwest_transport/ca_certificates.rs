//! CA certificates from files, in the forms in which people have them, and from the variables that name such files.

use std::{
    ffi::{OsStr, OsString},
    fmt, fs,
    path::{Path, PathBuf},
};

use ims_files::{FileError, shown};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::transport::VariableError;

/// The certificates of authorities, at least one, each of which TLS can use.
///
/// ```
/// use ims_exchange::{CaCertificates, CaCertificatesError};
///
/// let error = CaCertificates::from_bytes(b"no certificate").unwrap_err();
/// assert_eq!(error, CaCertificatesError::NoCertificate);
/// ```
#[derive(Clone)]
pub struct CaCertificates(Vec<CertificateDer<'static>>);

/// Name another file: this one gives no CA certificate.
///
/// ```
/// use ims_exchange::{CaCertificates, CaCertificatesError};
///
/// let error = CaCertificates::from_bytes(b"").unwrap_err();
/// assert_eq!(error, CaCertificatesError::Empty);
/// assert_eq!(error.to_string(), "it is empty");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CaCertificatesError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is text in UTF-16; write it as UTF-8 or ASCII.
    #[error("it is UTF-16 text, and a PEM file is ASCII")]
    Utf16,
    /// It holds something else.
    #[error("it holds no certificate, neither PEM nor DER")]
    NoCertificate,
    /// It holds certificates, and none can be read.
    #[error("no certificate in it can be read: it is damaged")]
    Damaged,
}

impl CaCertificates {
    /// Reads PEM with any number of certificates, also with a byte order mark, or one certificate in DER.
    ///
    /// In PEM, a certificate that TLS cannot use is left out as long as there is another: the bundles of some systems
    /// contain such certificates.
    ///
    /// # Errors
    /// [`CaCertificatesError`], by what is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CaCertificatesError> {
        if bytes.trim_ascii().is_empty() {
            return Err(CaCertificatesError::Empty);
        }
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(CaCertificatesError::Utf16);
        }
        // A DER certificate is a SEQUENCE of more than 127 bytes (X.690 §8.1.3.5).
        if bytes.starts_with(&[0x30, 0x81]) || bytes.starts_with(&[0x30, 0x82]) {
            let certificate = CertificateDer::from(bytes.to_vec());
            return Self::usable([certificate]).ok_or(CaCertificatesError::Damaged);
        }
        let text = without_byte_order_marks(bytes);
        let mut certificates = Vec::new();
        let mut has_damaged = false;
        for certificate in CertificateDer::pem_slice_iter(&text) {
            match certificate {
                Ok(certificate) => certificates.push(certificate),
                Err(_) => has_damaged = true,
            }
        }
        if certificates.is_empty() && !has_damaged {
            return Err(CaCertificatesError::NoCertificate);
        }
        Self::usable(certificates).ok_or(CaCertificatesError::Damaged)
    }

    /// The certificates that `SSL_CERT_FILE` and `SSL_CERT_DIR` name, in PEM or DER; `None` if neither is set, and on systems
    /// where the operating system itself verifies certificates (Windows, macOS, Android). `variable` reads one of the
    /// variables, as `std::env::var_os` does.
    ///
    /// The TLS library reads the same variables, but only PEM, and it ignores a file that it cannot read: then an error says
    /// only that there are no certificates.
    ///
    /// ```
    /// use ims_exchange::CaCertificates;
    ///
    /// // Where neither SSL_CERT_FILE nor SSL_CERT_DIR is set, the system's certificates are used.
    /// assert!(CaCertificates::from_variables(|_| None)?.is_none());
    /// # Ok::<(), ims_exchange::VariableError>(())
    /// ```
    ///
    /// # Errors
    /// [`VariableError`] if a variable is set and no certificate is found.
    pub fn from_variables(
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Self>, VariableError> {
        if cfg!(any(not(unix), target_vendor = "apple", target_os = "android")) {
            return Ok(None);
        }
        let mut found = Vec::new();
        let mut first_error = None;
        if let Some(path) = variable(FILE) {
            match read_file(Path::new(&path)) {
                Ok(certificates) => found.extend(certificates.0),
                Err(problem) => {
                    first_error = Some(VariableError::ca_certificates(FILE).because(problem));
                }
            }
        }
        for folder in folders(&variable(FOLDERS).unwrap_or_default()) {
            match read_folder(&folder) {
                Ok(certificates) => found.extend(certificates),
                Err(problem) => {
                    first_error
                        .get_or_insert(VariableError::ca_certificates(FOLDERS).because(problem));
                }
            }
        }
        // As with OpenSSL, certificates in one of the places are enough.
        match first_error {
            Some(error) if found.is_empty() => Err(error),
            _ if found.is_empty() => Ok(None),
            _ => Ok(Some(Self(found))),
        }
    }

    /// Adds those of `other`.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Each certificate in DER.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// Those that TLS can use, unless there is none.
    fn usable(certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Option<Self> {
        let mut store = RootCertStore::empty();
        let mut usable = Vec::new();
        for certificate in certificates {
            if store.add(certificate.clone()).is_ok() {
                usable.push(certificate);
            }
        }
        if usable.is_empty() { None } else { Some(Self(usable)) }
    }
}

impl fmt::Debug for CaCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaCertificates({})", self.0.len())
    }
}

/// The paths of a list with a colon between two, as Unix writes it. Other systems verify certificates themselves.
fn folders(list: &OsStr) -> Vec<PathBuf> {
    #[cfg(not(unix))]
    {
        let _ = list;
        Vec::new()
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let paths = list.as_bytes().split(|byte| *byte == b':').filter(|path| !path.is_empty());
        paths.map(|path| PathBuf::from(OsStr::from_bytes(path))).collect()
    }
}

fn read_file(path: &Path) -> Result<CaCertificates, String> {
    if path.as_os_str().is_empty() {
        return Err("it is set, but empty".to_owned());
    }
    let contents = ims_files::read(path, LONGEST_FILE).map_err(|error| error.to_string())?;
    let certificates = CaCertificates::from_bytes(&contents.bytes);
    certificates.map_err(|error| format!("{}: {error}", shown(path)))
}

/// What the files of a folder hold, those of other kinds left out.
fn read_folder(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let entries =
        fs::read_dir(path).map_err(|error| FileError::io(path, "read", error).to_string())?;
    let mut found = Vec::new();
    for entry in entries.flatten() {
        // Most are links with a hash for a name (`openssl rehash`); a pipe would be read without end.
        if !fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file()) {
            continue;
        }
        // A folder may contain a README, or keys: only its certificates are used.
        if let Ok(certificates) = read_file(&entry.path()) {
            found.extend(certificates.0);
        }
    }
    if found.is_empty() {
        return Err(format!("no file in {} is a certificate", shown(path)));
    }
    Ok(found)
}

/// Several files put together may have a byte order mark (UTF-8's) in front of each.
fn without_byte_order_marks(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        if let Some(after_mark) = rest.strip_prefix(b"\xef\xbb\xbf") {
            rest = after_mark;
        } else {
            text.push(first);
            rest = after;
        }
    }
    text
}

const FILE: &str = "SSL_CERT_FILE";

const FOLDERS: &str = "SSL_CERT_DIR";

/// The bundles of systems have about 250 KB.
const LONGEST_FILE: u64 = 8 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate by `openssl req -x509`.
    const PEM: &str = include_str!("../../tests/ca.pem");

    fn der() -> Vec<u8> {
        CertificateDer::from_pem_slice(PEM.as_bytes()).unwrap().to_vec()
    }

    #[test]
    fn a_certificate_is_read_in_each_form_in_which_people_have_it() {
        let der = der();
        #[rustfmt::skip]
        let table: [(&str, Vec<u8>, usize); 7] = [
            ("PEM",                        PEM.into(),                                           1),
            ("PEM after a byte order mark", format!("\u{feff}{PEM}").into(),                    1),
            ("two files put together",     format!("\u{feff}{PEM}\u{feff}{PEM}").into(),         2),
            ("lines that end in CR LF",    PEM.replace('\n', "\r\n").into(),                     1),
            ("text around it",             format!("# Example CA, ümlaut\n{PEM}\nend").into(),   1),
            ("a damaged one next to it",   format!("{PEM}{}", PEM.replace("MIIB", "AAAA")).into(), 1),
            ("DER",                        der,                                                  1),
        ];
        for (form, bytes, count) in table {
            let certificates = CaCertificates::from_bytes(&bytes);
            let certificates = certificates.unwrap_or_else(|error| panic!("{form}: {error}"));
            assert_eq!(certificates.iter().count(), count, "{form}");
        }
    }

    #[test]
    fn those_of_two_files_are_put_together() {
        let mut both = CaCertificates::from_bytes(PEM.as_bytes()).unwrap();
        both.extend(CaCertificates::from_bytes(&der()).unwrap());
        assert_eq!(both.iter().collect::<Vec<_>>(), [der(), der()]);
    }

    #[test]
    fn each_input_without_a_certificate_has_its_own_error() {
        use CaCertificatesError as E;
        let utf16: Vec<u8> =
            format!("\u{feff}{PEM}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        #[rustfmt::skip]
        let table: [(Vec<u8>, E); 8] = [
            (Vec::new(),                                        E::Empty),
            (b" \r\n".to_vec(),                                 E::Empty),
            (utf16,                                             E::Utf16),
            (b"<html></html>".to_vec(),                         E::NoCertificate),
            (PEM.replace("CERTIFICATE", "PRIVATE KEY").into(),  E::NoCertificate),
            (PEM.replace("MIIB", "AAAA").into(),                E::Damaged),
            (PEM.replace("MIIB", "!!!!").into(),                E::Damaged),
            (der()[..100].to_vec(),                             E::Damaged),
        ];
        for (bytes, expected) in table {
            let error = CaCertificates::from_bytes(&bytes).unwrap_err();
            assert_eq!(error, expected, "{}", String::from_utf8_lossy(&bytes));
        }
    }

    #[cfg(all(unix, not(target_vendor = "apple")))]
    mod of_variables {
        use super::*;

        fn count(file: Option<&Path>, folders: Option<&Path>) -> Result<Option<usize>, String> {
            let variable = |name: &str| match name {
                "SSL_CERT_FILE" => file.map(|path| path.as_os_str().to_owned()),
                "SSL_CERT_DIR" => folders.map(|list| list.as_os_str().to_owned()),
                other => panic!("{other} is no variable of OpenSSL"),
            };
            match CaCertificates::from_variables(variable) {
                Ok(certificates) => {
                    Ok(certificates.map(|certificates| certificates.iter().count()))
                }
                Err(error) => Err(error.to_string()),
            }
        }

        #[test]
        fn an_error_names_the_variable_the_file_and_why_it_gives_nothing() {
            let folder = tempfile::tempdir().unwrap();
            let path = |name: &str| folder.path().join(name);
            fs::write(path("empty.pem"), "").unwrap();
            fs::write(path("page.pem"), "<html>").unwrap();
            fs::write(path("half.der"), [0x30, 0x82, 1, 0]).unwrap();
            #[rustfmt::skip]
            let table = [
                ("missing.pem", "cannot read {}: No such file or directory"),
                ("empty.pem",   "{}: it is empty"),
                ("page.pem",    "{}: it holds no certificate, neither PEM nor DER"),
                ("half.der",    "{}: no certificate in it can be read: it is damaged"),
                ("",            "{} is a folder, not a regular file"),
            ];
            for (name, problem) in table {
                let file = path(name);
                let shown = file.display().to_string();
                let problem = problem.replace("{}", &shown);
                let expected =
                    format!("the variable SSL_CERT_FILE gives no CA certificate: {problem}");
                assert_eq!(count(Some(&file), None), Err(expected), "{name}");
            }
            let expected =
                "the variable SSL_CERT_FILE gives no CA certificate: it is set, but empty";
            assert_eq!(count(Some(Path::new("")), None), Err(expected.to_owned()));
            let shown = folder.path().display();
            let expected = format!(
                "the variable SSL_CERT_DIR gives no CA certificate: no file in {shown} is a certificate"
            );
            assert_eq!(count(None, Some(folder.path())), Err(expected));
        }

        #[test]
        fn a_list_of_folders_is_separated_by_colons() {
            let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            fs::write(first.path().join("a.pem"), PEM).unwrap();
            fs::write(second.path().join("b.pem"), format!("{PEM}{PEM}")).unwrap();
            fs::write(second.path().join("README"), "no certificate").unwrap();
            let (first, second) = (first.path().display(), second.path().display());
            #[rustfmt::skip]
            let table = [
                (format!("{first}"),             Some(1)),
                (format!("{second}"),            Some(2)),
                (format!("{first}:{second}"),    Some(3)),
                (format!(":{second}::{first}:"), Some(3)),
                ("::".to_owned(),                None),
            ];
            for (list, found) in table {
                assert_eq!(count(None, Some(Path::new(&list))), Ok(found), "{list}");
            }
        }

        #[test]
        fn a_bundle_of_more_than_a_mib_is_read_and_a_file_of_more_than_eight_is_not() {
            let folder = tempfile::tempdir().unwrap();
            let (bundle, too_long) = (folder.path().join("bundle"), folder.path().join("long"));
            fs::write(&bundle, format!("{PEM}{}", "\n".repeat(1_100_000))).unwrap();
            fs::File::create(&too_long).unwrap().set_len(8 * 1024 * 1024 + 1).unwrap();
            assert_eq!(count(Some(&bundle), None), Ok(Some(1)));
            let error = count(Some(&too_long), None).unwrap_err();
            assert!(error.ends_with("has more than 8388608 bytes"), "{error}");
        }

        #[test]
        fn one_good_place_is_enough_and_none_named_is_none_found() {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("ca.crt");
            fs::write(&file, format!("\u{feff}{PEM}")).unwrap();
            let missing = folder.path().join("missing");
            assert_eq!(count(None, None), Ok(None));
            assert_eq!(count(None, Some(Path::new(""))), Ok(None));
            assert_eq!(count(Some(&file), None), Ok(Some(1)));
            assert_eq!(count(None, Some(folder.path())), Ok(Some(1)));
            assert_eq!(count(Some(&missing), Some(folder.path())), Ok(Some(1)));
            assert_eq!(count(Some(&file), Some(&missing)), Ok(Some(1)));
            assert_eq!(count(Some(&file), Some(folder.path())), Ok(Some(2)));
        }
    }
}
