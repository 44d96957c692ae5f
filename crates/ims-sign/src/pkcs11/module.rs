//! PKCS#11 modules, each loaded and initialized once in a process, and the sessions with their tokens.

use std::{
    collections::BTreeMap,
    error::Error,
    fmt, fs, mem,
    path::{Path, PathBuf},
    process,
    sync::{Arc, Mutex},
    time::Duration,
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error as CryptokiError, Result as CryptokiResult, RvError},
    session::Session,
    slot::Slot,
};

use super::{
    call_error::CallError, call_guard::CallGuard, error::Pkcs11Error, pin::PinHistory, sync::lock,
};

/// A PKCS#11 module: the library of a manufacturer of hardware security modules.
///
/// A module is loaded and initialized when it is first asked for, and stays until the process ends, since to finalize
/// it would close the sessions of everyone in the process. A clone is the same module.
///
/// The functions here wait for the token as long as it takes, unlike those of a
/// [`Pkcs11Signer`](super::Pkcs11Signer).
///
/// ```no_run
/// use ims_sign::pkcs11::Pkcs11Module;
///
/// let module = Pkcs11Module::load("/usr/lib/softhsm/libsofthsm2.so".as_ref())?;
/// for token in module.tokens()? {
///     println!("{token}, PIN: {}", token.pin);
/// }
/// # Ok::<(), ims_sign::pkcs11::Pkcs11Error>(())
/// ```
#[derive(Clone)]
pub struct Pkcs11Module(Arc<Inner>);

struct Inner {
    path: PathBuf,
    context: Pkcs11,
    process: u32,
    /// A module that another part of the process initialized must not be finalized here.
    is_ours: bool,
    calls: CallGuard,
    pin_histories: Mutex<BTreeMap<TokenIdentity, Arc<Mutex<PinHistory>>>>,
}

/// A module, once it is loaded. Each has its own lock, so that a module that loads slowly does not block the others.
type ModuleCell = Arc<Mutex<Option<Pkcs11Module>>>;

static MODULES: Mutex<BTreeMap<PathBuf, ModuleCell>> = Mutex::new(BTreeMap::new());

impl Pkcs11Module {
    /// Loads and initializes the module at `path`, unless that is done already. Its code runs in this process, so a file
    /// that another user can change is refused, as [`ims_files::check_trusted`] says.
    ///
    /// # Errors
    /// [`Pkcs11Error::RelativeModulePath`], [`Pkcs11Error::NoModule`], and [`Pkcs11Error::Forked`] if the module was
    /// initialized before a fork and does not let itself be initialized again.
    pub fn load(path: &Path) -> Result<Self, Pkcs11Error> {
        if !path.is_absolute() {
            return Err(Pkcs11Error::RelativeModulePath { path: path.to_owned() });
        }
        let file = fs::canonicalize(path).map_err(|error| no_module(path, error))?;
        ims_files::check_trusted(path).map_err(|error| no_module(path, error))?;
        let cell = Arc::clone(lock(&MODULES).entry(file).or_default());
        let mut cell = lock(&cell);
        if let Some(module) = &*cell
            && module.expect_same_process().is_ok()
        {
            return Ok(module.clone());
        }
        let module = Self::initialize(path, cell.is_some())?;
        Ok(cell.insert(module).clone())
    }

    /// The path by which the module was first loaded.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    fn initialize(path: &Path, is_after_fork: bool) -> Result<Self, Pkcs11Error> {
        if cfg!(all(target_env = "musl", target_feature = "crt-static")) {
            return Err(no_module(path, StaticProgram));
        }
        let context = Pkcs11::new(path).map_err(|error| no_module(path, error))?;
        let is_ours = match context.initialize(arguments()) {
            Ok(()) => true,
            Err(CryptokiError::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) if is_after_fork => {
                return Err(Pkcs11Error::Forked);
            }
            Err(CryptokiError::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => false,
            Err(error) => return Err(no_module(path, CallError::Module(error))),
        };
        Ok(Self(Arc::new(Inner {
            path: path.to_owned(),
            context,
            process: process::id(),
            is_ours,
            calls: CallGuard::default(),
            pin_histories: Mutex::default(),
        })))
    }

