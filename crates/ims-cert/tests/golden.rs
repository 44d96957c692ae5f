//! The bytes of certificates and requests: equal names, dates and keys give equal bytes, whatever library writes them.
//!
//! The files are in `crates/ims-testkit/data/golden/`. `cargo xtask golden --bless` rewrites them.
#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{env, fmt::Write as _, fs};

use ims_cert::{Certificate, CertificateRequest, DistinguishedName, Validity};
use ims_claims::NumericDate;
use ims_sign::PemSigner;
use ims_testkit::keys;

/// Every attribute that a subject may have, in the encodings that OpenSSL gives them.
const SUBJECT: &str = "/DC=com/C=DE/ST=Bayern/L=München/STREET=Weg 1/O=Example, Inc./OU=a\\+b/serialNumber=7/SN=Doe\
     /GN=Jo/UID=u/emailAddress=a@example.com/CN=my-integration";

fn subject() -> DistinguishedName {
    SUBJECT.parse().unwrap()
}

fn signer() -> PemSigner {
    PemSigner::from_bytes(keys::FIRST.as_bytes(), None).unwrap()
}

/// Compares `made` with the golden file, or writes it there when `IMS_BLESS` is set.
#[track_caller]
fn compare(name: &str, made: &[u8]) {
    let mut text = String::new();
    for line in made.chunks(32) {
        for octet in line {
            write!(text, "{octet:02x}").unwrap();
        }
        text.push('\n');
    }
    let path = ims_testkit::golden_folder().join(name);
    if env::var_os("IMS_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&path).unwrap(), "{name} has changed");
}

/// The DER of a new certificate with zeros in place of the serial number, which is random, and of the signature over
/// it.
async fn certificate(not_before: i64, not_after: i64) -> Vec<u8> {
    let [not_before, not_after] = [not_before, not_after].map(NumericDate::from_secs);
    let validity = Validity::new(not_before, not_after).unwrap();
    let signer = signer();
    let certificate = Certificate::self_signed(&subject(), validity, &signer).await.unwrap();
    assert!(certificate.is_signed_by(ims_sign::Signer::public_key(&signer)));
    let mut der = certificate.der().to_vec();
    // Two headers of four bytes and the version come before the serial number; a signature by 2048 bits is the end.
    assert_eq!(der[13..15], [0x02, 20]);
    der[15..35].fill(0);
    let signature = der.len() - 256;
    der[signature..].fill(0);
    der
}

#[tokio::test]
async fn a_request_has_its_golden_bytes() {
    let request = CertificateRequest::new(&subject(), &signer()).await.unwrap();
    compare("request.csr.hex", request.der());
}

#[tokio::test]
async fn a_certificate_has_its_golden_bytes_except_for_serial_number_and_signature() {
    compare("certificate.hex", &certificate(1_800_000_000, 1_831_536_000).await);
}

/// Until 2049 a date has two digits for its year, from 2050 on four, and before 1950 four (RFC 5280 §4.1.2.5).
#[tokio::test]
async fn dates_beyond_2049_and_before_1950_have_their_golden_bytes() {
    compare("certificate-until-2050.hex", &certificate(2_524_607_999, 2_524_608_000).await);
    compare("certificate-until-9999.hex", &certificate(-631_152_001, 253_402_300_799).await);
}
