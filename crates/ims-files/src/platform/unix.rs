//! Owners and modes.

use std::{
    fs::{self, DirBuilder, File, Metadata},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::Path,
};

use rustix::{
    fs::{AtFlags, Mode, OFlags, fchmod, openat, renameat, unlinkat},
    io::Errno,
    process::geteuid,
};

use crate::kind::{Concern, FileKind, Opening};

const ROOT: u32 = 0;
const OWNER_ONLY: Mode = Mode::RUSR.union(Mode::WUSR);

// POSIX, <sys/stat.h>.
const GROUP_READ: u32 = 0o040;
const GROUP: u32 = 0o070;
const OTHERS: u32 = 0o007;
const READ: u32 = 0o044;
const WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// The owner and the mode. If there is also an access list, no entry gives more than the group's bits (POSIX.1e, the mask),
/// so it is enough to check these bits.
#[derive(Debug, Clone)]
pub(crate) struct Permissions {
    owner: u32,
    mode: u32,
}

impl Permissions {
    #[expect(clippy::unnecessary_wraps, reason = "on Windows it can fail")]
    pub(crate) fn of(_file: &File, metadata: &Metadata) -> io::Result<Self> {
        Ok(Self { owner: metadata.uid(), mode: metadata.mode() })
    }
}

/// What is at `path`. Nothing is opened, since to open a pipe may take forever.
pub(crate) fn look_at(path: &Path) -> io::Result<(FileKind, Permissions)> {
    let metadata = fs::metadata(path)?;
    let permissions = Permissions { owner: metadata.uid(), mode: metadata.mode() };
    Ok((FileKind::of(metadata.file_type()), permissions))
}

/// Why the file may not hold a secret.
pub(crate) fn exposure(permissions: &Permissions) -> Option<Concern> {
    let is_roots = permissions.owner == ROOT;
    let forbidden = if is_roots { (GROUP | OTHERS) & !GROUP_READ } else { GROUP | OTHERS };
    concern(permissions, forbidden)
}

/// Why the file may not hold a secret, if it was created by this crate.
pub(crate) fn exposure_of_own(permissions: &Permissions) -> Option<Concern> {
    concern(permissions, GROUP | OTHERS)
}

/// Why the file may not name a program to run.
pub(crate) fn writers(permissions: &Permissions) -> Option<Concern> {
    concern(permissions, WRITE)
}

/// Why no file in the folder may name a program to run. In a folder with the sticky bit, only its owner can rename or
/// remove a file (POSIX, `rename`), so that others can write to it does no harm.
pub(crate) fn folder_writers(permissions: &Permissions) -> Option<Concern> {
    let is_sticky = permissions.mode & STICKY != 0;
    concern(permissions, if is_sticky { 0 } else { WRITE })
}

/// The same for a folder further up, where a group that root has chosen may write.
pub(crate) fn upper_folder_writers(permissions: &Permissions) -> Option<Concern> {
    let is_sticky = permissions.mode & STICKY != 0;
    match (is_sticky, permissions.owner) {
        (true, _) => concern(permissions, 0),
        (false, ROOT) => concern(permissions, WRITE & OTHERS),
        (false, _) => concern(permissions, WRITE),
    }
}

fn concern(permissions: &Permissions, forbidden: u32) -> Option<Concern> {
    concern_of(permissions, forbidden, geteuid().as_raw())
}

fn concern_of(permissions: &Permissions, forbidden: u32, me: u32) -> Option<Concern> {
    let &Permissions { owner, mode } = permissions;
    if owner != me && owner != ROOT {
        // The owner can change the mode at any time.
        return Some(Concern::ForeignOwner(format!("user {owner}")));
    }
    let bits = mode & forbidden;
    if bits == 0 {
        return None;
    }
    let what = match (bits & READ != 0, bits & WRITE != 0) {
        (true, true) => "read it and write to it",
        (true, false) => "read it",
        (false, true) => "write to it",
        (false, false) => "execute it",
    };
    Some(Concern::Open(format!("others can {what} (mode {:04o})", mode & 0o7777)))
}

/// Creates an empty file that its owner alone can open.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    // A strict umask may have removed even the rights that the owner needs.
    fchmod(&file, OWNER_ONLY)?;
    Ok(file)
}

/// Creates a folder that its owner alone can enter.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    // A strict umask may have removed even the rights that the owner needs.
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