    /// Accepts calls only in the process that initialized the module. In one that was forked from it, locks may be held by
    /// threads that do not exist there, and a session belongs to the other process.
    pub(super) fn expect_same_process(&self) -> Result<(), Pkcs11Error> {
        if self.0.process == process::id() { Ok(()) } else { Err(Pkcs11Error::Forked) }
    }

    pub(super) fn call<T>(
        &self,
        call: impl FnOnce(&Pkcs11) -> CryptokiResult<T>,
    ) -> Result<T, CallError> {
        let _active = self.0.calls.begin_call();
        call(&self.0.context).map_err(CallError::Module)
    }

    pub(super) fn open_session(
        &self,
        slot: Slot,
        access: Access,
    ) -> Result<TokenSession, CallError> {
        let active = self.0.calls.begin_call();
        let session = match access {
            Access::ReadOnly => self.0.context.open_ro_session(slot),
            Access::ReadWrite => self.0.context.open_rw_session(slot),
        };
        let session = Some(session.map_err(CallError::Module)?);
        Ok(TokenSession { session, generation: active.generation, module: self.clone() })
    }

    /// What this process knows of the PIN of a token.
    pub(super) fn pin_history(&self, token: TokenIdentity) -> Arc<Mutex<PinHistory>> {
        Arc::clone(lock(&self.0.pin_histories).entry(token).or_default())
    }

    /// How often the module has been initialized again.
    pub(super) fn generation(&self) -> u64 {
        self.0.calls.begin_call().generation
    }

    /// Finalizes the module and initializes it again, unless that has happened since `generation`. Without that, some
    /// modules do not find a token again that was gone for a while. All sessions end, and are opened again when needed.
    pub(super) fn restart(&self, generation: u64) {
        if !self.0.is_ours {
            return;
        }
        if let Some(_paused) = self.0.calls.pause(generation, RESTART_TIMEOUT) {
            // If either fails, each call says so from now on, until a later restart succeeds.
            let _ = self.0.context.clone().finalize();
            let _ = self.0.context.initialize(arguments());
        }
    }
}

impl fmt::Debug for Pkcs11Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pkcs11Module({})", ims_files::shown(&self.0.path))
    }
}

/// What distinguishes a token from all others, as long as the process runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TokenIdentity(pub(super) String);

/// Whether a session may change what is in the token.
#[derive(Debug, Clone, Copy)]
pub(super) enum Access {
    ReadOnly,
    ReadWrite,
}

/// A session with a token, which closes when it is dropped.
pub(super) struct TokenSession {
    session: Option<Session>,
    generation: u64,
    module: Pkcs11Module,
}

impl TokenSession {
    pub(super) fn call<T>(
        &self,
        call: impl FnOnce(&Session) -> CryptokiResult<T>,
    ) -> Result<T, CallError> {
        let active = self.module.0.calls.begin_call();
        let session = self.session.as_ref().filter(|_| active.generation == self.generation);
        call(session.ok_or(CallError::Outdated)?).map_err(CallError::Module)
    }

    pub(super) fn module(&self) -> &Pkcs11Module {
        &self.module
    }
}

impl Drop for TokenSession {
    fn drop(&mut self) {
        let session = self.session.take();
        if self.module.expect_same_process().is_err() {
            return mem::forget(session);
        }
        // A module reuses handles after it was initialized again, so closing an old one would close the session of someone
        // else.
        let active = self.module.0.calls.begin_call();
        if active.generation == self.generation { drop(session) } else { mem::forget(session) }
    }
}

/// The module may use the locks of the operating system, which it needs for calls from several threads.
fn arguments() -> CInitializeArgs {
    CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)
}

/// A program without a dynamic linker cannot load a module.
#[derive(Debug, thiserror::Error)]
#[error("this program is linked statically (musl) and can load no module: use its build for glibc")]
struct StaticProgram;

fn no_module(path: &Path, source: impl Error + Send + Sync + 'static) -> Pkcs11Error {
    Pkcs11Error::NoModule { path: path.to_owned(), source: Arc::new(source) }
}

/// How long a restart of a module waits for calls that are active.
const RESTART_TIMEOUT: Duration = Duration::from_secs(1);
