//! Keys, certificates and what names them.

use std::sync::LazyLock;

use ims_cert::{
    CertificateFile, CertificateRequest, DistinguishedName, Pkcs12, public_key as shown_by,
};
use ims_claims::NumericDate;
use ims_sign::{FileKind, Passphrase, PemSigner, PublicKey, Signer, pem, pkcs11::Pkcs11Uri};
use ims_testkit::PASSPHRASE;

static PHRASE: LazyLock<Passphrase> = LazyLock::new(|| Passphrase::new(PASSPHRASE.to_owned()));

pub(crate) fn private_key(input: &[u8]) {
    let Ok(signer) = PemSigner::from_bytes(input, Some(&PHRASE)) else { return };
    assert!((2048..=8192).contains(&signer.public_key().modulus_bits()));
}

pub(crate) fn public_key(input: &[u8]) {
    let kind = FileKind::of(input);
    assert!(kind != FileKind::DamagedPem || pem::blocks(input).is_err());
    let Ok(key) = PublicKey::from_bytes(input) else { return };
    assert_eq!(PublicKey::from_spki_der(key.spki_der()), Ok(key));
}

pub(crate) fn certificate(input: &[u8]) {
    let Ok(file) = CertificateFile::from_bytes(input) else { return };
    assert!(!file.certificates().is_empty());
    for certificate in file.certificates() {
        let _ =
            (certificate.findings(NumericDate::from_secs(0)), certificate.subject().to_string());
        // A key that could be read can be read again from the PEM that is written of it.
        let again = CertificateFile::from_bytes(certificate.to_pem().as_bytes());
        assert_eq!(&again.expect("a certificate that was read").certificates()[0], certificate);
    }
    let _ = shown_by(input, None);
}

pub(crate) fn certificate_request(input: &[u8]) {
    let Ok(request) = CertificateRequest::from_bytes(input) else { return };
    let again = CertificateRequest::from_bytes(request.to_pem().as_bytes());
    assert_eq!(again.expect("a request that was read"), request);
    if let Ok(public_key) = request.public_key() {
        let _ = request.is_signed_by(&public_key);
    }
}

pub(crate) fn pkcs12(input: &[u8]) {
    let Ok(file) = Pkcs12::from_bytes(input, &PHRASE) else { return };
    assert!(!file.certificates().is_empty());
}

pub(crate) fn distinguished_name(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let Ok(name) = text.parse::<DistinguishedName>() else { return };
    assert_eq!(name.to_string().parse::<DistinguishedName>().expect("we read what we print"), name);
    name.expect_writable().expect("we can write what we accept from a person");
}

pub(crate) fn pkcs11_uri(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let Ok(uri) = text.parse::<Pkcs11Uri>() else { return };
    let _ = format!("{uri:?}");
}