pub(crate) fn open_to_everyone(file: &mut File, _place: &Path) -> io::Result<()> {
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

/// Gives `file` the owner, the group and the mode of the file at `place`, if there is one.
pub(crate) fn copy_access(file: &mut File, place: &Path) -> io::Result<()> {
    let before = match fs::metadata(place) {
        Ok(before) => before,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let new = file.metadata()?;
    let is_same_owner = (new.uid(), new.gid()) == (before.uid(), before.gid())
        || fchown(&*file, Some(before.uid()), Some(before.gid())).is_ok();
    // The group's bits are for the group of the old file. Another group must not get them.
    let kept = if is_same_owner { 0o777 } else { 0o700 };
    file.set_permissions(fs::Permissions::from_mode(before.mode() & kept))
}

/// Renames a file unless the new name is taken.
pub(crate) fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(()),
            // Old kernels and some file systems do not have it.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // A link never replaces a file that is there.
    fs::hard_link(from, to)?;
    fs::remove_file(from)
}

/// Renames a file, also over another one.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

/// Opens the file at `path` to lock it, if it is there.
pub(crate) fn open_for_lock(path: &Path) -> io::Result<File> {
    File::open(path)
}

pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// An open folder. Names in it are resolved from the open folder, even if its path changes.
#[derive(Debug)]
pub(crate) struct Directory(File);

impl Directory {
    /// A file and a link in its place are [`io::ErrorKind::NotADirectory`].
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::open(path, flags, Mode::empty()) {
            Ok(folder) => Ok(Self(folder.into())),
            Err(Errno::LOOP) => Err(io::ErrorKind::NotADirectory.into()),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn as_file(&self) -> &File {
        &self.0
    }

    pub(crate) fn open_file(&self, name: &str, opening: Opening) -> io::Result<File> {
        let access = match opening {
            Opening::Read => OFlags::RDONLY,
            Opening::Lock => OFlags::RDWR | OFlags::CREATE,
        };
        // Without NONBLOCK, opening a pipe that no one writes to would wait forever.
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&self.0, name, flags, OWNER_ONLY)?);
        if opening == Opening::Lock {
            fchmod(&file, OWNER_ONLY)?;
        }
        Ok(file)
    }

    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.0)? {
            match entry?.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => names.push(name.to_owned()),
            }
        }
        Ok(names)
    }

    /// The folder again, to lock it: a lock belongs to one opening.
    pub(crate) fn open_for_lock(&self) -> io::Result<File> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(openat(&self.0, ".", flags, Mode::empty())?.into())
    }

    /// Writes the file `name`, which may not be on the disk yet. What a killed process left there is removed first.
    pub(crate) fn write_new(&self, name: &str, contents: &[u8]) -> io::Result<File> {
        match self.remove(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.0, name, flags, OWNER_ONLY)?);
        fchmod(&file, OWNER_ONLY)?;
        file.write_all(contents)?;
        Ok(file)
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(renameat(&self.0, from, &self.0, to)?)
    }

    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::empty())?)
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: u32 = 1000;
    const SOMEONE: u32 = 1001;

    const FOREIGN: &str = "user 1001";

    /// The owner of a file that is foreign, or what others can do with it.
    fn words(concern: Option<Concern>) -> Option<String> {
        match concern? {
            Concern::ForeignOwner(text) | Concern::Open(text) => Some(text),
        }
    }

    #[test]
    fn a_secret_is_for_its_owner_and_the_group_of_a_file_of_root() {
        for (owner, mode, expected) in [
            (ME, 0o100_600, None),
            (ME, 0o100_400, None),
            (ME, 0o100_700, None),
            (ME, 0o104_600, None),
            (ME, 0o100_640, Some("others can read it (mode 0640)")),
            (ME, 0o100_440, Some("others can read it (mode 0440)")),
            (ME, 0o100_604, Some("others can read it (mode 0604)")),
            (ME, 0o100_644, Some("others can read it (mode 0644)")),
            (ME, 0o100_620, Some("others can write to it (mode 0620)")),
            (ME, 0o100_622, Some("others can write to it (mode 0622)")),
            (ME, 0o100_602, Some("others can write to it (mode 0602)")),
            (ME, 0o100_666, Some("others can read it and write to it (mode 0666)")),
            (ME, 0o100_610, Some("others can execute it (mode 0610)")),
            (ROOT, 0o100_600, None),
            (ROOT, 0o100_640, None),
            (ROOT, 0o100_440, None),
            (ROOT, 0o100_660, Some("others can write to it (mode 0660)")),
            (ROOT, 0o100_444, Some("others can read it (mode 0444)")),
            (ROOT, 0o100_644, Some("others can read it (mode 0644)")),
            (SOMEONE, 0o100_600, Some(FOREIGN)),
            (SOMEONE, 0o100_440, Some(FOREIGN)),
            (SOMEONE, 0o100_644, Some(FOREIGN)),
        ] {
            let permissions = Permissions { owner, mode };
            let is_roots = owner == ROOT;
            let forbidden = if is_roots { 0o037 } else { 0o077 };
            let concern = words(concern_of(&permissions, forbidden, ME));
            assert_eq!(concern.as_deref(), expected, "{owner} {mode:o}");
            if is_roots {
                // A file of root is judged like this for every user.
                assert_eq!(words(exposure(&permissions)).as_deref(), expected, "{mode:o}");
            }
        }
    }

    #[test]
    fn what_can_start_something_is_written_by_its_owner_alone() {
        for (owner, mode, expected) in [
            (ME, 0o100_644, None),
            (ME, 0o100_755, None),
            (ROOT, 0o100_644, None),
            (ME, 0o100_664, Some("others can write to it (mode 0664)")),
            (ME, 0o100_646, Some("others can write to it (mode 0646)")),
            (ROOT, 0o100_666, Some("others can write to it (mode 0666)")),
            (SOMEONE, 0o100_600, Some(FOREIGN)),
        ] {
            let permissions = Permissions { owner, mode };
            let concern = words(concern_of(&permissions, WRITE, ME));
            assert_eq!(concern.as_deref(), expected, "{owner} {mode:o}");
        }
        for (mode, is_trusted, is_trusted_above) in [
            (0o040_755, true, true),
            (0o042_775, false, true),
            (0o040_777, false, false),
            (0o041_777, true, true),
        ] {
            let folder = Permissions { owner: ROOT, mode };
            assert_eq!(upper_folder_writers(&folder).is_none(), is_trusted_above, "{mode:o}");
            assert_eq!(folder_writers(&folder).is_none(), is_trusted, "{mode:o}");
        }
    }
}
