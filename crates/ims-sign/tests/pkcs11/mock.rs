//! A module that answers each call with each code: the documented error, no hang, no panic, and no second use of a PIN
//! that was refused.

use std::{
    cell::Cell,
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process, thread,
    time::Duration,
};

use cryptoki::{
    context::Pkcs11,
    session::{Session, UserType},
};
use ims_sign::{
    PublicKey, SignError, Signer,
    pkcs11::{
        KeySelector, Pin, PinSource, PinState, Pkcs11Config, Pkcs11Error, Pkcs11Mechanism,
        Pkcs11Module, Pkcs11Signer, TokenSelector,
    },
};
use ims_testkit::keys;

use crate::rig::{block_on, chain, compile, expected, isolated, open, pin, refusal, sign, threads};

/// The module, and the answers that the test sets.
struct Mock {
    folder: PathBuf,
    module: PathBuf,
    plans: Cell<u32>,
}

impl Mock {
    #[track_caller]
    fn new(folder: &Path) -> Self {
        let module = compile(include_str!("mock_module.c"), &folder.join("mock.so"), &[]);
        let mock = Self { folder: folder.to_owned(), module, plans: Cell::new(0) };
        mock.write("signature", expected(keys::FIRST, MESSAGE));
        mock.set_token(USABLE, 0);
        mock.write("mechanisms", "1 40");
        mock.set_key("attributes.10", &[]);
        mock
    }

    fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        // Written to another file and renamed, since the module may be reading it.
        let new = self.folder.join("new");
        fs::write(&new, content).unwrap();
        fs::rename(&new, self.folder.join(file)).unwrap();
    }

    /// `function` answers `code` this number of times.
    fn plan(&self, function: &str, code: u32, times: u32) {
        self.plans.set(self.plans.get() + 1);
        self.write("plan", format!("{} {function} {code:x} {times}", self.plans.get()));
    }

    fn plan_nothing(&self) {
        self.plan("nothing", 0, 0);
    }

    fn set_token(&self, flags: u32, most_sessions: u32) {
        self.write("token", format!("{flags:x} {most_sessions}"));
    }

    /// Describes a key; `changes` are attributes that differ, or are missing if their value is empty.
    fn set_key(&self, file: &str, changes: &[(u32, &str)]) {
        let public_key = PublicKey::from_bytes(keys::FIRST_PUBLIC.as_bytes()).unwrap();
        // SEQUENCE { INTEGER (257 bytes, of which the first is 0), INTEGER 65537 }
        let modulus = hex(&public_key.pkcs1_der()[9..265]);
        let mut attributes = vec![
            (0x3, "6b6579"),
            (0x102, "01"),
            (0x108, "01"),
            (0x100, "0000000000000000"),
            (0x120, modulus.as_str()),
            (0x122, "010001"),
        ];
        attributes.retain(|(kind, _)| !changes.iter().any(|(changed, _)| changed == kind));
        let all = attributes.iter().chain(changes).filter(|(_, value)| !value.is_empty());
        let lines: Vec<_> = all.map(|(kind, value)| format!("{kind:x} {value}")).collect();
        self.write(file, lines.join("\n"));
    }

    /// A configuration with a new PIN, since the signer never forgets what it learned about a PIN.
    fn config(&self) -> Pkcs11Config {
        self.plans.set(self.plans.get() + 1);
        let config = Pkcs11Config::new(
            &self.module,
            TokenSelector::label("mock"),
            KeySelector::label("key"),
        );
        config
            .with_pin(pin(&format!("pin {}", self.plans.get())))
            .with_pool_size(NonZeroUsize::new(4).unwrap())
    }

    fn calls(&self, function: &str) -> usize {
        let calls = fs::read_to_string(self.folder.join("calls")).unwrap_or_default();
        calls.lines().filter(|line| *line == function).count()
    }

    /// Waits until `function` was called this number of times.
    fn wait_for_call(&self, function: &str, times: usize) {
        while self.calls(function) < times {
            thread::yield_now();
        }
    }

    /// A session of another part of the process.
    fn foreign_session(&self) -> Session {
        let context = Pkcs11::new(&self.module).unwrap();
        let slot = context.get_slots_with_token().unwrap()[0];
        context.open_ro_session(slot).unwrap()
    }
}

/// What the module signs, whatever it is asked to.
const MESSAGE: &[u8] = b"message";

