//! A refresh token is found again as it was saved, and by its owner alone.

use super::*;

fn token(text: &str) -> RefreshToken {
    RefreshToken::try_from(text.to_owned()).unwrap()
}

async fn text(place: &RefreshTokens) -> Option<String> {
    place.load().await.unwrap().map(|token| token.expose_secret().to_owned())
}

#[tokio::test]
async fn a_token_in_memory_is_shared_by_clones_and_can_be_forgotten() {
    let place = RefreshTokens::in_memory(token("first"));
    assert_eq!(text(&place).await.as_deref(), Some("first"));
    place.clone().save(&token("second")).await.unwrap();
    assert_eq!(text(&place).await.as_deref(), Some("second"));
    place.forget().await.unwrap();
    assert_eq!(text(&place).await, None);
    assert_eq!(place.place(), "the memory of this process");
}

#[test]
fn debug_does_not_show_the_token() {
    let place = RefreshTokens::in_memory(token("canary"));
    assert_eq!(format!("{place:?}"), "RefreshTokens(the memory of this process)");
}

#[cfg(all(feature = "file", unix))]
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

    /// What is said of a place that cannot be read.
    async fn problem(place: &RefreshTokens) -> String {
        place.load().await.unwrap_err().cause
    }

    #[tokio::test]
    async fn a_token_in_a_folder_is_whole_private_and_there_for_the_next_process() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a/b");
        let place = RefreshTokens::in_folder(&path, NAME);
        assert_eq!(text(&place).await, None);
        place.forget().await.unwrap();
        for saved in ["first", "second"] {
            place.save(&token(saved)).await.unwrap();
            let next_process = RefreshTokens::in_folder(&path, NAME);
            assert_eq!(text(&next_process).await.as_deref(), Some(saved));
        }
        let names: Vec<_> =
            fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [FILE]);
        assert_eq!((mode(&path), mode(&path.join(FILE))), (0o700, 0o600));
        assert_eq!(place.place(), path.join(FILE).display().to_string());
        place.forget().await.unwrap();
        assert_eq!(text(&place).await, None);
    }

    #[tokio::test]
    async fn what_a_killed_process_left_in_the_folder_does_not_stay() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("tokens");
        let place = RefreshTokens::in_folder(&path, NAME);
        place.save(&token("first")).await.unwrap();
        fs::write(path.join(format!("{FILE}.new")), "half").unwrap();
        place.save(&token("second")).await.unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
        assert_eq!(text(&place).await.as_deref(), Some("second"));
    }

    #[tokio::test]
    async fn what_others_could_read_or_have_put_there_is_refused() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("tokens");
        let place = RefreshTokens::in_folder(&path, NAME);
        place.save(&token("first")).await.unwrap();
        let file = path.join(FILE);
        let set_mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };

        set_mode(&file, 0o640);
        assert!(problem(&place).await.contains("chmod 600"));
        set_mode(&file, 0o600);
        set_mode(&path, 0o755);
        assert!(problem(&place).await.contains("chmod 700"));
        set_mode(&path, 0o700);

        fs::write(&file, "two words").unwrap();
        assert_eq!(problem(&place).await, "what is there is no refresh token");
        fs::write(&file, "x".repeat(1 << 20)).unwrap();
        assert_eq!(problem(&place).await, "what is there is no refresh token");

        fs::remove_file(&file).unwrap();
        symlink("/etc/hostname", &file).unwrap();
        assert!(problem(&place).await.contains("symbolic link"));
        let error = place.load().await.unwrap_err().to_string();
        let place = format!("the refresh token cannot be read from {}: ", file.display());
        assert!(error.starts_with(&place), "{error}");
    }

    #[tokio::test]
    async fn of_many_writers_at_once_one_wins_and_nothing_is_torn() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("tokens");
        let texts: Vec<_> = (0..8).map(|index| format!("{index}").repeat(20_000)).collect();
        let mut writers = Vec::new();
        for text in texts.clone() {
            let place = RefreshTokens::in_folder(&path, NAME);
            writers.push(tokio::spawn(async move { place.save(&token(&text)).await }));
        }
        for writer in writers {
            writer.await.unwrap().unwrap();
        }
        let left = text(&RefreshTokens::in_folder(&path, NAME)).await.unwrap();
        assert!(texts.contains(&left));
    }
}
