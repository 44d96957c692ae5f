//! Whatever shows a key is recognized, and files without one say why.

use ims_sign::FileKind;
use ims_testkit::{PASSPHRASE, certificates, keys};

use super::*;

#[track_caller]
fn read(file: &[u8]) -> PublicKey {
    public_key(file, Some(&Passphrase::new(PASSPHRASE.to_owned()))).unwrap()
}

#[tokio::test]
async fn whatever_shows_the_first_key_matches_it_and_not_the_second() {
    let signer = PemSigner::from_bytes(keys::FIRST.as_bytes(), None).unwrap();
    let request =
        CertificateRequest::new(&"CN=a".parse().unwrap(), &signer).await.unwrap().to_pem();
    let second = read(keys::SECOND.as_bytes());
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
        assert_eq!(read(file), *signer.public_key(), "{index}");
        assert_ne!(read(file), second, "{index}");
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
