#![doc = include_str!("../README.md")]

mod access;
mod error;
mod folder;
mod kind;
mod platform;
mod read;
mod replace;
#[cfg(unix)]
mod socket;
mod versions;

pub use access::{Access, check_trusted};
pub use error::{FileError, can_be_path, shown, without_number};
pub use folder::{FileLock, FolderLock, PrivateFolder, lock_if_there};
pub use kind::FileKind;
pub use read::{FileBytes, FileContents, read, read_private};
pub use replace::{Draft, Existing, Readers, create_new, replace};
#[cfg(unix)]
pub use socket::SocketFile;
pub use versions::FileVersions;
