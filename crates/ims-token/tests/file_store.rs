//! The store in a folder: what every store must do, and the failures that only files have.
#![cfg(all(feature = "file", feature = "testing"))]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

#[cfg(unix)]
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use ims_claims::{Environment, NumericDate};
use ims_exchange::{AccessToken, BearerToken};
use ims_token::{
    CacheKey, Clock, FileStore, SharedClock, SharedStore, StoreError, SystemClock, TokenKeeper,
    TokenStore,
    testing::{ScriptedSource, check_store},
};
#[cfg(unix)]
use rustix::{
    fs::{CWD, FileType, Mode, mknodat},
    process::umask,
};
use tempfile::TempDir;

const HOUR: Duration = Duration::from_hours(1);

fn key() -> CacheKey {
    CacheKey::new(&Environment::production(), &"client".parse().unwrap(), ims_token::GrantName::JWT)
}

fn token(text: &str, lives_for: Duration) -> AccessToken {
    let now = SystemClock.now();
    AccessToken::new(text.to_owned(), now, lives_for).unwrap()
}

/// A folder that exists, with one token in it.
async fn folder_with_a_token() -> (TempDir, PathBuf, FileStore) {
    let root = TempDir::new().unwrap();
    let folder = root.path().join("ims");
    let store = FileStore::new(&folder);
    store.save(&key(), &token("first", HOUR)).await.unwrap();
    (root, folder, store)
}

fn token_file(folder: &Path) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|extension| extension == "json")).unwrap()
}

#[tokio::test]
async fn it_passes_the_tests_for_every_store() {
    let root = TempDir::new().unwrap();
    let open = || FileStore::new(root.path().join("a/b"));
    check_store(&open(), &open(), NumericDate::from_secs(1_700_000_000)).await;
}