/// `CKF_LOGIN_REQUIRED`, `CKF_USER_PIN_INITIALIZED` and `CKF_TOKEN_INITIALIZED`.
const USABLE: u32 = 0x40c;

const ALWAYS: u32 = u32::MAX >> 1;
const HANG: u32 = 0xffff_fffe;
const FORK: u32 = 0xffff_fffd;

/// Every return value of PKCS#11 v3.0 but `CKR_OK`, one of a vendor, and one that there is not.
#[rustfmt::skip]
const CODES: [u32; 98] = [
    0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x10, 0x11, 0x12, 0x13, 0x1b, 0x20, 0x21, 0x30, 0x31, 0x32,
    0x40, 0x41, 0x50, 0x51, 0x54, 0x60, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x70, 0x71, 0x82, 0x90,
    0x91, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xb0, 0xb1, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xc0, 0xc1, 0xd0, 0xd1, 0xe0,
    0xe1, 0xe2, 0xf0, 0xf1, 0xf2, 0x100, 0x101, 0x102, 0x103, 0x104, 0x105, 0x110, 0x112, 0x113, 0x114, 0x115, 0x120,
    0x121, 0x130, 0x140, 0x150, 0x160, 0x170, 0x180, 0x190, 0x191, 0x1a0, 0x1a1, 0x1b0, 0x1b1, 0x1b5, 0x1b6, 0x1b7,
    0x1b8, 0x1b9, 0x200, 0x201, 0x202, 0x203, 0x8000_0001, 0x999,
];

/// What `code` says about a PIN, if it says something about it.
fn pin_refusal(code: u32) -> Option<&'static str> {
    match code {
        0xa0..=0xa2 => Some("the token refused the PIN"),
        0xa4 => Some("the PIN is locked, after too many wrong ones"),
        0xa3 | 0x102 | 0x1b8 => Some("a new PIN has to be set"),
        _ => None,
    }
}

/// Codes by which a token refuses to sign, rather than being gone.
const REFUSALS: [u32; 16] = [
    0x10, 0x12, 0x13, 0x1b, 0x20, 0x21, 0x54, 0x62, 0x68, 0x70, 0x71, 0xb5, 0xd0, 0xd1, 0xe2, 0x200,
];

type IsDocumented = fn(&Pkcs11Error) -> bool;

/// Signs, which must fail.
#[track_caller]
fn failure(signer: &Pkcs11Signer) -> SignError {
    block_on(signer.sign(MESSAGE)).unwrap_err()
}

