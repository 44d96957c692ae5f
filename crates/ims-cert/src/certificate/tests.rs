//! What certificates contain, compared with `openssl x509`, and bytes that are not a certificate.

use std::process::Command;

use super::*;
use ims_sign::PemSigner;
use ims_testkit::{certificates, keys};
use proptest::prelude::*;

const NOT_BEFORE: i64 = 1_795_227_368;

#[track_caller]
fn certificate(pem: &str) -> Certificate {
    crate::CertificateFile::from_bytes(pem.as_bytes()).unwrap().certificates()[0].clone()
}

/// What `openssl x509 -noout` prints for `certificate`.
#[track_caller]
fn openssl(certificate: &Certificate, options: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("certificate.pem");
    std::fs::write(&file, certificate.to_pem()).unwrap();
    let output = Command::new("openssl")
        .args(["x509", "-noout", "-in"])
        .arg(&file)
        .args(options)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn openssl_reads_the_same_from_each_certificate() {
    for pem in [certificates::FIRST, certificates::SECOND, certificates::EC, EVERYTHING] {
        let certificate = certificate(pem);
        let expected = format!(
            "serial={}\nsubject={}\nissuer={}\nsha1 Fingerprint={}\n",
            certificate.serial_number(),
            certificate.subject(),
            certificate.issuer(),
            certificate.sha1_fingerprint(),
        );
        let options = [
            "-serial",
            "-subject",
            "-issuer",
            "-nameopt",
            "RFC2253,-esc_msb",
            "-fingerprint",
            "-sha1",
        ];
        assert_eq!(openssl(&certificate, &options), expected);
        let expected = format!("sha256 Fingerprint={}\n", certificate.sha256_fingerprint());
        assert_eq!(openssl(&certificate, &["-fingerprint", "-sha256"]), expected);
        let text = openssl(&certificate, &["-text"]);
        assert!(
            text.contains(&format!("Signature Algorithm: {}\n", certificate.signature_algorithm())),
            "{text}"
        );
        assert!(text.contains(&format!("Version: {} ", certificate.version())), "{text}");
    }
}

#[test]
fn a_certificate_of_openssl_has_the_values_that_it_was_made_with() {
    let certificate = certificate(certificates::FIRST);
    let validity = certificate.validity();
    assert_eq!(certificate.subject().to_string(), "CN=first,O=Example,C=US");
    assert_eq!(validity.not_before().as_secs(), NOT_BEFORE);
    assert_eq!(validity.not_after().as_secs(), NOT_BEFORE + 36_500 * 86_400);
    assert_eq!((certificate.key_algorithm(), certificate.key_bits()), ("RSA", Some(2048)));
    assert_eq!(
        format!("{certificate:?}"),
        format!("Certificate(CN=first,O=Example,C=US, serial {})", certificate.serial_number())
    );
}

#[test]
fn a_signature_is_by_its_own_key_and_by_no_other() {
    let (first, second) = (certificate(certificates::FIRST), certificate(certificates::SECOND));
    let (first_key, second_key) = (first.public_key().unwrap(), second.public_key().unwrap());
    assert!(first.is_signed_by(&first_key) && second.is_signed_by(&second_key));
    assert!(!first.is_signed_by(&second_key) && !second.is_signed_by(&first_key));
    assert!(!certificate(certificates::EC).is_signed_by(&first_key));
}

#[test]
fn a_certificate_is_due_when_it_will_have_ended_after_the_margin() {
    let certificate = certificate(certificates::FIRST);
    let end = certificate.validity().not_after();
    let days = |days: u64| Duration::from_secs(days * 86_400);
    #[rustfmt::skip]
    let table = [
        (end,                                             Duration::ZERO,         false),
        (end.plus(Duration::from_secs(1)),                Duration::ZERO,         true),
        (end.minus(days(30)),                             days(30),               false),
        (end.minus(days(30)).plus(Duration::from_secs(1)), days(30),              true),
        (end.minus(days(31)),                             days(30),               false),
        (end,                                             Duration::from_millis(999), false),
        (end,                                             Duration::MAX,          true),
    ];
    for (now, margin, due) in table {
        assert_eq!(certificate.needs_renewal(now, margin), due, "{now:?} {margin:?}");
    }
}

#[test]
fn a_serial_number_is_printed_as_openssl_does() {
    #[rustfmt::skip]
    let table: [(&[u8], &str); 12] = [
        (&[],                 "00"),
        (&[0, 0],             "00"),
        (&[0xff, 0xff],       "-01"),
        (&[0x80, 0],          "-8000"),
        (&[0],                "00"),
        (&[1],                "01"),
        (&[0x7f],             "7F"),
        (&[0, 0x80],          "80"),
        (&[0x12, 0x34],       "1234"),
        (&[0xff],             "-01"),
        (&[0x80],             "-80"),
        (&[0xfe, 0xdc],       "-0124"),
    ];
    for (octets, printed) in table {
        assert_eq!(serial_number(octets), printed);
    }
}

#[test]
fn bytes_that_are_not_one_certificate_are_refused() {
    let der = certificates::FIRST_DER;
    let longer = [der, b"\n"].concat();
    let table: [(&[u8], &str); 5] = [
        (&[], "its structure is broken"),
        (&der[..der.len() - 1], "its structure is broken"),
        (&longer, "something follows it"),
        (b"hello", "its structure is broken"),
        (keys::FIRST.as_bytes(), "its structure is broken"),
    ];
    for (bytes, reason) in table {
        let error = Certificate::from_der(bytes).unwrap_err();
        assert_eq!(error.to_string(), format!("certificate 1 of the file is damaged: {reason}"));
    }
    assert_eq!(Certificate::from_der(der).unwrap(), certificate(certificates::FIRST));
}

/// x509-parser ignores the class of a tag, and the tag of an object identifier; without these checks, anyone
/// could change octets outside of the signed content.
#[test]
fn no_octet_of_a_signed_certificate_can_be_changed() {
    let key = certificate(certificates::FIRST).public_key().unwrap();
    let signed = certificates::FIRST_DER;
    let content = signed.len() - 256 - 5 - 15;
    for place in (0..16).chain(content..signed.len()) {
        for change in 1..=u8::MAX {
            let mut der = signed.to_vec();
            der[place] ^= change;
            let is_signed = Certificate::from_der(&der).is_ok_and(|it| it.is_signed_by(&key));
            assert!(!is_signed, "octet {place} by {change:#04x}");
        }
    }
}

/// Calls everything that reads.
fn look_at(certificate: &Certificate) {
    let _ = (certificate.serial_number(), certificate.to_pem(), format!("{certificate:?}"));
    let _ = (certificate.subject().to_string(), certificate.issuer().to_string());
    let findings = certificate.findings(NumericDate::from_secs(NOT_BEFORE));
    let _ = findings.iter().map(ToString::to_string).collect::<Vec<_>>();
    let _ = certificate.public_key().map(|key| certificate.is_signed_by(&key));
}

proptest! {
    #[test]
    fn no_change_to_a_certificate_makes_it_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        certificate in prop::sample::select(vec![certificates::FIRST, certificates::EC, EVERYTHING]),
    ) {
        let mut der = crate::CertificateFile::from_bytes(certificate.as_bytes()).unwrap().certificates()[0].der().to_vec();
        for (place, octet) in changes {
            let place = place.index(der.len());
            der[place] = octet;
        }
        if let Ok(certificate) = Certificate::from_der(&der) {
            look_at(&certificate);
        }
    }

    #[test]
    fn a_changed_certificate_is_not_signed_by_its_key(place in any::<prop::sample::Index>(), change in 1_u8..) {
        let key = PemSigner::from_bytes(keys::FIRST.as_bytes(), None).unwrap();
        let mut der = certificates::FIRST_DER.to_vec();
        let place = place.index(der.len());
        der[place] ^= change;
        let certificate = Certificate::from_der(&der);
        prop_assert!(certificate.is_err() || !certificate.unwrap().is_signed_by(ims_sign::Signer::public_key(&key)));
    }
}

/// Made with `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 36500 -set_serial -0x1f00
/// -utf8
/// -subj '/C=DE/L=Zürich/O=A, B+OU=c/OU=d/CN=#e'` and the extensions key usage, extended key usage and
/// alternative names of each kind.
const EVERYTHING: &str = include_str!("everything.pem");
