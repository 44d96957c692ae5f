//! No public type shows a key, a pass phrase or a PIN in its `Debug`, and no error shows one in any form.
//!
//! The types that need a PKCS#11 module are shown in `tests/pkcs11/mock.rs`.

use std::{error::Error, fmt::Debug};

use ims_claims::{Algorithm, CompactJwt};
use ims_sign::{
    EncryptError, FileKind, KeyError, KeyFormat, Passphrase, PemSigner, PrivateKeyPem, PublicKey,
    SharedSigner, SignError, Signer, VerificationKeys, VerifyError,
    pem::{self, PemError},
    pkcs11::{
        KeySelector, NewKey, Pin, PinSource, PinState, Pkcs11Config, Pkcs11Error, Pkcs11Mechanism,
        Pkcs11Uri, Pkcs11UriError, RsaKeySize, TokenSelector,
    },
};
use ims_testkit::{PASSPHRASE, keys};

const PIN: &str = "canary-pin";

/// Both forms of `Debug`, with the name of the type.
fn shown<T: Debug>(value: &T) -> (&'static str, String) {
    let name = std::any::type_name::<T>().rsplit("::").next().unwrap_or_default();
    (name, format!("{value:?}\n{value:#?}"))
}

/// What must not be shown: pass phrase, PIN, and a part of the private key as base64, as bytes and as their print.
fn secrets(key: &[u8]) -> Vec<String> {
    let base64: String = keys::FIRST.lines().filter(|line| !line.starts_with('-')).collect();
    let printed = format!("{:?}", &key[600..616]).trim_matches(['[', ']']).to_owned();
    vec![PASSPHRASE.to_owned(), PIN.to_owned(), base64[800..820].to_owned(), printed]
}

#[test]
fn no_debug_shows_a_secret() {
    let passphrase = Passphrase::new(PASSPHRASE.to_owned());
    let encrypted = keys::FIRST_PBES2_AES256_SHA256.as_bytes();
    let signer = PemSigner::from_bytes(encrypted, Some(&passphrase)).unwrap();
    let block = pem::blocks(keys::FIRST.as_bytes()).unwrap().remove(0);
    let public_key = PublicKey::clone(signer.public_key());
    let pin = Pin::new(PIN.to_owned()).unwrap();
    let source = PinSource::Pin(pin.clone());
    let (token, key) = (TokenSelector::label("token"), KeySelector::label("key"));
    let config =
        Pkcs11Config::new("/module.so", token.clone(), key.clone()).with_pin(source.clone());
    let uri = Pkcs11Uri::from_private_text(&format!("pkcs11:object=key?pin-value={PIN}")).unwrap();

    let verification_keys = VerificationKeys::from(&public_key);
    let jwt = CompactJwt::parse("eyJhbGciOiJSUzI1NiJ9.e30.AA").unwrap();
    let all = [
        shown(&verification_keys.for_header_of(Algorithm::Rs256, &jwt).unwrap()),
        shown(&signer),
        shown(&SharedSigner::new(signer.clone())),
        shown(&verification_keys),
        shown(&public_key),
        shown(&passphrase),
        shown(&block),
        shown(&pem::bare_der(block.der()).unwrap()),
        shown(&PrivateKeyPem::from_pkcs8(block.der())),
        shown(&EncryptError::Randomness),
        shown(&pin),
        shown(&source),
        shown(&config),
        shown(&uri),
        shown(&token),
        shown(&key),
        shown(&NewKey::new("key", RsaKeySize::Bits2048)),
        shown(&RsaKeySize::Bits2048),
        shown(&Pkcs11Mechanism::RsaPkcs),
        shown(&PinState::Set),
        shown(&Pkcs11Error::PinWrong),
        shown(&Pkcs11UriError::PinValue),
        shown(&FileKind::PrivateKey),
        shown(&KeyFormat::Pkcs8),
        shown(&KeyError::PassphraseWrong),
        shown(&PemError::NoEnd),
        shown(&SignError::refused("no")),
        shown(&VerifyError::Signature),
    ];
    for (name, text) in &all {
        for secret in secrets(block.der()) {
            assert!(!text.contains(&secret), "{name}: {text}");
        }
    }

    let mut names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    names.extend(["Pkcs11Key", "Pkcs11Module", "Pkcs11Signer", "Pkcs11Token"]);
    names.sort_unstable();
    assert_eq!(names, public_types(), "each public type is shown once");
}

/// The types that `lib.rs` and `pkcs11.rs` make public, and those of the module `pem`.
fn public_types() -> Vec<&'static str> {
    let files = [include_str!("../src/lib.rs"), include_str!("../src/pkcs11.rs")];
    let mut names = vec!["Block", "Der", "PemError"];
    for line in files.into_iter().flat_map(str::lines).filter(|line| line.starts_with("pub use ")) {
        let list = line.rsplit("::").next().unwrap_or_default();
        names.extend(list.split(',').map(|name| name.trim_matches(['{', '}', ';', ' '])));
    }
    // Functions and traits have no Debug.
    names.retain(|name| name.starts_with(char::is_uppercase) && *name != "Signer");
    names.sort_unstable();
    names
}

#[test]
fn no_error_about_a_file_shows_a_part_of_it() {
    let key = pem::blocks(keys::FIRST.as_bytes()).unwrap().remove(0);
    let wrong = Passphrase::new("wrong".to_owned());
    let blank_lines = keys::FIRST.replace('\n', "\n\n").replacen("-----END", "!-----END", 1);
    let not_base64 = keys::FIRST.replacen("MII", "M!I", 1);
    let no_end = &keys::FIRST[..1500];
    let json = format!("{{\"key\":\"{}\"}}", keys::FIRST.replace("-----", ""));
    let two = format!("{}{}", keys::FIRST, keys::SECOND);
    for file in [&blank_lines, &not_base64, no_end, &json, &two, keys::FIRST_PBES2_AES256_SHA256] {
        let error = PemSigner::from_bytes(file.as_bytes(), Some(&wrong)).unwrap_err();
        assert_silent(&error, &key);
        if let Err(error) = PublicKey::from_bytes(file.as_bytes()) {
            assert_silent(&error, &key);
        }
        let error = VerificationKeys::from_jwks(file.as_bytes()).unwrap_err();
        assert_silent(&error, &key);
    }
}

/// Neither the error nor a cause of it shows a secret.
#[track_caller]
fn assert_silent(error: &KeyError, key: &pem::Block) {
    let mut rest: Option<&dyn Error> = Some(error);
    while let Some(error) = rest {
        let text = format!("{error} {error:?} {error:#?}");
        for secret in secrets(key.der()) {
            assert!(!text.contains(&secret), "{text}");
        }
        rest = error.source();
    }
}
