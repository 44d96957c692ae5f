//! Access lists.

use std::{
    ffi::OsString,
    fs::{self, File, Metadata},
    io::{self, Write},
    os::windows::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use windows_permissions::{
    LocalBox, SecurityDescriptor,
    constants::{SeObjectType, SecurityInformation},
    utilities::current_process_sid,
    wrappers::{
        ConvertSecurityDescriptorToStringSecurityDescriptor, ConvertSidToStringSid,
        GetNamedSecurityInfo, GetSecurityInfo, SetSecurityInfo,
    },
};

use super::sddl::{Descriptor, READ, REPLACE_IN_FOLDER, WRITE};
use crate::kind::{Concern, FileKind, Opening};

// Microsoft, "Access Mask Format" and "CreateFileW function".
const GENERIC_READ: u32 = 0x8000_0000;
const GENERIC_WRITE: u32 = 0x4000_0000;
const READ_CONTROL: u32 = 0x0002_0000;
const WRITE_DAC: u32 = 0x0004_0000;
const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;

/// How long a rename waits for other programs, and how often it is tried again.
const RENAME_TIMEOUT: Duration = Duration::from_secs(1);
const RENAME_INTERVAL: Duration = Duration::from_millis(10);

/// The file that is locked in place of its folder.
const FOLDER_LOCK: &str = ".lock";

/// How the names of files begin that are being removed, which may take until another process closes them.
const REMOVED: &str = ".removed-";

/// The owner and the access list, and who this process runs as. `None` if they are not understood.
#[derive(Debug, Clone)]
pub(crate) struct Permissions {
    descriptor: Option<Descriptor>,
    me: String,
}

impl Permissions {
    pub(crate) fn of(file: &File, _metadata: &Metadata) -> io::Result<Self> {
        let descriptor = GetSecurityInfo(file, SeObjectType::SE_FILE_OBJECT, owner_and_list())?;
        Self::new(&descriptor)
    }

    fn new(descriptor: &SecurityDescriptor) -> io::Result<Self> {
        let text =
            ConvertSecurityDescriptorToStringSecurityDescriptor(descriptor, owner_and_list())?;
        Ok(Self { descriptor: Descriptor::parse(&text.to_string_lossy()), me: me()? })
    }

    fn concern(&self, rights: u32) -> Option<Concern> {
        match &self.descriptor {
            Some(descriptor) => descriptor.concern(rights, &self.me),
            None => Some(Concern::Open("its access list is not understood".to_owned())),
        }
    }
}

fn owner_and_list() -> SecurityInformation {
    SecurityInformation::Owner | SecurityInformation::Dacl
}

/// This process's user as access lists write it: some accounts have a short form there.
fn me() -> io::Result<String> {
    let sid = ConvertSidToStringSid(&*current_process_sid()?)?;
    let descriptor: LocalBox<SecurityDescriptor> =
        format!("O:{}", sid.to_string_lossy()).parse()?;
    let text = ConvertSecurityDescriptorToStringSecurityDescriptor(
        &descriptor,
        SecurityInformation::Owner,
    )?;
    Ok(text.to_string_lossy().trim_start_matches("O:").to_owned())
}

/// The number of this process's user (its SID), which `icacls` accepts in every shell.
pub(crate) fn account_number() -> Option<String> {
    let sid = ConvertSidToStringSid(&*current_process_sid().ok()?).ok()?;
    Some(sid.to_string_lossy().into_owned())
}

/// What is at `path`.
pub(crate) fn look_at(path: &Path) -> io::Result<(FileKind, Permissions)> {
    let kind = FileKind::of(fs::metadata(path)?.file_type());
    let descriptor = GetNamedSecurityInfo(path, SeObjectType::SE_FILE_OBJECT, owner_and_list())?;
    Ok((kind, Permissions::new(&descriptor)?))
}

/// Why the file may not hold a secret.
pub(crate) fn exposure(permissions: &Permissions) -> Option<Concern> {
    permissions.concern(READ | WRITE)
}

/// Why the file may not hold a secret, if it was created by this crate.
pub(crate) fn exposure_of_own(permissions: &Permissions) -> Option<Concern> {
    permissions.concern(READ | WRITE)
}

/// Why the file may not name a program to run.
pub(crate) fn writers(permissions: &Permissions) -> Option<Concern> {
    permissions.concern(WRITE)
}

/// Why no file in the folder may name a program to run.
pub(crate) fn folder_writers(permissions: &Permissions) -> Option<Concern> {
    permissions.concern(REPLACE_IN_FOLDER)
}

/// The same for a folder further up.
pub(crate) fn upper_folder_writers(permissions: &Permissions) -> Option<Concern> {
    folder_writers(permissions)
}

/// Creates an empty file that its owner alone can open.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    // Nothing is shared until the access list is set: a program that opened the file before could continue reading it.
    let mut file = File::options()
        .access_mode(GENERIC_WRITE | READ_CONTROL | WRITE_DAC)
        .write(true)
        .create_new(true)
        .share_mode(0)
        .open(path)?;
    restrict(&mut file, "")?;
    Ok(file)
}

/// Creates a folder that its owner alone can enter.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir(path)?;
    let mut folder = File::options()
        .access_mode(READ_CONTROL | WRITE_DAC)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
        .open(path)?;
    // OI and CI: files and folders in it inherit the list.
    restrict(&mut folder, "OICI")
}

