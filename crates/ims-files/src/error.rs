//! What can be wrong with a file, and what to do about it.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::kind::FileKind;
#[cfg(windows)]
use crate::platform;

/// A file or folder that is not used, and why.
///
/// `Display` says what is wrong and what to do; [`FileError::problem`] and [`FileError::remedy`] are the two halves, for
/// programs that print them apart.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Change the permissions, and change the secret if someone may have read it: others than the owner can open it.
    #[error("{}", Both(self))]
    Exposed {
        /// The file or folder.
        path: PathBuf,
        /// Who can do what, e.g. `others can read it (mode 0644)`.
        access: String,
        /// Whether it is a folder.
        is_folder: bool,
    },
    /// Change the permissions: someone else can change the file, or put another file in its place, so nothing that it
    /// names is run.
    #[error("{}", Both(self))]
    Changeable {
        /// The file or folder whose permissions are too wide.
        path: PathBuf,
        /// Who can do what, e.g. `others can write to it (mode 0666)`.
        access: String,
        /// Whether it is a folder.
        is_folder: bool,
    },
    /// Make a copy of your own, or change the owner: the file belongs to another user.
    #[error("{}", Both(self))]
    ForeignOwner {
        /// The file or folder.
        path: PathBuf,
        /// The owner as the system writes it, e.g. `user 1001`.
        owner: String,
    },
    /// Name a file: this is something else.
    #[error("{}", Both(self))]
    NotAFile {
        /// What was named.
        path: PathBuf,
        /// What it is.
        kind: FileKind,
    },
    /// Name a folder: this is something else.
    #[error("{}", Both(self))]
    NotAFolder {
        /// What was named.
        path: PathBuf,
    },
    /// Name another file: this one is longer than anything that is expected here.
    #[error("{}", Both(self))]
    TooLong {
        /// The file.
        path: PathBuf,
        /// How many bytes are read at most.
        limit: u64,
    },
    /// Choose another path, or replace the file on purpose.
    #[error("{}", Both(self))]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Try again later: another process holds the lock.
    #[error("{}", Both(self))]
    Locked {
        /// The file or folder that is locked.
        path: PathBuf,
        /// How long this process waited.
        waited: Duration,
    },
    /// Look at what the system said.
    #[error("{}", Both(self))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried, e.g. `read`.
        action: &'static str,
        /// What the system said. `Display` repeats it, so it is not the source.
        error: Arc<io::Error>,
    },
}

impl FileError {
    /// The system refused to do `action`, a verb such as `read`, with the file at `path`.
    #[must_use]
    pub fn io(path: &Path, action: &'static str, error: io::Error) -> Self {
        Self::Io { path: path.to_owned(), action, error: Arc::new(error) }
    }

    /// The file or folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Exposed { path, .. }
            | Self::Changeable { path, .. }
            | Self::ForeignOwner { path, .. }
            | Self::NotAFile { path, .. }
            | Self::NotAFolder { path }
            | Self::TooLong { path, .. }
            | Self::Exists { path }
            | Self::Locked { path, .. }
            | Self::Io { path, .. } => path,
        }
    }

    /// Whether there is no such file.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { error, .. } if error.kind() == io::ErrorKind::NotFound)
    }

    /// Whether the file is there and must not be used as it is: what others may have read or changed, what belongs to
    /// someone else, and what is no regular file or folder.
    #[must_use]
    pub fn is_unsafe(&self) -> bool {
        matches!(
            self,
            Self::Exposed { .. }
                | Self::Changeable { .. }
                | Self::ForeignOwner { .. }
                | Self::NotAFile { .. }
                | Self::NotAFolder { .. }
        )
    }

    /// What is wrong, in one line and without a remedy.
    #[must_use]
    pub fn problem(&self) -> String {
        let name = shown(self.path());
        match self {
            Self::Exposed { access, .. } => format!("{name} must be private, but {access}"),
            Self::Changeable { access, .. } => {
                format!("{name} decides what is run, but {access}")
            }
            Self::ForeignOwner { owner, .. } => {
                format!("{name} belongs to {owner}, neither to this user nor to the administrator")
            }
            Self::NotAFile { kind, .. } => format!("{name} is {kind}, not a regular file"),
            Self::NotAFolder { .. } => format!("{name} is not a folder, or is a link to one"),
            Self::TooLong { limit, .. } => format!("{name} has more than {limit} bytes"),
            Self::Exists { .. } => format!("{name} exists already"),
            Self::Locked { waited, .. } => {
                format!("another process has locked {name} for more than {} s", waited.as_secs())
            }
            Self::Io { action, error, .. } => format!("cannot {action} {name}: {error}"),
        }
    }

    /// What to do about it, if that is a command of the operating system or one step of a person.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Exposed { path, is_folder, .. } => Some(make_private(path, *is_folder)),
            Self::Changeable { path, is_folder, .. } => {
                Some(keep_others_from_writing(path, *is_folder))
            }
            Self::ForeignOwner { path, .. } => Some(take_ownership(path)),
            _ => None,
        }
    }
}