isolated! {
    fn whatever_a_call_answers_when_a_signer_is_opened_the_error_is_the_documented_one(folder) {
        let mock = Mock::new(folder);
        drop(open(mock.config()));
        let loss: IsDocumented =
            |error| matches!(error, Pkcs11Error::Unavailable { .. } | Pkcs11Error::NoSession { .. });
        let no_token: IsDocumented = |error| matches!(error, Pkcs11Error::NoToken { .. });
        let loss_or_key: IsDocumented =
            |error| matches!(
                error,
                Pkcs11Error::Unavailable { .. } | Pkcs11Error::NoSession { .. } | Pkcs11Error::Key { .. }
            );
        #[rustfmt::skip]
        let table = [
            ("C_GetSlotList",       Some(loss)),
            ("C_GetTokenInfo",      Some(no_token)),
            ("C_OpenSession",       Some(loss)),
            ("C_GetSessionInfo",    Some(loss)),
            ("C_FindObjectsInit",   Some(loss)),
            ("C_FindObjects",       Some(loss)),
            ("C_GetAttributeValue", Some(loss_or_key)),
            ("C_GetMechanismList",  Some(loss)),
            // Attributes that do not matter have no effect.
            ("C_FindObjectsFinal",  None),
            ("C_GetMechanismInfo",  None),
        ];
        for (function, is_documented) in table {
            for code in CODES {
                let config = mock.config();
                mock.plan(function, code, ALWAYS);
                match (Pkcs11Signer::open(config), is_documented) {
                    (Ok(_), None) => {}
                    (Err(error), Some(is_documented)) => {
                        assert!(is_documented(&error), "{function} {code:#x}: {}", chain(&error));
                    }
                    (outcome, _) => panic!("{function} {code:#x}: {outcome:?}"),
                }
                mock.plan_nothing();
            }
        }
        assert_eq!(sign(&open(mock.config()), MESSAGE), expected(keys::FIRST, MESSAGE));
    }

    fn whatever_a_module_answers_to_its_initialization_it_may_be_tried_again(folder) {
        let mock = Mock::new(folder);
        for code in CODES.into_iter().filter(|code| *code != 0x191) {
            mock.plan("C_Initialize", code, ALWAYS);
            let error = refusal(mock.config());
            assert!(matches!(error, Pkcs11Error::NoModule { .. }), "{code:#x}: {error}");
        }
        mock.plan("C_Initialize", 0x191, ALWAYS);
        assert_eq!(sign(&open(mock.config()), MESSAGE), expected(keys::FIRST, MESSAGE));
    }

    fn a_module_that_another_part_of_the_process_initialized_is_never_finalized(folder) {
        let mock = Mock::new(folder);
        mock.plan("C_Initialize", 0x191, ALWAYS);
        let signer = open(mock.config());
        mock.foreign_session().logout().unwrap();
        mock.plan("C_OpenSession", 0x30, ALWAYS);
        assert!(failure(&signer).is_transient());
        assert_eq!(mock.calls("C_Finalize"), 0);
    }

    fn a_pin_is_tried_once_whatever_the_login_answers(folder) {
        let mock = Mock::new(folder);
        drop(open(mock.config()));
        for code in CODES {
            let config = mock.config();
            mock.plan("C_Login", code, ALWAYS);
            let before = mock.calls("C_Login");
            let outcome = Pkcs11Signer::open(config.clone()).map(drop);
            match (pin_refusal(code), code, outcome) {
                (Some(said), _, Err(error)) => {
                    assert_eq!((error.to_string().as_str(), error.is_transient()), (said, false), "{code:#x}");
                    mock.plan_nothing();
                    assert_eq!(refusal(config).to_string(), said);
                    assert_eq!(mock.calls("C_Login"), before + 1);
                }
                // The token is not logged in, so it does not show the key.
                (None, 0x100, Err(error)) => assert!(matches!(error, Pkcs11Error::NoKey { .. }), "{error}"),
                (None, _, Err(error)) => assert!(error.is_transient(), "{code:#x}: {error}"),
                (_, _, Ok(())) => panic!("{code:#x}"),
            }
        }
    }

    fn a_login_of_another_part_of_the_process_is_used(folder) {
        let mock = Mock::new(folder);
        Pkcs11Module::load(&mock.module).unwrap();
        let foreign = mock.foreign_session();
        foreign.login(UserType::User, Some(&"foreign".to_owned().into())).unwrap();
        let signer = open(mock.config());
        assert_eq!(sign(&signer, MESSAGE), expected(keys::FIRST, MESSAGE));
        assert_eq!(mock.calls("C_Login"), 1);

        // After it ends, there is a PIN that was never accepted, and no one can give another.
        foreign.logout().unwrap();
        let error = failure(&signer);
        assert_eq!(
            (chain(&error).as_str(), error.is_transient(), mock.calls("C_Login")),
            ("the signing key cannot be used: the token requires a login, and the PIN has never been accepted", false, 1)
        );
    }

    fn a_signature_that_fails_once_is_made_by_a_new_session(folder) {
        let mock = Mock::new(folder);
        let signer = open(mock.config());
        for function in ["C_SignInit", "C_Sign"] {
            for code in CODES {
                mock.plan(function, code, 1);
                assert_eq!(sign(&signer, MESSAGE), expected(keys::FIRST, MESSAGE), "{function} {code:#x}");
            }
        }
        assert_eq!((mock.calls("C_Login"), mock.calls("C_Finalize")), (1, 0));
    }

    fn whatever_a_call_answers_while_a_key_is_lost_the_failure_passes_with_its_cause(folder) {
        let mock = Mock::new(folder);
        let signer = open(mock.config());
        let functions = [
            "C_GetSlotList", "C_GetTokenInfo", "C_OpenSession", "C_GetSessionInfo", "C_FindObjectsInit",
            "C_FindObjects", "C_GetAttributeValue", "C_SignInit", "C_Sign",
        ];
        for function in functions {
            for code in CODES {
                mock.foreign_session().logout().unwrap();
                mock.plan(function, code, ALWAYS);
                let error = failure(&signer);
                let is_refusal = function.starts_with("C_Sign") && REFUSALS.contains(&code)
                    // The attributes are not there, but the module says that it gave them.
                    || function == "C_GetAttributeValue" && chain(&error).contains("cannot sign for IMS");
                assert_eq!(error.is_transient(), !is_refusal, "{function} {code:#x}: {}", chain(&error));
                mock.plan_nothing();
                assert_eq!(sign(&signer, MESSAGE), expected(keys::FIRST, MESSAGE), "{function} {code:#x}");
            }
        }
    }

    fn a_pin_that_is_refused_while_the_signer_works_is_not_tried_again(folder) {
        let mock = Mock::new(folder);
        for code in CODES {
            let Some(said) = pin_refusal(code) else { continue };
            mock.plan_nothing();
            let signer = open(mock.config());
            mock.plan("C_Login", code, ALWAYS);
            mock.foreign_session().logout().unwrap();
            let before = mock.calls("C_Login");
            thread::scope(|scope| {
                for _ in 0..16 {
                    scope.spawn(|| {
                        for _ in 0..3 {
                            let error = failure(&signer);
                            assert!(chain(&error).ends_with(said) && !error.is_transient(), "{}", chain(&error));
                        }
                    });
                }
            });
            assert_eq!(mock.calls("C_Login"), before + 1, "{code:#x}");
        }
    }

    fn a_login_that_fails_for_another_reason_is_tried_again(folder) {
        let mock = Mock::new(folder);
        let signer = open(mock.config());
        for code in CODES.into_iter().filter(|code| pin_refusal(*code).is_none()) {
            mock.plan("C_Login", code, ALWAYS);
            mock.foreign_session().logout().unwrap();
            assert!(failure(&signer).is_transient(), "{code:#x}");
            mock.plan_nothing();
            assert_eq!(sign(&signer, MESSAGE), expected(keys::FIRST, MESSAGE), "{code:#x}");
        }
    }

    fn the_last_try_of_a_pin_is_used_only_if_that_is_allowed(folder) {
        let mock = Mock::new(folder);
        mock.set_token(USABLE | 0x2_0000, 0);
        let config = mock.config();
        assert!(matches!(refusal(config.clone()), Pkcs11Error::PinFinalTry));
        mock.set_token(USABLE | 0x4_0000, 0);
        assert!(matches!(refusal(config.clone()), Pkcs11Error::PinLocked));
        assert_eq!(mock.calls("C_Login"), 0);
        mock.set_token(USABLE | 0x2_0000, 0);
        drop(open(config.with_final_try()));
        assert_eq!(mock.calls("C_Login"), 1);
    }

    fn a_signer_that_waited_for_the_login_of_another_sees_that_one_try_is_left(folder) {
        let mock = Mock::new(folder);
        drop(open(mock.config()));
        let (first, second) = (mock.config(), mock.config());
        let logins = mock.calls("C_Login");
        mock.plan("C_Login", HANG, 1);
        thread::scope(|scope| {
            let first = scope.spawn(|| refusal(first));
            mock.wait_for_call("C_Login", logins + 1);
            // The second reads the state of the token when it opens its session, and then waits for the first.
            let sessions = mock.calls("C_OpenSession");
            let second = scope.spawn(|| refusal(second));
            mock.wait_for_call("C_OpenSession", sessions + 1);
            mock.set_token(USABLE | 0x2_0000, 0);
            mock.plan("C_Login", 0xa0, 1);
            assert!(matches!(first.join().unwrap(), Pkcs11Error::PinWrong));
            assert!(matches!(second.join().unwrap(), Pkcs11Error::PinFinalTry));
        });
        assert_eq!(mock.calls("C_Login"), logins + 1);
    }

    fn no_debug_shows_the_pin(folder) {
        let mock = Mock::new(folder);
        let module = Pkcs11Module::load(&mock.module).unwrap();
        let user_pin = Pin::new("canary".to_owned()).unwrap();
        let config = mock.config().with_pin(PinSource::Pin(user_pin.clone()));
        let signer = open(config.clone());
        let token = module.tokens().unwrap().remove(0);
        let key = module.keys(&token.selector(), Some(&user_pin)).unwrap().remove(0);
        drop(signer);
        mock.plan("C_Login", 0xa0, 1);
        let error = refusal(config.clone());
        mock.plan_nothing();
        let signer = open(mock.config());
        for text in [
            format!("{module:?} {token:?} {key:?} {signer:?} {config:?} {error:?}"),
            format!("{module:#?} {token:#?} {key:#?} {signer:#?} {config:#?} {error:#?} {error}"),
        ] {
            assert!(!text.contains("canary"), "{text}");
        }
    }

    fn a_uri_opens_a_signer(folder) {
        let mock = Mock::new(folder);
        let pin_file = folder.join("pin");
        fs::write(&pin_file, "pin").unwrap();
        fs::set_permissions(&pin_file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let query = format!("module-path={}&pin-source={}", mock.module.display(), pin_file.display());
        let signer = Pkcs11Signer::from_uri(&format!("pkcs11:token=mock;object=key?{query}")).unwrap();
        assert_eq!(sign(&signer, MESSAGE), expected(keys::FIRST, MESSAGE));
        #[rustfmt::skip]
        let table = [
            ("https://ims.example", "the PKCS#11 URI cannot be used: not a PKCS#11 URI, which begins with \"pkcs11:\""),
            ("pkcs11:object=key?pin-value=canary",
                "the PKCS#11 URI cannot be used: a pin-value is not accepted here, where others may see it"),
            ("pkcs11:object=key",   "no PKCS#11 module is named"),
        ];
        for (uri, said) in table {
            assert_eq!(Pkcs11Signer::from_uri(uri).unwrap_err().to_string(), said);
        }
    }

    fn a_token_reports_the_state_of_its_pin(folder) {
        let mock = Mock::new(folder);
        let module = Pkcs11Module::load(&mock.module).unwrap();
        #[rustfmt::skip]
        let table = [
            (0x404,              PinState::NotSet),
            (USABLE,             PinState::Set),
            (USABLE | 0x1_0000,  PinState::CountLow),
            (USABLE | 0x3_0000,  PinState::FinalTry),
            (USABLE | 0x7_0000,  PinState::Locked),
            (USABLE | 0x8_0000,  PinState::ToBeChanged),
        ];
        for (flags, state) in table {
            mock.set_token(flags, 0);
            assert_eq!(module.tokens().unwrap()[0].pin, state, "{flags:#x}");
        }
        mock.plan("C_GetTokenInfo", 0x05, ALWAYS);
        let token = module.tokens().unwrap().remove(0);
        assert_eq!((token.pin, token.label.as_str(), token.slot_id), (PinState::Unknown, "", 1));
        // A token that cannot describe itself is found by its slot.
        let user_pin = Pin::new("1234".to_owned()).unwrap();
        assert_eq!(module.keys(&token.selector(), Some(&user_pin)).unwrap().len(), 1);
    }

    fn a_key_that_may_not_sign_is_refused_with_the_reason(folder) {
        let mock = Mock::new(folder);
        #[rustfmt::skip]
        let table: [(&[(u32, &str)], &str); 5] = [
            (&[(0x108, "00")],               "the private key with the label \"key\" and the id 01 is not allowed to sign"),
            (&[(0x202, "01")],
                "the private key with the label \"key\" and the id 01 requires the PIN for each signature, which is not supported"),
            (&[(0x100, "0300000000000000")],
                "the private key with the label \"key\" and the id 01 cannot sign for IMS: \
                 the key is an elliptic curve key, and RS256 needs an RSA key"),
            (&[(0x120, "ff")],
                "the private key with the label \"key\" and the id 01 cannot sign for IMS: \
                 the key has 8 bits, and RS256 needs 2048 to 8192"),
            (&[(0x122, "")],
                "the private key with the label \"key\" and the id 01 cannot sign for IMS: \
                 its public half is not in the token"),
        ];
        for (changes, said) in table {
            mock.set_key("attributes.10", changes);
            assert_eq!(chain(&refusal(mock.config())), said);
        }
        // The last one signs as soon as its public half is there.
        mock.set_key("attributes.11", &[]);
        assert_eq!(sign(&open(mock.config()), MESSAGE), expected(keys::FIRST, MESSAGE));
    }

    fn the_mechanism_is_what_token_and_key_allow(folder) {
        let mock = Mock::new(folder);
        let (plain, hashing) = (Pkcs11Mechanism::RsaPkcs, Pkcs11Mechanism::Sha256RsaPkcs);
        #[rustfmt::skip]
        let table = [
            ("1 40", "",                                 Some(plain)),
            ("40 1", "",                                 Some(plain)),
            ("40",   "",                                 Some(hashing)),
            ("1 40", "4000000000000000",                 Some(hashing)),
            ("1 40", "01000000000000004000000000000000", Some(plain)),
            ("1",    "4000000000000000",                 None),
            ("d",    "",                                 None),
        ];
        for (offered, allowed, chosen) in table {
            mock.write("mechanisms", offered);
            mock.set_key("attributes.10", &[(0x4000_0600, allowed)]);
            match Pkcs11Signer::open(mock.config()) {
                Ok(signer) => assert_eq!(Some(signer.mechanism()), chosen, "{offered} {allowed}"),
                Err(error) => assert!(matches!(error, Pkcs11Error::NoMechanism) && chosen.is_none(), "{error}"),
            }
        }
        assert_eq!(open(mock.config().with_mechanism(plain)).mechanism(), plain);
    }

    fn a_module_that_hangs_meets_the_deadline_wherever_it_hangs(folder) {
        let mock = Mock::new(folder);
        drop(open(mock.config()));
        for function in ["C_GetSlotList", "C_OpenSession", "C_Login", "C_FindObjects", "C_GetMechanismList"] {
            let config = mock.config().with_deadline(Duration::from_millis(30));
            mock.plan(function, HANG, ALWAYS);
            let error = refusal(config);
            assert!(matches!(error, Pkcs11Error::Stalled { .. }) && error.is_transient(), "{function}: {error}");
            mock.plan_nothing();
            // The call that hung continues now, and would log in for us.
            while threads() > 0 {
                thread::yield_now();
            }
            drop(open(mock.config()));
        }
    }

    fn a_signature_that_hangs_meets_the_deadline_and_others_are_made_meanwhile(folder) {
        let mock = Mock::new(folder);
        let open = || open(mock.config().with_deadline(Duration::from_millis(500)));
        for function in ["C_SignInit", "C_Sign"] {
            let signer = open();
            mock.plan(function, HANG, 1);
            let said = chain(&failure(&signer));
            assert!(said.ends_with("the token did not answer within 0.5 s"), "{said}");
            assert_eq!(sign(&signer, MESSAGE), expected(keys::FIRST, MESSAGE));
            mock.plan_nothing();
            drop(signer);
            // The call that hung continues now, and would use the next answer instead of ours.
            while threads() > 0 {
                thread::yield_now();
            }
        }
        let signer = open();
        mock.plan("C_SignInit", HANG, ALWAYS);
        for _ in 0..2 {
            assert!(failure(&signer).is_transient());
        }
        mock.plan_nothing();
        assert_eq!(sign(&signer, MESSAGE), expected(keys::FIRST, MESSAGE));
    }

    fn a_token_with_few_sessions_is_used_by_few_threads(folder) {
        let mock = Mock::new(folder);
        mock.set_token(USABLE, 1);
        sign_in_parallel(&open(mock.config()));
        assert_eq!(mock.calls("C_OpenSession"), 1);

        // Or the limit is known only when a session is opened.
        mock.set_token(USABLE, 0);
        let signer = open(mock.config());
        mock.plan("C_OpenSession", 0xb1, ALWAYS);
        sign_in_parallel(&signer);
        assert_eq!(mock.calls("C_Finalize"), 0);
    }

    fn after_a_fork_it_fails_clearly_and_a_new_signer_works(folder) {
        let mock = Mock::new(folder);
        let signer = open(mock.config());
        let module = Pkcs11Module::load(&mock.module).unwrap();
        let config = mock.config();
        let parent = process::id();
        mock.plan("C_GetSlotList", FORK, 1);
        let tokens = module.tokens();
        if process::id() != parent {
            // The parent waits for this process and reads its exit status.
            let error = failure(&signer);
            let is_clear = chain(&error).contains("before a fork") && !error.is_transient();
            let is_reported = matches!(module.tokens(), Err(Pkcs11Error::Forked));
            drop(signer);
            let is_new = block_on(open(config).sign(MESSAGE)).is_ok();
            process::exit(i32::from(!(is_clear && is_reported && is_new)));
        }
        assert_eq!(tokens.unwrap().len(), 1);
        assert_eq!(sign(&signer, MESSAGE), expected(keys::FIRST, MESSAGE));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn sign_in_parallel(signer: &Pkcs11Signer) {
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert_eq!(sign(signer, MESSAGE), expected(keys::FIRST, MESSAGE));
                }
            });
        }
    });
}
