//! What a path names, why it is opened, and why it may not be used.

#[cfg(unix)]
use std::os::unix::fs::FileTypeExt;
use std::{fmt, fs::FileType};

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A folder.
    Folder,
    /// A symbolic link that was not followed.
    Link,
    /// A pipe, with or without a name.
    Pipe,
    /// A socket.
    Socket,
    /// A terminal, `/dev/zero` and the like.
    Device,
}

impl FileKind {
    pub(crate) fn of(file_type: FileType) -> Self {
        if file_type.is_file() {
            Self::Regular
        } else if file_type.is_dir() {
            Self::Folder
        } else if file_type.is_symlink() {
            Self::Link
        } else {
            special_kind(file_type)
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Regular => "a regular file",
            Self::Folder => "a folder",
            Self::Link => "a symbolic link",
            Self::Pipe => "a pipe",
            Self::Socket => "a socket",
            Self::Device => "a device",
        })
    }
}

#[cfg(unix)]
fn special_kind(file_type: FileType) -> FileKind {
    if file_type.is_fifo() {
        FileKind::Pipe
    } else if file_type.is_socket() {
        FileKind::Socket
    } else {
        FileKind::Device
    }
}

#[cfg(not(unix))]
fn special_kind(_file_type: FileType) -> FileKind {
    FileKind::Device
}

/// Why a file is not used, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Concern {
    /// It belongs to this other user.
    ForeignOwner(String),
    /// Others can do this with it.
    Open(String),
}

/// Why a file in a private folder is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// To read it.
    Read,
    /// To lock it; it is created if it is not there.
    Lock,
}
