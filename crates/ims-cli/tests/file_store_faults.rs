//! `ims token` killed at every system call, and on a disk that fails: no file is ever half written, and a token that was
//! obtained is printed. strace kills and fails; where it may not trace, these tests say so.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::Value;

#[path = "support/sandbox.rs"]
mod sandbox;
#[path = "support/strace.rs"]
mod strace;

use sandbox::{Finished, Sandbox};
use strace::Call;

/// A command that obtains a token, and what is in its cache before.
struct Scenario {
    options: &'static str,
    has_cached: bool,
}

const SCENARIOS: [Scenario; 2] = [
    Scenario { options: "", has_cached: false },
    // Replaces the one that is there.
    Scenario { options: "--fresh", has_cached: true },
];

struct Lab {
    sandbox: Sandbox,
    emulator: Child,
    url: String,
}

impl Lab {
    /// `None`, and a message that no test harness hides, if strace can trace nothing here.
    fn open(test: &str) -> Option<Self> {
        if let Some(obstacle) = strace::obstacle() {
            // Does not use `eprintln!`: the harness hides its output when a test passes.
            let mut stderr = std::io::stderr();
            writeln!(stderr, "\nSKIPPED {test}: {obstacle}").unwrap();
            return None;
        }
        let sandbox = Sandbox::new();
        // No one reads its verdicts, and a full pipe would stop it.
        let mut emulator =
            sandbox.ims("emulator -c credentials.json").stderr(Stdio::null()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(emulator.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
        let lab = Self { sandbox, emulator, url: url.trim_end().to_owned() };
        let url = &lab.url;
        assert_prints(lab.sandbox.run(&format!("token -c credentials.json --url {url}")));
        Some(lab)
    }

    fn token(&self, options: &str, cache: &Path) -> Command {
        let arguments = format!("token -c credentials.json --url {} {options}", self.url);
        let mut command = self.sandbox.ims(&arguments);
        command.env("IMS_CACHE_DIR", cache);
        command
    }

    /// The cache of one run.
    fn cache(&self, name: &str, scenario: &Scenario) -> PathBuf {
        let cache = self.sandbox.path(name);
        if scenario.has_cached {
            fs::create_dir(&cache).unwrap();
            fs::set_permissions(&cache, fs::Permissions::from_mode(0o700)).unwrap();
            for file in files_in(&self.sandbox.path("cache")) {
                fs::copy(&file, cache.join(file.file_name().unwrap())).unwrap();
            }
        }
        cache
    }

    /// All system calls of a run without a failure, and its cache.
    fn undisturbed(&self, scenario: &Scenario) -> (String, PathBuf) {
        let cache = self.cache(&format!("undisturbed{}", scenario.options), scenario);
        let log = self.sandbox.path("log");
        let token = self.token(scenario.options, &cache);
        assert_prints(strace::traced(&token, &[], &log).output().unwrap());
        (fs::read_to_string(log).unwrap(), cache)
    }

    /// Whatever happened to `cache`, its files are complete, and the next run works.
    #[track_caller]
    fn assert_recovers(&self, cache: &Path, context: &str) {
        assert_whole(cache, context);
        let token = assert_prints(self.token("", cache).output().unwrap());
        let saved = assert_whole(cache, context);
        assert_eq!(saved, Some(token), "{context}");
        fs::remove_dir_all(cache).unwrap();
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.emulator.kill();
        let _ = self.emulator.wait();
    }
}

/// The one token that the command printed.
#[track_caller]
fn assert_prints(end: impl Into<Finished>) -> String {
    let end = end.into();
    assert_eq!(end.code, Some(0), "{end:?}");
    let token = end.stdout.strip_suffix('\n').unwrap();
    assert_eq!(token.split('.').count(), 3, "{end:?}");
    assert!(!end.stderr.contains("panicked") && !end.stderr.contains(token), "{end:?}");
    token.to_owned()
}

/// Only the owner can read the files in `cache`, and the one with a token is complete. Returns that token.
#[track_caller]
fn assert_whole(cache: &Path, context: &str) -> Option<String> {
    let mut token = None;
    for file in files_in(cache) {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{context}: {}", file.display());
        if file.extension().is_some_and(|extension| extension == "json") {
            let stored: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            token = Some(stored["access_token"].as_str().unwrap().to_owned());
        }
    }
    token
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Does `work` for each of `items`, on all processors.
fn for_each<T: Sync>(items: &[T], work: impl Fn(usize, &T) + Sync) {
    let next = AtomicUsize::new(0);
    let processors = thread::available_parallelism().unwrap().get();
    thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                while let Some((number, item)) = Some(next.fetch_add(1, Ordering::SeqCst))
                    .and_then(|at| Some((at, items.get(at)?)))
                {
                    work(number, item);
                }
            });
        }
    });
}

