//! Written keys, read back by our own reader; `openssl` reads those of `ims-cert`.

use super::*;
use crate::pem_signer::PemSigner;
use ims_testkit::keys;

fn first_key() -> Vec<u8> {
    pem::blocks(keys::FIRST.as_bytes()).unwrap()[0].der().to_vec()
}

#[test]
fn a_key_is_written_as_openssl_writes_it() {
    let pem = PrivateKeyPem::from_pkcs8(&first_key());
    assert_eq!(pem.expose_secret(), keys::FIRST);
    assert_eq!(format!("{pem:?}"), "PrivateKeyPem(..)");
}

#[cfg(feature = "encrypt")]
mod encrypted {
    use super::*;
    use crate::{
        encrypted_key::Passphrase,
        error::{EncryptError, KeyError},
        private_key::KeyFormat,
        signer::Signer,
    };
    use ims_testkit::PASSPHRASE;

    #[test]
    fn an_encrypted_key_opens_with_its_pass_phrase_alone() {
        let passphrase = Passphrase::new(PASSPHRASE.to_owned());
        let pem = PrivateKeyPem::from_pkcs8_encrypted(&first_key(), &passphrase).unwrap();
        let text = pem.expose_secret();
        assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        let read = PemSigner::from_bytes(text.as_bytes(), Some(&passphrase)).unwrap();
        let plain = PemSigner::from_bytes(keys::FIRST.as_bytes(), None).unwrap();
        assert_eq!(
            (read.format(), read.public_key()),
            (KeyFormat::EncryptedPkcs8, plain.public_key())
        );
        let wrong = Passphrase::new("wrong".to_owned());
        let refused = PemSigner::from_bytes(text.as_bytes(), Some(&wrong)).unwrap_err();
        assert_eq!(refused, KeyError::PassphraseWrong);
    }

    #[test]
    fn salt_and_initialization_vector_are_new_each_time() {
        let passphrase = Passphrase::new(PASSPHRASE.to_owned());
        let [one, other] = [(); 2]
            .map(|()| PrivateKeyPem::from_pkcs8_encrypted(&first_key(), &passphrase).unwrap());
        assert_ne!(one.expose_secret(), other.expose_secret());
    }

    #[test]
    fn a_key_that_would_take_seconds_to_open_is_refused_at_once() {
        let passphrase = Passphrase::new(PASSPHRASE.to_owned());
        let pem = PrivateKeyPem::from_pkcs8_encrypted(&first_key(), &passphrase).unwrap();
        let mut der = pem::blocks(pem.expose_secret().as_bytes()).unwrap()[0].der().to_vec();
        let written = [0x02, 3, 0x09, 0x27, 0xc0];
        let at = der.windows(5).position(|bytes| bytes == written).unwrap();
        let scheme = "PBKDF2 of 2000001 iterations".to_owned();
        #[rustfmt::skip]
        let table = [
            ([0x02, 3, 0x1e, 0x84, 0x81], KeyError::UnsupportedEncryption { scheme }),
            // Two million iterations are computed. They give another key than the number that was used.
            ([0x02, 3, 0x1e, 0x84, 0x80], KeyError::PassphraseWrong),
            ([0x02, 3, 0x00, 0x00, 0x00], KeyError::Malformed { reason: "the encrypted private key is damaged" }),
        ];
        for (iterations, error) in table {
            der[at..at + 5].copy_from_slice(&iterations);
            let refused = PemSigner::from_bytes(&der, Some(&passphrase)).unwrap_err();
            assert_eq!(refused, error);
        }
    }

    #[test]
    fn an_empty_pass_phrase_is_refused() {
        let refused = PrivateKeyPem::from_pkcs8_encrypted(&[], &Passphrase::new(String::new()));
        assert_eq!(refused.unwrap_err(), EncryptError::EmptyPassphrase);
    }
}
