//! Files as people have them, and files that contain something else.

use std::process::Command;

use ims_testkit::{PASSPHRASE, certificates, keys};
use proptest::prelude::*;

use super::*;

fn first() -> Certificate {
    Certificate::from_der(certificates::FIRST_DER).unwrap()
}

/// The base64 between the lines of PEM.
fn base64(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

#[test]
fn one_certificate_is_read_in_every_form_that_people_have() {
    let pem = certificates::FIRST;
    #[rustfmt::skip]
    let table: [(&str, Vec<u8>); 11] = [
        ("PEM",             pem.into()),
        ("byte order mark", format!("\u{feff}{pem}").into()),
        ("CRLF",            pem.replace('\n', "\r\n").into()),
        ("indented",        pem.replace('\n', "\n    ").into()),
        ("one line",        pem.replace('\n', "").into()),
        ("written out",     pem.replace('\n', "\\r\\n").into()),
        ("text before",     format!("subject=CN = first\n\n{pem}").into()),
        ("X509 label",      pem.replace("CERTIFICATE", "X509 CERTIFICATE").into()),
        ("DER",             certificates::FIRST_DER.into()),
        ("base64",          base64(pem).into()),
        ("base64, wrapped", base64(pem).replace("MII", "MII\n").into()),
    ];
    for (what, file) in table {
        let file =
            CertificateFile::from_bytes(&file).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(file.certificates(), [first()], "{what}");
        assert_eq!(file.findings(), [], "{what}");
    }
}

#[test]
fn a_bundle_is_read_in_order_and_a_key_next_to_it_is_reported() {
    let second = Certificate::from_der(
        CertificateFile::from_bytes(certificates::SECOND.as_bytes()).unwrap().certificates()[0]
            .der(),
    )
    .unwrap();
    let key_first = format!("{}{}{}", keys::FIRST, certificates::FIRST, certificates::SECOND);
    let file = CertificateFile::from_bytes(key_first.as_bytes()).unwrap();
    assert_eq!(file.certificates(), [first(), second.clone()]);
    assert_eq!(file.findings(), [Finding::PrivateKeyInFile]);
    assert_eq!(file.into_certificates(), [first(), second.clone()]);

    let two_of_der = [certificates::FIRST_DER, second.der()].concat();
    assert_eq!(CertificateFile::from_bytes(&two_of_der).unwrap().certificates(), [first(), second]);
}

#[test]
fn bytes_after_a_certificate_are_reported() {
    let file = [certificates::FIRST_DER, b"\n"].concat();
    let file = CertificateFile::from_bytes(&file).unwrap();
    assert_eq!(file.certificates(), [first()]);
    assert_eq!(file.findings(), [Finding::TrailingBytes { count: 1 }]);
}

#[test]
fn the_trust_settings_of_openssl_are_ignored() {
    let trusted = include_str!("trusted.pem");
    assert_eq!(CertificateFile::from_bytes(trusted.as_bytes()).unwrap().certificates(), [first()]);
    let mislabelled = trusted.replace("TRUSTED ", "");
    assert!(CertificateFile::from_bytes(mislabelled.as_bytes()).is_err());
}

#[test]
fn a_file_without_a_certificate_says_what_it_is() {
    let second_damaged =
        format!("{}{}", certificates::FIRST, certificates::SECOND.replace("MII", "MIA"));
    let no_end = &certificates::FIRST[..900];
    let mut der_damaged = certificates::FIRST_DER.to_vec();
    // The algorithm follows the serial number.
    der_damaged[34..50].fill(0xff);
    #[rustfmt::skip]
    let table: [(&[u8], &str); 10] = [
        (b"",                                "this is an empty file, not a certificate"),
        (b"hello",                           "this is a file of an unknown kind, not a certificate"),
        (keys::FIRST.as_bytes(),             "this is a private key, not a certificate"),
        (keys::FIRST_PBES2_AES256_SHA256.as_bytes(), "this is an encrypted private key, not a certificate"),
        (keys::FIRST_PUBLIC.as_bytes(),      "this is a public key, not a certificate"),
        (b"\xff\xfe-\0-\0",                  "this is text in UTF-16, not a certificate"),
        (&certificates::FIRST_DER[..300],    "this is DER of another kind, not a certificate"),
        (&der_damaged,                       "certificate 1 of the file is damaged: its structure is broken"),
        (second_damaged.as_bytes(),          "certificate 2 of the file is damaged: its structure is broken"),
        (no_end.as_bytes(),                  "certificate 1 of the file is damaged: a PEM block has no END line"),
    ];
    for (file, said) in table {
        assert_eq!(CertificateFile::from_bytes(file).unwrap_err().to_string(), said);
    }
}

#[test]
fn a_container_of_certificates_is_named_with_the_command_that_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key.pem"), keys::FIRST).unwrap();
    std::fs::write(folder.path().join("certificate.pem"), certificates::FIRST).unwrap();
    let pkcs12 = "pkcs12 -export -inkey key.pem -in certificate.pem -passout pass:";
    let pkcs7 = "crl2pkcs7 -nocrl -certfile certificate.pem -outform DER";
    let pkcs7_pem = "crl2pkcs7 -nocrl -certfile certificate.pem";
    #[rustfmt::skip]
    let table = [
        (pkcs12,    "this is a PKCS#12 file, not a certificate", "openssl pkcs12 -in FILE -clcerts -nokeys -out certificate.pem"),
        (pkcs7,     "this is a PKCS#7 file, not a certificate",  "openssl pkcs7 -inform DER -in FILE -print_certs -out certificate.pem"),
        (pkcs7_pem, "this is a PKCS#7 file, not a certificate",  "openssl pkcs7 -in FILE -print_certs -out certificate.pem"),
    ];
    for (command, said, conversion) in table {
        let command = command.split(' ');
        let output =
            Command::new("openssl").current_dir(folder.path()).args(command).output().unwrap();
        let error = CertificateFile::from_bytes(&output.stdout).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.conversion()), (said, Some(conversion)));
        // The command that is named works.
        std::fs::write(folder.path().join("FILE"), &output.stdout).unwrap();
        let mut openssl = conversion.split(' ');
        let mut conversion_command = Command::new(openssl.next().unwrap());
        conversion_command.current_dir(folder.path()).args(openssl);
        if said.contains("PKCS#12") {
            conversion_command.args(["-passin", "pass:"]);
        }
        assert!(conversion_command.output().unwrap().status.success(), "{conversion}");
        let made = std::fs::read(folder.path().join("certificate.pem")).unwrap();
        assert_eq!(CertificateFile::from_bytes(&made).unwrap().certificates(), [first()]);
    }
}

