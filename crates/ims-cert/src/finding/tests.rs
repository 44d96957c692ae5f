//! Each finding from a certificate that has it.

use std::process::Command;

use ims_testkit::{certificates, keys};

use super::*;
use crate::CertificateFile;

#[track_caller]
fn certificate(pem: &str) -> Certificate {
    CertificateFile::from_bytes(pem.as_bytes()).unwrap().certificates()[0].clone()
}

/// A certificate that `openssl` makes of the key in `pem`, valid from the day of the run for a year.
#[track_caller]
fn made(key: &str, options: &[&str]) -> Certificate {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key.pem"), key).unwrap();
    let command = ["req", "-x509", "-key", "key.pem", "-subj", "/CN=a", "-days", "365"];
    let output = Command::new("openssl")
        .current_dir(folder.path())
        .args(command)
        .args(options)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    certificate(&String::from_utf8(output.stdout).unwrap())
}

#[track_caller]
fn findings_while_valid(certificate: &Certificate) -> Vec<Finding> {
    certificate.findings(certificate.validity().not_before())
}

#[test]
fn a_sound_certificate_has_no_findings() {
    assert_eq!(findings_while_valid(&certificate(certificates::FIRST)), []);
    assert_eq!(findings_while_valid(&made(keys::LARGE, &["-sha512"])), []);
}

#[test]
fn what_ims_cannot_verify_is_a_problem_and_what_is_old_is_advice() {
    let kind = |certificate: &Certificate| {
        (certificate.key_algorithm().to_owned(), certificate.key_bits())
    };
    let ec = KeyError::NotRsa { found: "an elliptic curve key".to_owned() };
    let [pss, small, old] =
        [made(keys::PSS, &[]), made(keys::SMALL, &[]), made(keys::FIRST, &["-sha1"])];
    let curve = "elliptic curve, prime256v1".to_owned();
    assert_eq!(kind(&certificate(certificates::EC)), (curve, None));
    assert_eq!(kind(&pss), ("RSA for RSASSA-PSS only".to_owned(), Some(2048)));
    let weak = Finding::WeakSignature { algorithm: old.signature_algorithm().to_owned() };
    let table = [
        (certificate(certificates::EC), Finding::Key { reason: ec }, Severity::Problem),
        (pss, Finding::Key { reason: KeyError::PssOnly }, Severity::Problem),
        (small, Finding::Key { reason: KeyError::Size { bits: 1024 } }, Severity::Problem),
        (old, weak, Severity::Advice),
        (certificate(VERSION_1), Finding::NotVersion3 { version: 1 }, Severity::Advice),
    ];
    for (certificate, finding, severity) in table {
        assert_eq!(finding.severity(), severity, "{finding}");
        assert_eq!(findings_while_valid(&certificate), [finding]);
    }
}

#[test]
fn each_finding_says_what_to_do() {
    let since = Duration::from_secs(1);
    let algorithm = "sha1WithRSAEncryption".to_owned();
    #[rustfmt::skip]
    let table = [
        (Finding::Key { reason: KeyError::PssOnly },      "make a new RSA key of 2048 bits with a certificate"),
        (Finding::Expired { since },                      "make a new certificate, upload it, and delete this one"),
        (Finding::NotYetValid { starts_in: since },       "check this machine's clock"),
        (Finding::OtherKey,                               "sign with the key that was made with the certificate"),
        (Finding::NotVersion3 { version: 1 },             "make the next certificate with SHA-256 and version 3"),
        (Finding::WeakSignature { algorithm },            "make the next certificate with SHA-256 and version 3"),
        (Finding::PrivateKeyInFile,                       "upload a file that contains only the certificate"),
        (Finding::TrailingBytes { count: 1 },             "save the certificate alone in a file"),
    ];
    for (finding, to_do) in table {
        assert!(finding.remedy().starts_with(to_do), "{finding}: {}", finding.remedy());
    }
}

#[test]
fn the_dates_are_findings_outside_the_first_and_the_last_second() {
    let certificate = certificate(certificates::FIRST);
    let (start, end) = (certificate.validity().not_before(), certificate.validity().not_after());
    let second = Duration::from_secs(1);
    #[rustfmt::skip]
    let table = [
        (start.minus(second),                      Some("the certificate begins in 1 second")),
        (start.minus(Duration::from_hours(2)),  Some("the certificate begins in 2 hours")),
        (start,                                    None),
        (end,                                      None),
        (end.plus(second),                         Some("the certificate expired 1 second ago")),
        (end.plus(Duration::from_hours(24)),    Some("the certificate expired 1 day ago")),
        (end.plus(Duration::from_secs(119)),       Some("the certificate expired 1 minute ago")),
    ];
    for (now, said) in table {
        let findings: Vec<String> =
            certificate.findings(now).iter().map(ToString::to_string).collect();
        assert_eq!(findings.first().map(String::as_str), said);
    }
}

#[test]
fn a_key_that_cannot_be_read_is_a_finding() {
    let mut der = certificates::FIRST_DER.to_vec();
    // The object identifier of RSA keys becomes one that no algorithm has.
    let rsa_encryption = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    let place = der.windows(9).position(|window| window == rsa_encryption).unwrap();
    der[place + 8] = 0x7f;
    let certificate = Certificate::from_der(&der).unwrap();
    let found = "a key of the algorithm 1.2.840.113549.1.1.127".to_owned();
    let reason = KeyError::NotRsa { found };
    assert_eq!(findings_while_valid(&certificate), [Finding::Key { reason }]);
    // The modulus becomes even, but an RSA modulus is always odd. Its last octet comes before the exponent.
    let mut der = certificates::FIRST_DER.to_vec();
    let place = der.windows(5).position(|window| window == [0x02, 3, 1, 0, 1]).unwrap();
    der[place - 1] &= 0xfe;
    let certificate = Certificate::from_der(&der).unwrap();
    let reason = KeyError::Malformed { reason: "the public key is damaged" };
    assert_eq!(findings_while_valid(&certificate), [Finding::Key { reason }]);
}

/// Of [`keys::FIRST`], made with `openssl req -new` and `openssl x509 -req -days 36500`.
const VERSION_1: &str = include_str!("version_1.pem");

#[test]
fn a_certificate_explains_why_a_signature_is_not_matched_by_its_dates_and_then_by_its_key() {
    let certificate = certificate(certificates::FIRST);
    let own = certificate.public_key().unwrap();
    let other = self::certificate(certificates::SECOND).public_key().unwrap();
    let (first, last) = (certificate.validity().not_before(), certificate.validity().not_after());
    let second = Duration::from_secs(1);
    #[rustfmt::skip]
    let table = [
        (first,               &own,   None),
        (last,                &own,   None),
        (last,                &other, Some(Finding::OtherKey)),
        (last.plus(second),   &own,   Some(Finding::Expired { since: second })),
        (last.plus(second),   &other, Some(Finding::Expired { since: second })),
        (first.minus(second), &own,   Some(Finding::NotYetValid { starts_in: second })),
    ];
    for (now, key, finding) in table {
        assert_eq!(certificate.finding_for(key, now), finding, "{now}");
    }
}
