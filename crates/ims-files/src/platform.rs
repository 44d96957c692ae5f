//! What differs between the operating systems.

#[cfg(any(windows, test))]
mod sddl;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::{
    Directory, Permissions, copy_access, create_private, create_private_folder, exposure,
    exposure_of_own, folder_writers, look_at, open_for_lock, open_to_everyone, rename,
    rename_to_free, sync_folder, upper_folder_writers, writers,
};
#[cfg(windows)]
pub(crate) use windows::{
    Directory, Permissions, account_number, copy_access, create_private, create_private_folder,
    exposure, exposure_of_own, folder_writers, look_at, open_for_lock, open_to_everyone, rename,
    rename_to_free, sync_folder, upper_folder_writers, writers,
};