#[test]
fn a_file_of_more_than_1_mib_is_not_read() {
    let file = certificates::FIRST.repeat(1000);
    let error = CertificateFile::from_bytes(file.as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "this is a file of more than 1 MiB, not a certificate");
}

#[test]
fn the_certificate_of_a_key_is_found_at_any_place() {
    let chain = format!("{}{}{}", certificates::EC, certificates::SECOND, certificates::FIRST);
    let file = CertificateFile::from_bytes(chain.as_bytes()).unwrap();
    assert_eq!(file.position_of(&first().public_key().unwrap()), Some(2));
    assert_eq!(file.certificate_for(&first().public_key().unwrap()), &first());
    let other = CertificateFile::from_bytes(certificates::SECOND.as_bytes()).unwrap();
    assert_eq!(other.position_of(&first().public_key().unwrap()), None);
    let only = &other.certificates()[0];
    assert_eq!(other.certificate_for(&first().public_key().unwrap()), only);
}

#[track_caller]
fn key_of(file: &[u8]) -> PublicKey {
    public_key(file, Some(&Passphrase::new(PASSPHRASE.to_owned()))).unwrap()
}

#[tokio::test]
async fn every_file_with_the_first_key_matches_it_and_not_the_second() {
    let signer = PemSigner::from_bytes(keys::FIRST.as_bytes(), None).unwrap();
    let request =
        CertificateRequest::new(&"CN=a".parse().unwrap(), &signer).await.unwrap().to_pem();
    let second = key_of(keys::SECOND.as_bytes());
    #[rustfmt::skip]
    let table: [&[u8]; 9] = [
        certificates::FIRST.as_bytes(),
        certificates::FIRST_DER,
        request.as_bytes(),
        keys::FIRST.as_bytes(),
        keys::FIRST_PKCS1.as_bytes(),
        keys::FIRST_PBES2_AES256_SHA256.as_bytes(),
        keys::FIRST_LEGACY_AES128.as_bytes(),
        keys::FIRST_PUBLIC.as_bytes(),
        keys::FIRST_PUBLIC_PKCS1.as_bytes(),
    ];
    for (index, file) in table.into_iter().enumerate() {
        assert_eq!(key_of(file), *signer.public_key(), "{index}");
        assert_ne!(key_of(file), second, "{index}");
    }
}

#[test]
fn a_file_without_a_usable_key_says_why() {
    #[rustfmt::skip]
    let table: [(&[u8], KeyError); 5] = [
        (b"hello",                    KeyError::NoPublicKey { found: FileKind::Other }),
        (keys::SMALL.as_bytes(),      KeyError::Size { bits: 1024 }),
        (keys::PSS.as_bytes(),        KeyError::PssOnly),
        (certificates::EC.as_bytes(), KeyError::NotRsa { found: "an elliptic curve key".to_owned() }),
        (keys::FIRST_PBES2_AES256_SHA256.as_bytes(), KeyError::PassphraseMissing),
    ];
    for (file, reason) in table {
        let error = public_key(file, None).unwrap_err();
        assert!(matches!(&error, CertError::Key(key_error) if *key_error == reason), "{error:?}");
    }
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        body in "[A-Za-z0-9+/=\n]{0,80}",
    ) {
        let _ = CertificateFile::from_bytes(&bytes);
        let _ = CertificateFile::from_bytes(&[b"\x30\x82", bytes.as_slice()].concat());
        let _ = CertificateFile::from_bytes(format!("-----BEGIN CERTIFICATE-----{body}-----END CERTIFICATE-----").as_bytes());
    }

    #[test]
    fn a_certificate_that_is_cut_short_is_not_a_certificate(length in 0..certificates::FIRST_DER.len()) {
        prop_assert!(CertificateFile::from_bytes(&certificates::FIRST_DER[..length]).is_err());
    }
}
