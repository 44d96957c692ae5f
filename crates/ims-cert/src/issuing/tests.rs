//! Certificates made here next to those of `openssl req -x509`, and signers that fail.

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
    assert_eq!(read.validity(), validity);
    assert_eq!([read.subject(), read.issuer()], [&subject(), &subject()]);
    assert_eq!(read.version(), 3);
    assert_eq!(read.public_key().as_ref(), Ok(signer().public_key()));
    assert!(read.is_signed_by(signer().public_key()));
}

#[tokio::test]
async fn serial_numbers_have_20_bytes_are_positive_and_differ() {
    let validity = Validity::from_days(NOW, 1).unwrap();
    let one = Certificate::self_signed(&subject(), validity, &signer()).await.unwrap();
    let other = Certificate::self_signed(&subject(), validity, &signer()).await.unwrap();
    assert_ne!(one.serial_number(), other.serial_number());
    for serial_number in [one.serial_number(), other.serial_number()] {
        assert_eq!(serial_number.len(), 40, "{serial_number}");
        assert!(matches!(serial_number.as_bytes()[0], b'4'..=b'7'), "{serial_number}");
    }
}

#[tokio::test]
async fn a_renewed_certificate_has_the_same_subject_to_the_byte_and_may_have_a_new_key() {
    let old = Certificate::from_der(ims_testkit::certificates::FIRST_DER).unwrap();
    let new_key = GeneratedKey::generate(KeySize::Rsa2048).unwrap();
    let new =
        Certificate::self_signed(old.subject(), Validity::from_days(NOW, 365).unwrap(), &new_key)
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

/// A certificate of [`keys::FIRST`] that `openssl` makes with these options.
#[track_caller]
fn made_by_openssl(options: &[&str]) -> Certificate {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("private.key"), keys::FIRST).unwrap();
    let command = ["req", "-x509", "-key", "private.key", "-outform", "DER", "-out", "made.crt"];
    openssl(folder.path(), &[command.as_slice(), options].concat());
    Certificate::from_der(&std::fs::read(folder.path().join("made.crt")).unwrap()).unwrap()
}

#[tokio::test]
async fn a_subject_that_would_lose_an_attribute_is_refused_before_the_signer_is_asked() {
    #[rustfmt::skip]
    let table: [(&[&str], &str); 4] = [
        (&["-subj", "/O=x/OU=a/OU=b/CN=c"],
            "the subject has OU twice, and a certificate that is made here has each attribute once: give it once"),
        (&["-subj", "/DC=com/DC=example/CN=c"],
            "the subject has DC twice, and a certificate that is made here has each attribute once: give it once"),
        (&["-multivalue-rdn", "-subj", "/O=x+CN=c"],
            "a certificate that is made here cannot have the subject's CN+O: give each attribute by itself, and as UTF-8"),
        (&["-utf8", "-subj", "/CN=Müller", "-config", "LATIN-1"],
            "a certificate that is made here cannot have the subject's CN: give each attribute by itself, and as UTF-8"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let latin_1 = folder.path().join("latin-1.cnf").display().to_string();
    std::fs::write(&latin_1, "[req]\nstring_mask = MASK:4\ndistinguished_name = name\n[name]\n")
        .unwrap();
    let validity = Validity::from_days(NOW, 365).unwrap();
    for (options, said) in table {
        let options: Vec<&str> = options
            .iter()
            .map(|option| if *option == "LATIN-1" { &latin_1 } else { *option })
            .collect();
        let old = made_by_openssl(&options);
        // It would refuse to sign with another message.
        let signer = FakeSigner::new(signer(), [SignError::refused("it was asked")]);
        let certificate = Certificate::self_signed(old.subject(), validity, &signer).await;
        assert_eq!(certificate.unwrap_err().to_string(), said);
        let request = CertificateRequest::new(old.subject(), &signer).await;
        assert_eq!(request.unwrap_err().to_string(), said);
        assert_eq!(old.subject().expect_writable().unwrap_err().to_string(), said);
    }
}

#[tokio::test]
async fn a_subject_in_any_accepted_encoding_is_written_again_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    for (mask, name) in
        [("MASK:2", "/O=Example/CN=printable"), ("MASK:4", "/CN=t61@"), ("MASK:2048", "/CN=Grüße")]
    {
        let config = folder.path().join("openssl.cnf").display().to_string();
        let text = format!("[req]\nstring_mask = {mask}\ndistinguished_name = name\n[name]\n");
        std::fs::write(&config, text).unwrap();
        let old = made_by_openssl(&["-utf8", "-subj", name, "-config", &config]);
        let validity = Validity::from_days(NOW, 365).unwrap();
        let new = Certificate::self_signed(old.subject(), validity, &signer()).await.unwrap();
        assert_eq!(new.subject(), old.subject(), "{mask}");
    }
}

/// Shows one key and signs with another, like a hardware module whose objects are mixed up.
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
async fn a_signer_that_shows_another_key_than_it_uses_is_refused() {
    let second = PemSigner::from_bytes(keys::SECOND.as_bytes(), None).unwrap();
    let mixed_up = MixedUp(signer(), second.public_key().clone());
    let validity = Validity::from_days(NOW, 365).unwrap();
    let error = Certificate::self_signed(&subject(), validity, &mixed_up).await.unwrap_err();
    assert!(matches!(error, CertError::ForeignSignature), "{error}");
}
