//! New keys, read back by `openssl` and by ourselves.

use std::process::{Command, Stdio};

use ims_sign::{EncryptError, KeyFormat, PemSigner};
use ims_testkit::PASSPHRASE;

use super::*;

fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE.to_owned())
}

/// What `openssl pkey` makes of a key given on its standard input.
#[track_caller]
fn openssl_pkey(pem: &PrivateKeyPem, options: &[&str]) -> String {
    let mut command = Command::new("openssl");
    command.arg("pkey").args(options).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), pem.expose_secret().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_key_of_each_size_is_one_that_openssl_and_our_own_reader_take() {
    for (size, bits) in
        [(KeySize::Rsa2048, 2048), (KeySize::Rsa3072, 3072), (KeySize::Rsa4096, 4096)]
    {
        let key = GeneratedKey::generate(size).unwrap();
        let pem = key.to_pem();
        assert!(pem.expose_secret().starts_with("-----BEGIN PRIVATE KEY-----\n"));
        let checked = openssl_pkey(&pem, &["-check", "-noout", "-text"]);
        assert!(
            checked.contains("Key is valid")
                && checked.contains(&format!("Private-Key: ({bits} bit"))
        );
        assert!(checked.contains("publicExponent: 65537"));
        let read = PemSigner::from_bytes(pem.expose_secret().as_bytes(), None).unwrap();
        assert_eq!((read.format(), read.public_key()), (KeyFormat::Pkcs8, key.public_key()));
        assert_eq!(key.public_key().modulus_bits(), bits);
    }
}

#[test]
fn it_is_written_as_openssl_writes_it() {
    let key = GeneratedKey::generate(KeySize::Rsa2048).unwrap();
    assert_eq!(openssl_pkey(&key.to_pem(), &[]), key.to_pem().expose_secret());
}

#[test]
fn an_encrypted_key_opens_with_its_pass_phrase_here_and_in_openssl() {
    let key = GeneratedKey::generate(KeySize::Rsa2048).unwrap();
    let pem = key.to_encrypted_pem(&passphrase()).unwrap();
    assert!(pem.expose_secret().starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    let opened = openssl_pkey(&pem, &["-passin", &format!("pass:{PASSPHRASE}")]);
    assert_eq!(opened, key.to_pem().expose_secret());
    let read = PemSigner::from_bytes(pem.expose_secret().as_bytes(), Some(&passphrase())).unwrap();
    assert_eq!((read.format(), read.public_key()), (KeyFormat::EncryptedPkcs8, key.public_key()));
    let wrong = Passphrase::new("wrong".to_owned());
    assert!(PemSigner::from_bytes(pem.expose_secret().as_bytes(), Some(&wrong)).is_err());
    let again = key.to_encrypted_pem(&passphrase()).unwrap();
    assert_ne!(
        again.expose_secret(),
        pem.expose_secret(),
        "salt and initialization vector are new each time"
    );
}

#[test]
fn an_empty_pass_phrase_is_refused() {
    let key = GeneratedKey::generate(KeySize::Rsa2048).unwrap();
    let error = key.to_encrypted_pem(&Passphrase::new(String::new())).unwrap_err();
    assert!(matches!(error, CertError::Encryption(EncryptError::EmptyPassphrase)));
}

#[tokio::test]
async fn it_signs_what_its_public_key_verifies() {
    let key = GeneratedKey::generate(KeySize::Rsa2048).unwrap();
    let signature = key.sign(b"message").await.unwrap();
    let read = PemSigner::from_bytes(key.to_pem().expose_secret().as_bytes(), None).unwrap();
    assert_eq!(signature, read.sign(b"message").await.unwrap());
}

#[test]
fn nothing_of_a_key_is_printed() {
    let key = GeneratedKey::generate(KeySize::Rsa2048).unwrap();
    assert_eq!(format!("{key:?} {:?}", key.to_pem()), "GeneratedKey(..) PrivateKeyPem(..)");
}
