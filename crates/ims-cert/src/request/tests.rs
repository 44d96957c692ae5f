//! Requests next to those of `openssl req -new`.

use std::{path::Path, process::Command};

use ims_sign::{PemSigner, Signer};
use ims_testkit::{certificates, keys};
use proptest::prelude::*;

use super::*;

const SUBJECT: &str = "/C=US/O=Example, Inc./OU=a/emailAddress=a@example.com/CN=my-integration";

fn signer() -> PemSigner {
    PemSigner::from_bytes(keys::FIRST.as_bytes(), None).unwrap()
}

#[track_caller]
fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn it_is_byte_for_byte_the_request_that_openssl_makes() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("private.key"), keys::FIRST).unwrap();
    let command =
        ["req", "-new", "-sha256", "-key", "private.key", "-subj", SUBJECT, "-out", "theirs.csr"];
    openssl(folder.path(), &command);
    let ours = CertificateRequest::new(&SUBJECT.parse().unwrap(), &signer()).await.unwrap();
    assert_eq!(ours.to_pem(), std::fs::read_to_string(folder.path().join("theirs.csr")).unwrap());
    std::fs::write(folder.path().join("ours.csr"), ours.to_pem()).unwrap();
    openssl(folder.path(), &["req", "-in", "ours.csr", "-noout", "-verify"]);
}

#[tokio::test]
async fn what_is_made_is_read_back_from_pem_and_der() {
    let request = CertificateRequest::new(&SUBJECT.parse().unwrap(), &signer()).await.unwrap();
    let indented = request.to_pem().replace('\n', "\r\n  ");
    let old_label = request.to_pem().replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST");
    let next_to_a_key = format!("{}{}", keys::SECOND, request.to_pem());
    for file in [
        request.der(),
        request.to_pem().as_bytes(),
        indented.as_bytes(),
        old_label.as_bytes(),
        next_to_a_key.as_bytes(),
    ] {
        let read = CertificateRequest::from_bytes(file).unwrap();
        assert_eq!(read, request);
        assert_eq!(
            read.subject().to_string(),
            "CN=my-integration,emailAddress=a@example.com,OU=a,O=Example\\, Inc.,C=US"
        );
        assert_eq!(read.public_key().as_ref(), Ok(signer().public_key()));
        assert_eq!((read.key_algorithm(), read.key_bits()), ("RSA", Some(2048)));
        assert!(read.is_signed_by(signer().public_key()));
        let other = PemSigner::from_bytes(keys::SECOND.as_bytes(), None).unwrap();
        assert!(!read.is_signed_by(other.public_key()));
    }
}

#[test]
fn a_file_without_a_request_says_what_it_is() {
    #[rustfmt::skip]
    let table: [(&[u8], &str); 7] = [
        (certificates::FIRST.as_bytes(), "this is a certificate, not a certificate request"),
        (keys::FIRST.as_bytes(),         "this is a private key, not a certificate request"),
        (certificates::FIRST_DER,        "this is a certificate, not a certificate request"),
        (b"",                            "this is an empty file, not a certificate request"),
        (b"-----BEGIN CERTIFICATE REQUEST-----MAA=-----END CERTIFICATE REQUEST-----", "the certificate request is damaged: its structure is broken"),
        (b"-----BEGIN CERTIFICATE REQUEST-----?-----END CERTIFICATE REQUEST-----", "the certificate request is damaged: a PEM block is not base64"),
        (b"-----BEGIN CERTIFICATE REQUEST-----", "the certificate request is damaged: a PEM block has no END line"),
    ];
    for (file, said) in table {
        assert_eq!(CertificateRequest::from_bytes(file).unwrap_err().to_string(), said);
    }
}

/// Made with `openssl req -new` and the key [`keys::FIRST`], with a requested extension.
const WITH_ATTRIBUTES: &str = include_str!("attributes.csr");

proptest! {
    #[test]
    fn no_change_to_a_request_makes_it_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut der = CertificateRequest::from_bytes(WITH_ATTRIBUTES.as_bytes()).unwrap().der().to_vec();
        for (place, octet) in &changes {
            let place = place.index(der.len());
            der[place] = *octet;
        }
        if let Ok(request) = CertificateRequest::from_der(&der) {
            let _ = (request.subject().to_string(), request.key_algorithm(), request.to_pem());
            let signed = request.public_key().is_ok_and(|key| request.is_signed_by(&key));
            prop_assert!(signed || !changes.is_empty());
        }
    }
}
