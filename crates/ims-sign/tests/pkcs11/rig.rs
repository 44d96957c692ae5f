//! What the tests need: one folder and one process for each test, the modules of this machine, and tokens.
//!
//! Modules are configured by environment variables and keep state in the process, so each test runs again as a child
//! process, with variables that lead into its folder.

use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use ims_sign::{
    PemSigner, Signer,
    pkcs11::{KeySelector, Pin, PinSource, Pkcs11Config, Pkcs11Error, Pkcs11Signer, TokenSelector},
};
use ims_testkit::keys;

pub(crate) const PIN: &str = "1234-canary";
pub(crate) const TOKEN: &str = "ims test";
pub(crate) const KEY: &str = "signing key";

/// Defines tests that each run in a separate process, with a separate folder.
macro_rules! isolated {
    ($(fn $name:ident($folder:ident) $body:block)*) => {
        $(
            #[test]
            fn $name() {
                let name = concat!(module_path!(), "::", stringify!($name));
                $crate::rig::run_isolated(name, |$folder: &std::path::Path| $body);
            }
        )*
    };
}
pub(crate) use isolated;

/// Runs `test` in a child process; `name` is the test's own, with the crate's in front.
#[track_caller]
pub(crate) fn run_isolated(name: &str, test: impl FnOnce(&Path)) {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return test(Path::new(&folder));
    }
    let folder = tempfile::TempDir::new().unwrap();
    let path = |file: &str| folder.path().join(file);
    fs::create_dir(path("tokens")).unwrap();
    fs::write(
        path("softhsm2.conf"),
        format!("directories.tokendir = {}\nlog.level = ERROR\n", path("tokens").display()),
    )
    .unwrap();
    let (_, name) = name.split_once("::").unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder.path())
        .env("SOFTHSM2_CONF", path("softhsm2.conf"))
        .env("NSS_MODULE_FOLDER", folder.path())
        .env("MOCK_FOLDER", folder.path())
        .env("XDG_RUNTIME_DIR", folder.path())
        .env("P11_KIT_SERVER_ADDRESS", format!("unix:path={}", path("p11-kit.socket").display()))
        .env("PKCS11SPY_OUTPUT", path("spy.log"))
        .env("PKCS11SPY", softhsm_or_nothing())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned()
        + &String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && said.contains("1 passed"), "{}\n{said}", child.status);
}

const FOLDER: &str = "IMS_SIGN_TEST_FOLDER";

/// SoftHSM 2, where Debian, Fedora or Homebrew puts it.
#[track_caller]
pub(crate) fn softhsm() -> PathBuf {
    installed(&SOFTHSM_PATHS, "softhsm2")
}

fn softhsm_or_nothing() -> PathBuf {
    SOFTHSM_PATHS.iter().map(PathBuf::from).find(|path| path.exists()).unwrap_or_default()
}

const SOFTHSM_PATHS: [&str; 4] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

/// The first of `paths` that is there.
#[track_caller]
pub(crate) fn installed(paths: &[&str], package: &str) -> PathBuf {
    let found = paths.iter().map(PathBuf::from).find(|path| path.exists());
    found.unwrap_or_else(|| {
        panic!("the Debian package {package} is missing, which cargo xtask test installs")
    })
}

/// Runs a program that has to succeed.
#[track_caller]
pub(crate) fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(arguments).output();
    let output = output
        .unwrap_or_else(|error| panic!("{program}, which cargo xtask test installs: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Compiles a module that is written in C.
#[track_caller]
pub(crate) fn compile(source: &str, module: &Path, arguments: &[&str]) -> PathBuf {
    let file = module.with_extension("c");
    fs::write(&file, source).unwrap();
    let paths = ["-o", module.to_str().unwrap(), file.to_str().unwrap()];
    run("cc", &[&["-shared", "-fPIC", "-O1", "-Wall", "-Werror"], arguments, &paths].concat());
    module.to_owned()
}

/// Makes a SoftHSM token with one key in it, [`keys::FIRST`].
#[track_caller]
pub(crate) fn token_with_a_key(folder: &Path) {
    empty_token(TOKEN);
    import(folder, TOKEN, KEY, "01", keys::FIRST);
}

#[track_caller]
pub(crate) fn empty_token(label: &str) {
    run(
        "softhsm2-util",
        &["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "so-1234"],
    );
}

#[track_caller]
pub(crate) fn import(folder: &Path, token: &str, label: &str, id: &str, key: &str) {
    let file = folder.join("imported.pem");
    fs::write(&file, key).unwrap();
    let file = file.to_str().unwrap();
    run(
        "softhsm2-util",
        &["--import", file, "--token", token, "--label", label, "--id", id, "--pin", PIN],
    );
}

pub(crate) fn pin(text: &str) -> PinSource {
    PinSource::Pin(Pin::new(text.to_owned()).unwrap())
}

/// The key of [`token_with_a_key`], by `module`.
pub(crate) fn config(module: &Path) -> Pkcs11Config {
    let config = Pkcs11Config::new(module, TokenSelector::label(TOKEN), KeySelector::label(KEY));
    config.with_pin(pin(PIN)).with_pool_size(NonZeroUsize::new(4).unwrap())
}

#[track_caller]
pub(crate) fn open(config: Pkcs11Config) -> Pkcs11Signer {
    Pkcs11Signer::open(config).unwrap()
}

#[track_caller]
pub(crate) fn refusal(config: Pkcs11Config) -> Pkcs11Error {
    Pkcs11Signer::open(config).unwrap_err()
}

#[track_caller]
pub(crate) fn sign(signer: &impl Signer, message: &[u8]) -> Vec<u8> {
    block_on(signer.sign(message)).unwrap().as_bytes().to_vec()
}

/// The signature that a key in memory makes.
pub(crate) fn expected(key: &str, message: &[u8]) -> Vec<u8> {
    sign(&PemSigner::from_bytes(key.as_bytes(), None).unwrap(), message)
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// How many threads of signers there are in this process.
pub(crate) fn threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names =
        tasks.map(|task| fs::read_to_string(task.unwrap().path().join("comm")).unwrap_or_default());
    names.filter(|name| name.trim_end() == "ims-pkcs11").count()
}

/// The texts of a failed signature and of all its causes.
#[track_caller]
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {}", chain(source)))
}