#[test]
fn a_command_killed_at_any_system_call_leaves_no_file_half_written_and_the_next_one_works() {
    let Some(lab) = Lab::open("killed at every system call") else { return };
    for scenario in &SCENARIOS {
        let (log, cache) = lab.undisturbed(scenario);
        let mut calls = strace::calls(&log);
        calls.extend(strace::calls_to(&log, &touched(&cache)));
        let killed = AtomicUsize::new(0);
        for_each(&calls, |number, call| {
            let cache = lab.cache(&format!("killed{}-{number}", scenario.options), scenario);
            let call = call.within(&cache);
            let log = lab.sandbox.path(&format!("log-{number}"));
            let injection = call.injection("signal=KILL", "");
            let command = lab.token(scenario.options, &cache);
            let end = strace::traced(&command, &injection, &log).output().unwrap();
            killed.fetch_add(usize::from(!end.status.success()), Ordering::SeqCst);
            lab.assert_recovers(&cache, &format!("{call:?}"));
        });
        let killed = killed.into_inner();
        println!("{killed} of {} were killed", calls.len());
        // The order of threads differs in each run, so some calls are not made again.
        assert!(killed * 10 >= calls.len() * 8, "{killed} of {} were killed", calls.len());
    }
}

#[test]
fn a_disk_that_fails_at_any_system_call_corrupts_nothing_and_the_token_is_printed() {
    let Some(lab) = Lab::open("a disk that fails") else { return };
    for scenario in &SCENARIOS {
        let (log, cache) = lab.undisturbed(scenario);
        let calls = strace::calls_to(&log, &touched(&cache));
        let mut faults = Vec::new();
        for call in calls.iter().filter(|call| !["close", "fcntl"].contains(&call.name.as_str())) {
            for error in ["ENOSPC", "EIO", "EROFS"] {
                // Once, and from then on.
                faults.extend(["", "+"].map(|again| (call, error, again)));
            }
        }
        let failed = Mutex::new(Vec::new());
        for_each(&faults, |number, (call, error, again)| {
            let cache = lab.cache(&format!("failed{}-{number}", scenario.options), scenario);
            let call = call.within(&cache);
            let log = lab.sandbox.path(&format!("log-{number}"));
            let injection = call.injection(&format!("error={error}"), again);
            let context = format!("{error}{again} at {call:?}");
            let token = lab.token(scenario.options, &cache);
            assert_prints(strace::traced(&token, &injection, &log).output().unwrap());
            if fs::read_to_string(log).unwrap().contains("(INJECTED)") {
                failed.lock().unwrap().push(call.name);
            }
            lab.assert_recovers(&cache, &context);
        });
        let failed = failed.into_inner().unwrap();
        println!("{} of {} runs had an error", failed.len(), faults.len());
        // No fsync: a token in the cache can be obtained again.
        for name in ["openat", "flock", "fchmod", "write", "renameat"] {
            assert!(failed.iter().any(|failed| failed == name), "{name} never failed");
        }
    }
}

/// The folder and the files that the command touches in it, those that are looked for first before the others.
fn touched(cache: &Path) -> Vec<PathBuf> {
    let files = files_in(cache);
    let of = |extension| files[0].with_extension(extension);
    vec![of("json.new"), of("json"), of("lock"), cache.to_owned()]
}

impl Call {
    /// The same call, in the cache of another run.
    fn within(&self, cache: &Path) -> Self {
        let file = self.file.as_ref().map(|file| match file.extension() {
            Some(_) => cache.join(file.file_name().unwrap()),
            None => cache.to_owned(),
        });
        Self { file, ..self.clone() }
    }
}