/// Gives access to this user, the system and the administrators, and inherits nothing from the folder above.
fn restrict(file: &mut File, inheritance: &str) -> io::Result<()> {
    let me = me()?;
    let list =
        format!("D:P(A;{inheritance};FA;;;{me})(A;{inheritance};FA;;;SY)(A;{inheritance};FA;;;BA)");
    let descriptor: LocalBox<SecurityDescriptor> = list.parse()?;
    let what = SecurityInformation::Dacl | SecurityInformation::ProtectedDacl;
    SetSecurityInfo(file, SeObjectType::SE_FILE_OBJECT, what, None, None, descriptor.dacl(), None)
}

/// Takes over the access list of the folder.
pub(crate) fn open_to_everyone(file: &mut File, _place: &Path) -> io::Result<()> {
    let nothing: LocalBox<SecurityDescriptor> = "D:".parse()?;
    let what = SecurityInformation::Dacl | SecurityInformation::UnprotectedDacl;
    SetSecurityInfo(file, SeObjectType::SE_FILE_OBJECT, what, None, None, nothing.dacl(), None)
}

/// Gives `file` the access list of the file at `place`, if there is one.
pub(crate) fn copy_access(file: &mut File, place: &Path) -> io::Result<()> {
    let what = SecurityInformation::Dacl;
    let before = match GetNamedSecurityInfo(place, SeObjectType::SE_FILE_OBJECT, what) {
        Ok(before) => before,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let what = what | SecurityInformation::ProtectedDacl;
    SetSecurityInfo(file, SeObjectType::SE_FILE_OBJECT, what, None, None, before.dacl(), None)
}

/// Opens what is locked in place of the file at `path`, if that is there: a file next to it. A lock is mandatory here, so that
/// no one could read the file itself as long as it is locked.
pub(crate) fn open_for_lock(path: &Path) -> io::Result<File> {
    fs::metadata(path)?;
    let mut name = OsString::from(".");
    name.push(path.file_name().ok_or(io::ErrorKind::InvalidInput)?);
    name.push(".lock");
    open_or_create(&path.with_file_name(name))
}

/// Opens a file to lock it, and creates it if it is not there.
fn open_or_create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened,
    }
    // It is shared from the start: another process that opens it now must wait for the lock, and not fail.
    let created = File::options()
        .access_mode(GENERIC_READ | GENERIC_WRITE | READ_CONTROL | WRITE_DAC)
        .write(true)
        .create_new(true)
        .open(path);
    match created {
        Ok(mut file) => restrict(&mut file, "").map(|()| file),
        // Another process has created it in the meantime.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => options.open(path),
        Err(error) => Err(error),
    }
}

/// Renames a file unless the new name is taken.
pub(crate) fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    // A link never replaces a file that is there, and `fs::rename` would.
    fs::hard_link(from, to)?;
    fs::remove_file(from)
}

/// Renames a file, also over another one.
///
/// A program that looks at the old file, such as a virus scanner or an indexer, can make this fail for a moment.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let mut waited = Duration::ZERO;
    loop {
        match fs::rename(from, to) {
            Err(error) if is_in_use(&error) && waited < RENAME_TIMEOUT => {}
            renamed => return renamed,
        }
        thread::sleep(RENAME_INTERVAL);
        waited += RENAME_INTERVAL;
    }
}

/// Whether another program has opened the file and does not share it.
fn is_in_use(error: &io::Error) -> bool {
    // ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION
    matches!(error.raw_os_error(), Some(5 | 32))
}

/// NTFS writes the names of a folder to its journal by itself, and a folder cannot be flushed.
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// A folder, held open, so that no one can rename it.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    folder: File,
}

impl Directory {
    /// A file and a link in its place are [`io::ErrorKind::NotADirectory`].
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // FILE_SHARE_READ and FILE_SHARE_WRITE, but not FILE_SHARE_DELETE.
        const SHARE: u32 = 0x0000_0003;
        let folder = File::options()
            .read(true)
            .share_mode(SHARE)
            .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
            .open(path)?;
        if !folder.metadata()?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self { path: path.to_owned(), folder })
    }

    pub(crate) fn as_file(&self) -> &File {
        &self.folder
    }

    pub(crate) fn open_file(&self, name: &str, opening: Opening) -> io::Result<File> {
        let path = self.path.join(name);
        if opening == Opening::Lock {
            return open_or_create(&path);
        }
        File::options().read(true).custom_flags(FILE_FLAG_OPEN_REPARSE_POINT).open(&path)
    }

    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            names.extend(entry?.file_name().into_string());
        }
        names.retain(|name| name != FOLDER_LOCK && !name.starts_with(REMOVED));
        Ok(names)
    }

    /// A file in the folder, since a folder cannot be locked.
    pub(crate) fn open_for_lock(&self) -> io::Result<File> {
        self.open_file(FOLDER_LOCK, Opening::Lock)
    }

    /// Writes the file `name`, which may not be on the disk yet. What a killed process left there is removed first.
    pub(crate) fn write_new(&self, name: &str, contents: &[u8]) -> io::Result<File> {
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = create_private(&path)?;
        file.write_all(contents)?;
        Ok(file)
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        rename(&self.path.join(from), &self.path.join(to))
    }

    /// Removes a file, whose name is free at once, also if another process has locked the file.
    ///
    /// It is renamed first. Otherwise its name would stay in use until every process has closed the file: only NTFS, and
    /// only in newer versions of Windows 10, frees the name before that.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        static REMOVALS: AtomicU64 = AtomicU64::new(0);
        let number = REMOVALS.fetch_add(1, Ordering::Relaxed);
        let path = self.path.join(name);
        let removed = self.path.join(format!("{REMOVED}{}-{number}", process::id()));
        fs::rename(&path, &removed)?;
        fs::remove_file(&removed).inspect_err(|_| {
            // What is not a file or cannot be removed stays where it was.
            let _ = fs::rename(&removed, &path);
        })
    }

    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "on Unix it can fail")]
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