#[tokio::test]
async fn no_file_is_made_before_a_token_is_saved() {
    let root = TempDir::new().unwrap();
    let folder = root.path().join("ims");
    assert!(FileStore::new(&folder).load(&key()).await.unwrap().is_none());
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_lease_ends_when_it_is_dropped() {
    let (_root, _, store) = folder_with_a_token().await;
    let lease = store.lease(&key(), HOUR).await.unwrap().unwrap();
    assert!(store.lease(&key(), HOUR).await.unwrap().is_none());
    drop(lease);
    assert!(store.lease(&key(), HOUR).await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_that_is_not_what_was_saved_is_not_a_token_and_is_replaced() {
    let (_root, folder, store) = folder_with_a_token().await;
    let file = token_file(&folder);
    let whole = fs::read_to_string(&file).unwrap();
    let mut contents = vec![
        String::new(),
        "{}".to_owned(),
        "\u{0}".repeat(200_000),
        whole.replace("first", ""),
        whole.replace("first", "a\\r\\nb"),
        whole.replace("client", "another"),
    ];
    // A power failure may leave any part of it, and zeros.
    for length in 0..whole.len() {
        let (kept, lost) = whole.split_at(length);
        contents.push(kept.to_owned());
        contents.push(kept.to_owned() + &"\0".repeat(lost.len()));
        contents.push("\0".repeat(length + 1) + &whole[length + 1..]);
    }
    for content in contents {
        fs::write(&file, &content).unwrap();
        let loaded = store.load(&key()).await;
        assert!(matches!(loaded, Err(StoreError::Garbled)), "{loaded:?} from {content:?}");
    }
    store.save(&key(), &token("second", HOUR)).await.unwrap();
    assert_eq!(store.load(&key()).await.unwrap().unwrap().expose_secret(), "second");
}

#[tokio::test]
async fn googleworkspace_cli_904_a_token_without_an_expiry_is_not_kept_forever() {
    let (_root, folder, store) = folder_with_a_token().await;
    let whole = fs::read_to_string(token_file(&folder)).unwrap();
    let date = whole.split("\"expires_at\":").nth(1).unwrap().trim_end_matches('}');
    for (expiry, instead) in [
        (format!("\"expires_at\":{date}"), "\"expires_at\":null"),
        (format!("\"expires_at\":{date}"), "\"expires_at\":9999999999"),
        (format!(",\"expires_at\":{date}"), ""),
    ] {
        fs::write(token_file(&folder), whole.replace(&expiry, instead)).unwrap();
        let clock = SharedClock::new(SystemClock);
        let source = ScriptedSource::new(clock.clone(), 24 * HOUR);
        let keeper = TokenKeeper::builder(source.source(), clock)
            .with_store(SharedStore::new(store.clone()), key())
            .build();
        let token = keeper.token().await.unwrap();
        assert_eq!((token.expose_secret(), source.requests()), ("token-1", 1), "{instead}");
        let saved = store.load(&key()).await.unwrap().unwrap();
        assert_eq!(saved.expose_secret(), "token-1", "{instead}");
    }
}

#[tokio::test]
async fn a_file_moved_to_the_name_of_another_key_is_not_used() {
    let (_root, folder, store) = folder_with_a_token().await;
    let other = key().with_scopes(["openid"]);
    let first = token_file(&folder);
    let whole = fs::read(&first).unwrap();
    fs::remove_file(&first).unwrap();
    store.save(&other, &token("other", HOUR)).await.unwrap();
    fs::write(token_file(&folder), whole).unwrap();
    assert!(matches!(store.load(&other).await, Err(StoreError::Garbled)));
}

#[cfg(unix)]
#[tokio::test]
async fn anything_but_a_private_regular_file_is_refused_at_once() {
    let fifo = |path: &Path| {
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    };
    let link = |path: &Path| symlink("/dev/zero", path).unwrap();
    let folder = |path: &Path| fs::create_dir(path).unwrap();
    let open_to_others = |path: &Path| {
        fs::write(path, "{}").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    };
    let makers: [&dyn Fn(&Path); 4] = [&fifo, &link, &folder, &open_to_others];
    for (what, make) in ["fifo", "link", "folder", "open"].into_iter().zip(makers) {
        let (_root, folder, store) = folder_with_a_token().await;
        let file = token_file(&folder);
        fs::remove_file(&file).unwrap();
        make(&file);
        let loaded = store.load(&key()).await;
        assert!(matches!(loaded, Err(StoreError::Unsafe { .. })), "{what}: {loaded:?}");

        // The same for the file of the lease, except that its mode is corrected.
        let lock = file.with_extension("lock");
        make(&lock);
        let leased = store.lease(&key(), HOUR).await;
        assert_eq!(leased.is_ok(), what == "open", "{what}: {leased:?}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_others_can_enter_or_that_is_a_link_is_refused() {
    let (root, folder, store) = folder_with_a_token().await;
    for mode in [0o755, 0o750, 0o701, 0o777] {
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
        assert!(matches!(store.load(&key()).await, Err(StoreError::Unsafe { .. })), "{mode:o}");
        assert!(store.save(&key(), &token("second", HOUR)).await.is_err());
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    let link = root.path().join("link");
    symlink(&folder, &link).unwrap();
    let loaded = FileStore::new(link).load(&key()).await;
    assert!(matches!(loaded, Err(StoreError::Unsafe { .. })), "{loaded:?}");
    let file = FileStore::new(token_file(&folder));
    assert!(matches!(file.load(&key()).await, Err(StoreError::Unsafe { .. })));
}

#[tokio::test]
async fn a_token_that_was_revoked_is_removed_under_every_key_and_no_other_is() {
    let (_root, folder, store) = folder_with_a_token().await;
    let other_key = key().with_scopes(["openid"]);
    store.save(&other_key, &token("first", HOUR)).await.unwrap();
    let kept_key = key().with_scopes(["other"]);
    store.save(&kept_key, &token("second", HOUR)).await.unwrap();
    fs::write(folder.join("garbled.json"), "{").unwrap();
    let bearer = |text: &str| BearerToken::try_from(text.to_owned()).unwrap();
    assert_eq!(store.remove_token(&bearer("third")).await.unwrap(), 0);
    assert_eq!(store.remove_token(&bearer("first")).await.unwrap(), 2);
    assert!(store.load(&key()).await.unwrap().is_none());
    assert!(store.load(&other_key).await.unwrap().is_none());
    assert!(store.load(&kept_key).await.unwrap().is_some());
    let nowhere = FileStore::new(folder.join("nowhere"));
    assert_eq!(nowhere.remove_token(&bearer("first")).await.unwrap(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_in_place_of_the_new_file_is_not_followed() {
    let (root, folder, store) = folder_with_a_token().await;
    let victim = root.path().join("victim");
    fs::write(&victim, "untouched").unwrap();
    symlink(&victim, token_file(&folder).with_extension("json.new")).unwrap();
    store.save(&key(), &token("second", HOUR)).await.unwrap();
    assert_eq!(fs::read_to_string(victim).unwrap(), "untouched");
}

/// What the tests below run as separate processes: this same program, whose environment says what to do.
mod child {
    use super::{Child, Command, Path, Stdio};

    pub(super) const ROLE: &str = "IMS_TOKEN_TEST_ROLE";
    pub(super) const FOLDER: &str = "IMS_TOKEN_TEST_FOLDER";

    pub(super) fn spawn(role: &str, folder: &Path) -> Child {
        play(Command::new(std::env::current_exe().unwrap()), role, folder)
    }

    /// In a shell that first does what `script` says, which ends with running the program.
    #[cfg(unix)]
    pub(super) fn spawn_in(script: &str, role: &str, folder: &Path) -> Child {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).arg(std::env::current_exe().unwrap());
        play(shell, role, folder)
    }

    fn play(mut command: Command, role: &str, folder: &Path) -> Child {
        command
            .args(["--exact", "act", "--nocapture"])
            .env(ROLE, role)
            .env(FOLDER, folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// Does what the environment names, and nothing if it runs as a test like the others.
#[test]
fn act() {
    let (Ok(role), Ok(folder)) = (std::env::var(child::ROLE), std::env::var(child::FOLDER)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let store = FileStore::new(&folder);
        match role.as_str() {
            "save forever" => {
                for number in 1_u32.. {
                    let lives_for = HOUR + Duration::from_secs(number.into());
                    store
                        .save(&key(), &token(&format!("token-{number}"), lives_for))
                        .await
                        .unwrap();
                    println!("saved {number}");
                }
            }
            "obtain" => obtain(&folder, SharedStore::new(store)).await,
            "hold the lease" => {
                let _lease = store.lease(&key(), HOUR).await.unwrap().unwrap();
                println!("holding");
                std::future::pending::<()>().await;
            }
            #[cfg(unix)]
            "save under a strict umask" => {
                umask(Mode::from_raw_mode(0o777));
                store.save(&key(), &token("token", HOUR)).await.unwrap();
                drop(store.lease(&key(), HOUR).await.unwrap().unwrap());
            }
            #[cfg(unix)]
            "save onto a full disk" => {
                let saved = store.save(&key(), &token("second", 2 * HOUR)).await;
                assert!(matches!(saved, Err(StoreError::Unavailable { .. })), "{saved:?}");
            }
            other => panic!("no such role: {other}"),
        }
    });
}

/// Obtains a token through the store, and leaves a mark in the folder next to it for each request sent.
async fn obtain(folder: &str, store: SharedStore) {
    let clock = SharedClock::new(SystemClock);
    let requests = Path::new(folder).with_file_name("requests");
    let source = ims_token::TokenSource::new(move || {
        let requests = requests.clone();
        async move {
            let mark = requests.join(std::process::id().to_string());
            File::create_new(mark).expect("each process sends at most one request");
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(token("token", HOUR))
        }
    });
    let keeper = TokenKeeper::builder(source, clock).with_store(store, key()).build();
    let token = keeper.token().await.unwrap();
    let mut stdout = std::io::stdout();
    writeln!(stdout, "got {}", token.expose_secret()).unwrap();
}

/// Waits until `child` ends with success, and returns its output.
#[track_caller]
fn assert_succeeds(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap)
}

#[test]
fn sixty_four_processes_that_start_together_make_one_exchange() {
    let root = TempDir::new().unwrap();
    fs::create_dir(root.path().join("requests")).unwrap();
    let folder = root.path().join("ims");
    let children: Vec<_> = (0..64).map(|_| child::spawn("obtain", &folder)).collect();
    for child in children {
        assert!(assert_succeeds(child).contains("got token"));
    }
    assert_eq!(fs::read_dir(root.path().join("requests")).unwrap().count(), 1);
}

#[tokio::test]
async fn killed_at_any_instant_it_leaves_a_complete_token_and_blocks_no_one() {
    let root = TempDir::new().unwrap();
    let folder = root.path().join("ims");
    let store = FileStore::new(&folder);
    for round in 0_u32..40 {
        let mut child = child::spawn("save forever", &folder);
        // Each round lets it save a little more often, and kills it at some point of the next save.
        let saved = lines(&mut child).filter(|line| line.contains("saved")).nth(round as usize % 7);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(saved.is_some());
        let token = store.load(&key()).await.unwrap().expect("the saved token is there");
        assert!(token.expose_secret().starts_with("token-"));
    }
    store.save(&key(), &token("last", 24 * HOUR)).await.unwrap();
    assert_eq!(store.load(&key()).await.unwrap().unwrap().expose_secret(), "last");
    // The token, the file of a save that was cut off at most, and no lease, since no process asked for one.
    assert!(fs::read_dir(&folder).unwrap().count() <= 2);
}

#[tokio::test]
async fn the_lease_of_a_killed_process_can_be_taken() {
    let (_root, folder, store) = folder_with_a_token().await;
    let mut child = child::spawn("hold the lease", &folder);
    assert!(lines(&mut child).any(|line| line.contains("holding")));
    assert!(store.lease(&key(), HOUR).await.unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(store.lease(&key(), HOUR).await.unwrap().is_some());
}

#[tokio::test]
async fn the_lease_of_a_process_that_does_not_renew_it_ends_and_the_next_process_keeps_it() {
    let (_root, folder, store) = folder_with_a_token().await;
    let mut child = child::spawn("hold the lease", &folder);
    assert!(lines(&mut child).any(|line| line.contains("holding")));
    let lasting = Duration::from_secs(1);
    let lease = loop {
        if let Some(lease) = store.lease(&key(), lasting).await.unwrap() {
            break lease;
        }
    };
    store.renew(&key(), &lease, lasting).await.unwrap();
    assert!(store.lease(&key(), HOUR).await.unwrap().is_none());
    // The end of the first process does not end the lease of the second.
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(store.lease(&key(), HOUR).await.unwrap().is_none());
    store.release(&key(), lease).await.unwrap();
    assert!(store.lease(&key(), HOUR).await.unwrap().is_some());
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_files_with_any_umask() {
    let root = TempDir::new().unwrap();
    let folder = root.path().join("ims");
    assert_succeeds(child::spawn("save under a strict umask", &folder));
    assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o7777, 0o700);
    for entry in fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().mode() & 0o7777, 0o600, "{:?}", entry.path());
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn on_a_full_disk_the_earlier_token_stays_and_the_caller_gets_the_new_one() {
    let (_root, folder, store) = folder_with_a_token().await;
    // Files may not grow, so writing fails like on a full disk.
    let full_disk = "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"";
    assert_succeeds(child::spawn_in(full_disk, "save onto a full disk", &folder));
    assert_eq!(store.load(&key()).await.unwrap().unwrap().expose_secret(), "first");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);

    // A folder that cannot be made.
    let unusable = SharedStore::new(FileStore::new("/dev/null/ims"));
    let clock = SharedClock::new(SystemClock);
    let source = ScriptedSource::new(clock.clone(), HOUR);
    let keeper = TokenKeeper::builder(source.source(), clock).with_store(unusable, key()).build();
    assert_eq!(keeper.token().await.unwrap().expose_secret(), "token-1");
}

#[tokio::test]
async fn the_entries_show_the_clients_of_the_tokens_and_can_be_removed_one_by_one_or_all() {
    let (_root, folder, store) = folder_with_a_token().await;
    let other =
        CacheKey::new(&Environment::stage(), &"other".parse().unwrap(), ims_token::GrantName::JWT)
            .with_account("B@techacct.adobe.com")
            .with_scopes(["x"]);
    let not_before = SystemClock.now().plus(HOUR);
    store.save_not_before(&other, not_before).await.unwrap();
    fs::write(folder.join("notes.json"), "not ours").unwrap();
    let _lease = store.lease(&key(), HOUR).await.unwrap().unwrap();

    let (entries, unreadable) = store.entries().await.unwrap();
    let keys: Vec<_> = entries.iter().map(|entry| entry.key.clone()).collect();
    assert_eq!((keys, unreadable), (vec![other.clone(), key()], 0));
    assert!(entries[1].token.is_some() && entries[1].not_before.is_none());
    assert!(entries[0].token.is_none() && entries[0].not_before == Some(not_before));
    assert!(!format!("{entries:?}").contains("first"));

    fs::write(token_file_of(&folder, &"0".repeat(64)), "{").unwrap();
    assert_eq!(store.entries().await.unwrap().1, 1);
    let removed = store.remove_entries(|entry| entry.key.client_id() == "client").await.unwrap();
    assert_eq!(removed, 1);
    assert_eq!(store.load(&key()).await.unwrap().map(|_| ()), None);
    assert_eq!(store.load_not_before(&other).await.unwrap(), Some(not_before));

    store.save(&key(), &token("first", HOUR)).await.unwrap();
    assert_eq!(store.clear().await.unwrap(), 2, "the token, and the file that cannot be read");
    assert_eq!(store.entries().await.unwrap(), (Vec::new(), 0));
    assert!(folder.join("notes.json").exists(), "files of others stay");
    assert!(store.lease(&key(), HOUR).await.unwrap().is_none(), "the lease is still held");
}

fn token_file_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.json"))
}
