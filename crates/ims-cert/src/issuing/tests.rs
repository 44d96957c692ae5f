//! Certificates made here beside those of `openssl req -x509`, and signers that fail.

use std::{path::Path, process::Command};

use ims_claims::{Algorithm, NumericDate, Signature};
use ims_sign::{PemSigner, PublicKey, SharedSigner, SignError, testing::FakeSigner};
use ims_testkit::keys;

use super::*;
use crate::{GeneratedKey, KeySize};

const NOW: NumericDate = NumericDate::from_secs(1_800_000_000);

fn subject() -> DistinguishedName {
    "/C=US/ST=California/O=Example/CN=my-integration".parse().unwrap()
}

fn signer() -> PemSigner {
    PemSigner::from_bytes(keys::FIRST.as_bytes(), None).unwrap()
}

#[track_caller]
fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl").current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// `openssl x509 -text` without what differs between two certificates of the same key.
fn text_without_chance(folder: &Path, file: &str) -> Vec<String> {
    let options = "no_serial,no_validity,no_sigdump";
    let text = openssl(folder, &["x509", "-in", file, "-noout", "-text", "-certopt", options]);
    text.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn it_is_the_certificate_that_openssl_makes() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("private.key"), keys::FIRST).unwrap();
    let name = "/C=US/ST=California/O=Example/CN=my-integration";
    let command = [
        "req",
        "-x509",
        "-sha256",
        "-nodes",
        "-days",
        "365",
        "-key",
        "private.key",
        "-out",
        "theirs.crt",
        "-subj",
        name,
    ];
    openssl(folder.path(), &command);
    let ours =
        Certificate::self_signed(&subject(), Validity::from_days(NOW, 365).unwrap(), &signer())
            .await
            .unwrap();
    std::fs::write(folder.path().join("ours.crt"), ours.to_pem()).unwrap();

    assert_eq!(
        text_without_chance(folder.path(), "ours.crt"),
        text_without_chance(folder.path(), "theirs.crt")
    );
    let string_types = |file| {
        openssl(
            folder.path(),
            &["x509", "-in", file, "-noout", "-subject", "-nameopt", "show_type"],
        )
    };
    assert_eq!(string_types("ours.crt"), string_types("theirs.crt"));
    let dates = openssl(folder.path(), &["x509", "-in", "ours.crt", "-noout", "-dates"]);
    assert_eq!(dates, "notBefore=Jan 15 08:00:00 2027 GMT\nnotAfter=Jan 15 08:00:00 2028 GMT\n");
    let verified = openssl(
        folder.path(),
        &[
            "verify",
            "-attime",
            "1800000000",
            "-x509_strict",
            "-check_ss_sig",
            "-CAfile",
            "ours.crt",
            "ours.crt",
        ],
    );
    assert_eq!(verified, "ours.crt: OK\n");
}

#[tokio::test]
async fn what_is_made_is_read_back() {
    let validity =
        Validity::new(NumericDate::from_secs(-1), NumericDate::from_secs(253_402_300_799)).unwrap();
    let made = Certificate::self_signed(&subject(), validity, &signer()).await.unwrap();
    let read = Certificate::from_der(made.der()).unwrap();
    assert_eq!(read, made);
    assert_eq!((read.validity(), read.subject(), read.issuer()), (validity, subject(), subject()));
    assert_eq!((read.version(), read.is_authority()), (3, true));
    assert_eq!(read.public_key().as_ref(), Ok(signer().public_key()));
    assert!(read.is_signed_by(signer().public_key()));
}

#[tokio::test]
async fn serial_numbers_have_20_bytes_are_positive_and_differ() {
    let validity = Validity::from_days(NOW, 1).unwrap();
    let one =
        Certificate::self_signed(&subject(), validity, &signer()).await.unwrap().serial_number();
    let other =
        Certificate::self_signed(&subject(), validity, &signer()).await.unwrap().serial_number();
    assert_ne!(one, other);
    for serial_number in [one, other] {
        assert_eq!(serial_number.len(), 40, "{serial_number}");
        assert!(matches!(serial_number.as_bytes()[0], b'4'..=b'7'), "{serial_number}");
    }
}

#[tokio::test]
async fn a_renewed_certificate_has_the_same_subject_to_the_byte_and_may_have_a_new_key() {
    let old = Certificate::from_der(ims_testkit::certificates::FIRST_DER).unwrap();
    let new_key = GeneratedKey::generate(KeySize::Rsa2048).unwrap();
    let new =
        Certificate::self_signed(&old.subject(), Validity::from_days(NOW, 365).unwrap(), &new_key)
            .await
            .unwrap();
    assert_eq!(new.subject(), old.subject());
    assert_ne!(new.public_key(), old.public_key());
}

#[tokio::test]
async fn the_signers_own_reason_stays_the_source() {
    let reason = SignError::refused("the PIN is locked");
    let signer = SharedSigner::new(FakeSigner::new(signer(), [reason]));
    let validity = Validity::from_days(NOW, 365).unwrap();
    let error = Certificate::self_signed(&subject(), validity, &signer).await.unwrap_err();
    let mut reasons = vec![error.to_string()];
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        reasons.push(cause.to_string());
        source = cause.source();
    }
    assert_eq!(
        reasons,
        ["the signature was not made", "the signing key cannot be used", "the PIN is locked"]
    );
    assert!(
        Certificate::self_signed(&subject(), validity, &signer).await.is_ok(),
        "the second time it signs"
    );
}

/// Shows one key and signs with another, as a hardware module does whose objects are mixed up.
#[derive(Debug)]
struct MixedUp(PemSigner, PublicKey);

impl Signer for MixedUp {
    fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }

    fn public_key(&self) -> &PublicKey {
        &self.1
    }

    async fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        self.0.sign(message).await
    }
}

#[tokio::test]
async fn a_signer_that_shows_another_key_than_it_uses_is_found_out() {
    let second = PemSigner::from_bytes(keys::SECOND.as_bytes(), None).unwrap();
    let mixed_up = MixedUp(signer(), second.public_key().clone());
    let validity = Validity::from_days(NOW, 365).unwrap();
    let error = Certificate::self_signed(&subject(), validity, &mixed_up).await.unwrap_err();
    assert!(matches!(error, CertError::ForeignSignature), "{error}");
}
