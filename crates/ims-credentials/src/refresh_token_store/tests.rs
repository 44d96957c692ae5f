//! A refresh token is read again as it was saved, and only by its owner.

use super::*;

fn token(text: &str) -> RefreshToken {
    RefreshToken::try_from(text.to_owned()).unwrap()
}

fn text(place: &RefreshTokenStore) -> Option<String> {
    place.load().unwrap().map(|token| token.expose_secret().to_owned())
}

#[test]
fn a_token_in_memory_can_be_replaced_and_forgotten() {
    let place = RefreshTokenStore::in_memory(Some(token("first")));
    assert_eq!(text(&place).as_deref(), Some("first"));
    place.save(&token("second")).unwrap();
    assert_eq!(text(&place).as_deref(), Some("second"));
    place.forget().unwrap();
    assert_eq!(text(&place), None);
    assert_eq!(place.to_string(), "the memory of this process");
}

#[test]
fn a_token_is_replaced_unless_someone_has_signed_in_or_out_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let table = [(Some("old"), "new"), (Some("other"), "other"), (None, "")];
    for (index, (there, then)) in table.into_iter().enumerate() {
        let place = RefreshTokenStore::in_folder(folder.path().join(index.to_string()), "me");
        if let Some(there) = there {
            place.save(&token(there)).unwrap();
        }
        place.replace(&token("old"), &token("new")).unwrap();
        assert_eq!(text(&place).unwrap_or_default(), then);
    }
}

#[test]
fn debug_does_not_show_the_token() {
    let place = RefreshTokenStore::in_memory(Some(token("canary")));
    assert_eq!(format!("{place:?}"), "RefreshTokenStore(the memory of this process)");
}

#[test]
fn only_memory_never_blocks() {
    assert!(!RefreshTokenStore::in_memory(None).blocks());
    assert!(RefreshTokenStore::in_folder("x", "me").blocks());
    #[cfg(feature = "keyring")]
    assert!(RefreshTokenStore::in_keyring("me").blocks());
}

#[test]
fn an_error_names_the_place_and_has_a_name_and_a_hint() {
    let store = RefreshTokenStore::in_memory(None);
    let error = RefreshTokensError::not_reached(&store, std::io::Error::other("it is gone"));
    let said = "the refresh token cannot be read from or written to the memory of this process: it is gone";
    assert_eq!(error.to_string(), said);
    assert_eq!(error.reason_name(), "refresh_token_not_kept");
    assert_eq!(error.hint().unwrap(), "correct the named place, then try again");
    assert!(!error.is_transient());
}

#[cfg(unix)]
mod folder {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt, symlink},
        path::Path,
    };

    use tempfile::TempDir;

    use super::*;

    const NAME: &str = "client/of\u{e4}";
    const FILE: &str = "client%2Fof%C3%A4.refresh_token";

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    /// The error for a place that cannot be read.
    fn problem(place: &RefreshTokenStore) -> String {
        place.load().unwrap_err().problem
    }

    #[test]
    fn a_token_in_a_folder_is_complete_private_and_readable_by_the_next_process() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a/b");
        let place = RefreshTokenStore::in_folder(&path, NAME);
        assert_eq!(text(&place), None);
        place.forget().unwrap();
        for saved in ["first", "second"] {
            place.save(&token(saved)).unwrap();
            let next_process = RefreshTokenStore::in_folder(&path, NAME);
            assert_eq!(text(&next_process).as_deref(), Some(saved));
        }
        let names: Vec<_> =
            fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [FILE]);
        assert_eq!((mode(&path), mode(&path.join(FILE))), (0o700, 0o600));
        assert_eq!(place.to_string(), path.join(FILE).display().to_string());
        place.forget().unwrap();
        assert_eq!(text(&place), None);
    }

    #[test]
    fn files_that_a_killed_process_left_in_the_folder_are_removed() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("tokens");
        let place = RefreshTokenStore::in_folder(&path, NAME);
        place.save(&token("first")).unwrap();
        fs::write(path.join(format!("{FILE}.new")), "half").unwrap();
        place.save(&token("second")).unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
        assert_eq!(text(&place).as_deref(), Some("second"));
    }

    #[test]
    fn a_file_that_others_can_read_or_have_written_is_refused() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("tokens");
        let place = RefreshTokenStore::in_folder(&path, NAME);
        place.save(&token("first")).unwrap();
        let file = path.join(FILE);
        let set_mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };

        set_mode(&file, 0o640);
        assert!(problem(&place).contains("chmod 600"));
        set_mode(&file, 0o600);
        set_mode(&path, 0o755);
        assert!(problem(&place).contains("chmod 700"));
        set_mode(&path, 0o700);

        fs::write(&file, "two words").unwrap();
        assert_eq!(problem(&place), "what is there is not a refresh token");
        fs::write(&file, "x".repeat(1 << 20)).unwrap();
        assert_eq!(problem(&place), "what is there is not a refresh token");

        fs::remove_file(&file).unwrap();
        symlink("/etc/hostname", &file).unwrap();
        assert!(problem(&place).contains("symbolic link"));
        let error = place.load().unwrap_err().to_string();
        let place = format!("the refresh token cannot be read from {}: ", file.display());
        assert!(error.starts_with(&place), "{error}");
    }

    #[test]
    fn of_many_writers_at_once_the_file_has_the_whole_token_of_one() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("tokens");
        let texts: Vec<_> = (0..8).map(|index| format!("{index}").repeat(20_000)).collect();
        std::thread::scope(|scope| {
            for text in &texts {
                let place = RefreshTokenStore::in_folder(&path, NAME);
                scope.spawn(move || place.save(&token(text)).unwrap());
            }
        });
        let left = text(&RefreshTokenStore::in_folder(&path, NAME)).unwrap();
        assert!(texts.contains(&left));
    }
}
