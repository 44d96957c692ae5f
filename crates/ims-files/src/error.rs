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

/// Why a file or folder is not used.
///
/// `Display` says what is wrong and what to do; [`FileError::problem`] and [`FileError::remedy`] are the two halves, for
/// programs that print them separately.
///
/// ```
/// use std::path::PathBuf;
///
/// use ims_files::FileError;
///
/// let (path, access) = (PathBuf::from("private.key"), "others can read it (mode 0644)".to_owned());
/// let error = FileError::Exposed { path, access, is_folder: false };
/// println!("{}", error.problem());
/// println!("do: {}", error.remedy().unwrap_or_default()); // chmod 600 private.key
/// ```
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
    /// Name another file: this one is too long.
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
    /// Stop the other process, or choose another path: it listens at this socket.
    #[error("{}", Both(self))]
    InUse {
        /// The socket.
        path: PathBuf,
    },
    /// Choose another path, or remove what is there: it is not the socket of a process that has ended.
    #[error("{}", Both(self))]
    NotASocket {
        /// What is there.
        path: PathBuf,
        /// What it is.
        kind: FileKind,
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
            | Self::InUse { path }
            | Self::NotASocket { path, .. }
            | Self::Io { path, .. } => path,
        }
    }

    /// Whether there is no such file.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { error, .. } if error.kind() == io::ErrorKind::NotFound)
    }

    /// Whether the file is there and must not be used as it is: what others may have read or changed, what belongs to
    /// someone else, and what is not a regular file or folder.
    #[must_use]
    pub fn is_unsafe(&self) -> bool {
        matches!(
            self,
            Self::Exposed { .. }
                | Self::Changeable { .. }
                | Self::ForeignOwner { .. }
                | Self::NotAFile { .. }
                | Self::NotAFolder { .. }
                | Self::NotASocket { .. }
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
            Self::InUse { .. } => format!("another process listens at {name}"),
            Self::NotASocket { kind, .. } => format!("{name} is {kind}, not a socket"),
            Self::Io { action, error, .. } => {
                format!("cannot {action} {name}: {}", without_number(&error.to_string()))
            }
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

    /// What to do about it in any case: the [`remedy`](Self::remedy), or else what to check.
    #[must_use]
    pub fn hint(&self) -> String {
        if let Some(remedy) = self.remedy() {
            return remedy;
        }
        let hint = match self {
            _ if self.is_not_found() => "check the path",
            Self::NotAFile { .. } => "name the file itself",
            Self::NotAFolder { .. } => "name a folder",
            Self::TooLong { .. } => "name another file: this one is something else",
            Self::Exists { .. } => "name another file, or remove this one if it is no longer used",
            Self::Locked { .. } => "wait, and try again",
            Self::InUse { .. } => "stop the other process, or name another path",
            Self::NotASocket { .. } => "name another path, or remove what is there",
            _ => "check the path, and whether this user may do that",
        };
        hint.to_owned()
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

/// The text of `path` for messages. A text that may be a document, a key, a secret or a URL, given where a path belongs, is
/// not repeated.
///
/// ```
/// use ims_files::shown;
///
/// assert_eq!(shown("/etc/ims/credentials.json"), "/etc/ims/credentials.json");
/// assert_eq!(shown(r#"{"client_secret":"…"}"#), "(a text that is not a path)");
/// ```
#[must_use]
pub fn shown(path: impl AsRef<Path>) -> String {
    let text = path.as_ref().to_string_lossy();
    let may_be_secret = !can_be_path(&text)
        || is_assignment(&text)
        || is_jwt(text.trim_start())
        || is_client_secret(text.trim())
        || has_user_info(&text);
    if may_be_secret { "(a text that is not a path)".to_owned() } else { text.into_owned() }
}

/// Whether `text` may be a path, and is not certainly a document, a key or a token that someone gave where a path belongs.
/// `NAME=value` and `name: value` may be both: see whether there is such a file.
///
/// ```
/// use ims_files::can_be_path;
///
/// assert!(can_be_path("/etc/ims/credentials.json"));
/// assert!(!can_be_path(r#"{ "client_id": "my-client" }"#));
/// assert!(!can_be_path("-----BEGIN PRIVATE KEY-----"));
/// ```
#[must_use]
pub fn can_be_path(text: &str) -> bool {
    // The base64 text of a private key of 2048 bits, the shortest in use, has 1,600 characters. No file system has longer
    // names than 255 bytes, and some take as many characters of up to four bytes.
    const LONGEST_PATH: usize = 1024;
    const LONGEST_NAME: usize = 4 * 255;
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let mut names = text.split(['/', '\\']);
    text.len() <= LONGEST_PATH
        && names.all(|name| name.len() <= LONGEST_NAME)
        && !text.contains(['\n', '\r'])
        && !text.contains("-----BEGIN")
        && !start.starts_with(['{', '[', '<'])
        && !start.starts_with("Bearer ")
        && !(is_jwt(start) && start.len() >= SHORTEST_TOKEN)
}

/// Header and payload of a token of IMS have some hundred letters each. A shorter text may be the name of a file.
const SHORTEST_TOKEN: usize = 60;

/// Whether `text` has the form of a signed JWT: three parts, of which the first begins with the base64url of `{"` (RFC 7515
/// §3.1).
fn is_jwt(text: &str) -> bool {
    let mut parts = text.trim_end().split('.');
    text.starts_with("eyJ")
        && parts.clone().count() == 3
        && parts.all(|part| part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)))
}

/// Whether `text` is `NAME=value`, as in the environment, or `name: value`, as in YAML.
fn is_assignment(text: &str) -> bool {
    let first_part = text.split(['/', '\\']).next().unwrap_or_default();
    let parts = first_part.split_once('=').or_else(|| text.split_once(": "));
    parts.is_some_and(|(name, _)| is_variable(name))
}

/// Whether `text` is a client secret as Adobe's console makes them, `p8e-`, `s8e-` and similar ones.
fn is_client_secret(text: &str) -> bool {
    text.len() >= 20
        && !text.contains(['/', '\\', '.'])
        && matches!(text.as_bytes(), [b'a'..=b'z', b'8', b'e', b'-', ..])
}

/// Whether `text` is a URL, or has a user name and a password in front of a host like a URL.
fn has_user_info(text: &str) -> bool {
    let first_part = text.split(['/', '\\']).next().unwrap_or_default();
    let user = first_part.split_once('@').map_or("", |(user, _)| user);
    text.contains("://") || user.contains(':')
}

fn is_variable(text: &str) -> bool {
    let text = text.trim();
    let text = text.strip_prefix("export ").unwrap_or(text);
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}

/// The text of the system for an error, without its number.
///
/// ```
/// let error = std::io::Error::from_raw_os_error(2);
/// # #[cfg(target_os = "linux")]
/// assert_eq!(ims_files::without_number(&error.to_string()), "No such file or directory");
/// ```
#[must_use]
pub fn without_number(error: &str) -> String {
    let mut text = String::new();
    for part in error.split_inclusive(')') {
        match part.rfind(" (os error ") {
            Some(start) if is_number(&part[start + " (os error ".len()..]) => {
                text.push_str(&part[..start]);
            }
            _ => text.push_str(part),
        }
    }
    text
}

/// Whether `text` is a number and a closing bracket.
fn is_number(text: &str) -> bool {
    let digits = text.strip_suffix(')').unwrap_or_default();
    let digits = digits.strip_prefix('-').unwrap_or(digits);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(not(windows))]
fn make_private(path: &Path, is_folder: bool) -> String {
    format!("chmod {} {}", if is_folder { 700 } else { 600 }, quoted(path))
}

/// The account is named by its number, because `%USERNAME%` and `$env:USERNAME` each work in one shell only. Rights that
/// others have on this file itself are removed, too: everyone, all who have signed in, and all users of the machine.
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
            "client_secret: canary",
            "<ims><secret>canary</secret></ims>",
            "\u{feff}{\"a\":\"canary\"}",
            "Bearer canary",
            "eyJhbGciOiJSUzI1NiJ9.canary.c2ln",
            "p8e-canaryABCDEFGHIJKLMNOP",
            "https://user:canary@ims.example",
            "https://ims.example/?token=canary",
            "user:canary@ims.example",
        ] {
            let error = FileError::io(Path::new(text), "read", io::ErrorKind::NotFound.into());
            assert!(!error.to_string().contains("canary"), "{text}");
        }
        for path in [
            "a.json",
            "/run/secrets/a",
            r"C:\keys\private.key",
            "./a=b",
            "/x/{y}",
            "ö key",
            "a@b",
            "/run/a@b: c",
            "p8e-notes.txt",
            "eyJ.json",
        ] {
            assert_eq!(shown(Path::new(path)), path);
        }
    }

    #[test]
    fn each_error_says_what_is_wrong_and_what_to_do_and_whether_the_file_may_be_used() {
        let path = PathBuf::from("a.key");
        let access = "others can write to it".to_owned();
        let io = |kind: io::ErrorKind| FileError::io(Path::new("a.key"), "read", kind.into());
        #[rustfmt::skip]
        let table = [
            (FileError::Exposed { path: path.clone(), access: access.clone(), is_folder: false }, true,  "a.key must be private, but others can write to it", None),
            (FileError::Changeable { path: path.clone(), access, is_folder: false },              true,  "a.key decides what is run, but others can write to it", None),
            (FileError::ForeignOwner { path: path.clone(), owner: "user 1001".to_owned() },       true,  "a.key belongs to user 1001, neither to this user nor to the administrator", None),
            (FileError::NotAFile { path: path.clone(), kind: FileKind::Folder },                  true,  "a.key is a folder, not a regular file", Some("name the file itself")),
            (FileError::NotAFolder { path: path.clone() },                                        true,  "a.key is not a folder, or is a link to one", Some("name a folder")),
            (FileError::NotASocket { path: path.clone(), kind: FileKind::Folder },                true,  "a.key is a folder, not a socket", Some("name another path, or remove what is there")),
            (FileError::TooLong { path: path.clone(), limit: 9 },                                 false, "a.key has more than 9 bytes", Some("name another file: this one is something else")),
            (FileError::Exists { path: path.clone() },                                            false, "a.key exists already", Some("name another file, or remove this one if it is no longer used")),
            (FileError::Locked { path: path.clone(), waited: Duration::from_secs(5) },            false, "another process has locked a.key for more than 5 s", Some("wait, and try again")),
            (FileError::InUse { path: path.clone() },                                             false, "another process listens at a.key", Some("stop the other process, or name another path")),
            (io(io::ErrorKind::NotFound),                                                         false, "cannot read a.key: entity not found", Some("check the path")),
            (io(io::ErrorKind::PermissionDenied),                                                 false, "cannot read a.key: permission denied", Some("check the path, and whether this user may do that")),
        ];
        for (error, is_unsafe, problem, hint) in table {
            assert_eq!((error.problem().as_str(), error.is_unsafe()), (problem, is_unsafe));
            assert_eq!(error.path(), path);
            // A remedy is a command of the operating system.
            assert_eq!(error.remedy().is_some(), hint.is_none(), "{problem}");
            assert_eq!(error.hint(), hint.map_or_else(|| error.remedy().unwrap(), str::to_owned));
            assert!(error.to_string().starts_with(problem), "{error}");
        }
    }

    #[test]
    fn the_number_of_an_error_of_the_system_is_left_out() {
        #[rustfmt::skip]
        let table = [
            ("No such file or directory (os error 2)",           "No such file or directory"),
            ("a (os error 2): b (os error -13), c",              "a: b, c"),
            ("a file (of mine) is not here",                     "a file (of mine) is not here"),
            ("a (os error of mine)",                             "a (os error of mine)"),
            ("",                                                 ""),
        ];
        for (error, text) in table {
            assert_eq!(without_number(error), text);
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