/// The problem, and the remedy after a colon.
struct Both<'a>(&'a FileError);

impl fmt::Display for Both<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.problem())?;
        match self.0.remedy() {
            Some(remedy) => write!(f, ": {remedy}"),
            None => Ok(()),
        }
    }
}

/// The text of `path` for messages. A text that may be a document or a key, given where a path belongs, is not repeated.
#[must_use]
pub fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    if may_be_secret(&text) { "(a text that is not a path)".to_owned() } else { text.into_owned() }
}

/// Whether `text` looks like the contents of a file rather than like its name.
fn may_be_secret(text: &str) -> bool {
    // The base64 text of a private key of 2048 bits, the shortest in use, has 1,600 characters.
    const LONGEST_PATH: usize = 1024;
    let first_part = text.split(['/', '\\']).next().unwrap_or_default();
    let is_assignment = first_part.split_once('=').is_some_and(|(name, _)| is_variable(name));
    let trimmed = text.trim_start();
    text.len() > LONGEST_PATH
        || text.contains(['\n', '\r'])
        || text.contains("-----BEGIN")
        || trimmed.starts_with(['{', '['])
        || is_assignment
        || is_token(trimmed)
}

/// Whether `text` is an access token: a JWT begins with the base64url of `{"` and has three parts (RFC 7515 §3.1).
fn is_token(text: &str) -> bool {
    let is_jwt = text.starts_with("eyJ") && text.matches('.').count() == 2 && text.len() > 60;
    is_jwt || text.starts_with("Bearer ")
}

fn is_variable(text: &str) -> bool {
    let text = text.trim();
    let text = text.strip_prefix("export ").unwrap_or(text);
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}

#[cfg(not(windows))]
fn make_private(path: &Path, is_folder: bool) -> String {
    format!("chmod {} {}", if is_folder { 700 } else { 600 }, quoted(path))
}

/// The account is named by its number, because `%USERNAME%` and `$env:USERNAME` each work in one shell only. What others were
/// given on this file itself is taken away, too: everyone, all who have signed in, and all users of the machine.
#[cfg(windows)]
fn make_private(path: &Path, is_folder: bool) -> String {
    let account = match platform::account_number() {
        Some(number) => format!("*{number}"),
        None => "%USERNAME%".to_owned(),
    };
    // OI and CI: what is in the folder inherits it.
    let inheritance = if is_folder { "(OI)(CI)" } else { "" };
    let others = "*S-1-1-0 *S-1-5-11 *S-1-5-32-545";
    format!(
        "icacls {} /inheritance:r /grant:r \"{account}:{inheritance}F\" /remove:g {others}",
        quoted(path)
    )
}

#[cfg(not(windows))]
fn keep_others_from_writing(path: &Path, _is_folder: bool) -> String {
    format!("chmod go-w {}", quoted(path))
}

#[cfg(windows)]
fn keep_others_from_writing(path: &Path, is_folder: bool) -> String {
    make_private(path, is_folder)
}

#[cfg(not(windows))]
fn take_ownership(path: &Path) -> String {
    format!("use a copy of your own, or: chown \"$(id -un)\" {}", quoted(path))
}

#[cfg(windows)]
fn take_ownership(path: &Path) -> String {
    format!("use a copy of your own, or: takeown /f {}", quoted(path))
}

/// The path as one word of a shell.
fn quoted(path: &Path) -> String {
    let text = shown(path);
    if text.chars().all(|c| c.is_alphanumeric() || "/\\:._-+@%,~".contains(c)) {
        return text;
    }
    if cfg!(windows) { format!("\"{text}\"") } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_may_be_a_document_or_a_key_is_not_repeated() {
        for text in [
            r#"{"client_secret":"canary"}"#,
            " \t[canary]",
            "-----BEGIN PRIVATE KEY-----canary",
            "canary\ncanary",
            "IMS_CLIENT_SECRET=canary",
            "export IMS_CLIENT_SECRET=canary",
            &"canary".repeat(200),
        ] {
            let error = FileError::io(Path::new(text), "read", io::ErrorKind::NotFound.into());
            assert!(!error.to_string().contains("canary"), "{text}");
        }
        for path in ["a.json", "/run/secrets/a", r"C:\keys\private.key", "./a=b", "/x/{y}", "ö key"]
        {
            assert_eq!(shown(Path::new(path)), path);
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_remedy_can_be_copied_into_a_shell() {
        for (path, remedy) in [
            ("/a/b-c.key", "chmod 600 /a/b-c.key"),
            ("/a b", "chmod 600 '/a b'"),
            ("/it's", r"chmod 600 '/it'\''s'"),
            ("/$(x)", "chmod 600 '/$(x)'"),
        ] {
            let access = "others can read it (mode 0644)".to_owned();
            let error = FileError::Exposed { path: path.into(), access, is_folder: false };
            assert_eq!(error.remedy().unwrap(), remedy);
            assert_eq!(
                error.to_string(),
                format!("{path} must be private, but others can read it (mode 0644): {remedy}")
            );
        }
    }
}
