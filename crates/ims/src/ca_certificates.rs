//! The CA certificates that the environment names, instead of those of the system.
//!
//! The TLS library reads the same variables, but only PEM, and a file that it cannot read it passes over: then an error says
//! only that there are no certificates at all.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use ims_exchange::{CaCertificates, CaCertificatesError};
use ims_files::{FileError, shown};

/// Correct the variable that names CA certificates, or unset it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the variable {variable} gives no CA certificate: {problem}")]
pub struct CaVariableError {
    variable: &'static str,
    problem: Problem,
}

#[derive(Debug, Clone, thiserror::Error)]
enum Problem {
    #[error("it is set, but empty")]
    NoPath,
    #[error("{0}")]
    File(FileError),
    #[error("{}: {error}", shown(.path))]
    Contents { path: PathBuf, error: CaCertificatesError },
    #[error("no file in {} is a certificate", shown(.0))]
    Folder(PathBuf),
}

impl CaVariableError {
    /// The environment variable.
    #[must_use]
    pub fn variable(&self) -> &'static str {
        self.variable
    }
}

/// The certificates that `SSL_CERT_FILE` and `SSL_CERT_DIR` name, in PEM or DER; `None` if neither is set, and on systems where
/// the operating system itself verifies certificates (Windows, macOS, Android).
///
/// Such certificates are used instead of the system's, by every [`Connection`](crate::Connection) that is built after.
///
/// # Errors
/// [`CaVariableError`] if a variable is set and no certificate is found.
pub fn ca_certificates() -> Result<Option<CaCertificates>, CaVariableError> {
    read(|name| env::var_os(name))
}

/// Reads them; `variable` reads one of the variables.
fn read(
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<CaCertificates>, CaVariableError> {
    if cfg!(any(not(unix), target_vendor = "apple", target_os = "android")) {
        return Ok(None);
    }
    let mut found: Option<CaCertificates> = None;
    let mut first_error = None;
    if let Some(path) = variable(FILE) {
        match read_file(Path::new(&path)) {
            Ok(certificates) => found = Some(certificates),
            Err(problem) => first_error = Some(CaVariableError { variable: FILE, problem }),
        }
    }
    let folders = variable(FOLDER).unwrap_or_default();
    for folder in env::split_paths(&folders).filter(|path| !path.as_os_str().is_empty()) {
        match (read_folder(&folder), &mut found) {
            (Ok(certificates), Some(found)) => found.extend(certificates),
            (Ok(certificates), None) => found = Some(certificates),
            (Err(problem), _) => {
                first_error.get_or_insert(CaVariableError { variable: FOLDER, problem });
            }
        }
    }
    // As with OpenSSL, one good place is enough.
    match (found, first_error) {
        (None, Some(error)) => Err(error),
        (found, _) => Ok(found),
    }
}

fn read_file(path: &Path) -> Result<CaCertificates, Problem> {
    if path.as_os_str().is_empty() {
        return Err(Problem::NoPath);
    }
    let contents = ims_files::read(path, LONGEST_FILE).map_err(Problem::File)?;
    CaCertificates::from_bytes(&contents.bytes)
        .map_err(|error| Problem::Contents { path: path.to_owned(), error })
}

/// What the files of a folder hold, those of other kinds left out.
fn read_folder(path: &Path) -> Result<CaCertificates, Problem> {
    let entries =
        fs::read_dir(path).map_err(|error| Problem::File(FileError::io(path, "read", error)))?;
    let mut found: Option<CaCertificates> = None;
    for entry in entries.flatten() {
        // Most are links with a hash for a name (`openssl rehash`); a pipe would be read without end.
        if !fs::metadata(entry.path()).is_ok_and(|metadata| metadata.is_file()) {
            continue;
        }
        match (read_file(&entry.path()), &mut found) {
            (Ok(certificates), Some(found)) => found.extend(certificates),
            (Ok(certificates), None) => found = Some(certificates),
            (Err(_), _) => {}
        }
    }
    found.ok_or_else(|| Problem::Folder(path.to_owned()))
}

const FILE: &str = "SSL_CERT_FILE";

const FOLDER: &str = "SSL_CERT_DIR";

/// The bundles of systems have about 250 KB.
const LONGEST_FILE: u64 = 8 * 1024 * 1024;

#[cfg(all(test, unix, not(target_vendor = "apple")))]
mod tests {
    use super::*;

    const PEM: &str = include_str!("../../ims-exchange/tests/ca.pem");

    fn count(file: Option<&Path>, folder: Option<&Path>) -> Result<Option<usize>, String> {
        let variable = |name: &str| {
            let path = if name == FILE { file } else { folder };
            path.map(|path| path.as_os_str().to_owned())
        };
        match read(variable) {
            Ok(certificates) => Ok(certificates.map(|certificates| certificates.iter().count())),
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
            ("missing.pem", "cannot read {}: No such file or directory (os error 2)"),
            ("empty.pem",   "{}: it is empty"),
            ("page.pem",    "{}: it holds no certificate, neither PEM nor DER"),
            ("half.der",    "{}: no certificate in it can be read: it is damaged"),
            ("",            "{} is a folder, not a regular file"),
        ];
        for (name, problem) in table {
            let file = path(name);
            let shown = file.display().to_string();
            let problem = problem.replace("{}", &shown);
            let expected = format!("the variable SSL_CERT_FILE gives no CA certificate: {problem}");
            assert_eq!(count(Some(&file), None), Err(expected), "{name}");
        }
        let expected = "the variable SSL_CERT_FILE gives no CA certificate: it is set, but empty";
        assert_eq!(count(Some(Path::new("")), None), Err(expected.to_owned()));
        let shown = folder.path().display();
        let expected = format!(
            "the variable SSL_CERT_DIR gives no CA certificate: no file in {shown} is a certificate"
        );
        assert_eq!(count(None, Some(folder.path())), Err(expected));
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
