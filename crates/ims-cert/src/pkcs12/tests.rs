//! Files of `openssl pkcs12 -export`.

use std::process::Command;

use ims_testkit::{PASSPHRASE, certificates, keys};
use proptest::prelude::*;

use super::*;

/// A file with the first key, its certificate and another certificate before it.
#[track_caller]
fn exported(options: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key.pem"), keys::FIRST).unwrap();
    std::fs::write(folder.path().join("first.pem"), certificates::FIRST).unwrap();
    std::fs::write(folder.path().join("second.pem"), certificates::SECOND).unwrap();
    let pass = format!("pass:{PASSPHRASE}");
    let command =
        ["pkcs12", "-export", "-in", "first.pem", "-certfile", "second.pem", "-passout", &pass];
    let output = Command::new("openssl")
        .current_dir(folder.path())
        .args(command)
        .args(options)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned())
}

#[test]
fn what_openssl_writes_with_old_and_new_algorithms_is_read() {
    let old = [
        "-inkey",
        "key.pem",
        "-certpbe",
        "PBE-SHA1-3DES",
        "-keypbe",
        "PBE-SHA1-3DES",
        "-macalg",
        "SHA1",
    ];
    for options in [&["-inkey", "key.pem"], old.as_slice()] {
        let file = Pkcs12::from_bytes(&exported(options), &passphrase(PASSPHRASE)).unwrap();
        let subjects: Vec<String> =
            file.certificates().iter().map(|c| c.subject().to_string()).collect();
        assert_eq!(subjects, ["CN=first,O=Example,C=US", "CN=second,O=Example,C=US"]);
        let private_key = file.private_key().unwrap().expose_secret();
        let signer = PemSigner::from_bytes(private_key.as_bytes(), None).unwrap();
        assert_eq!(file.certificates()[0].public_key().as_ref(), Ok(signer.public_key()));
    }
}

#[test]
fn the_certificate_of_the_key_is_the_first_wherever_the_file_has_it() {
    let read = |pem: &str| {
        let file = crate::CertificateFile::from_bytes(pem.as_bytes()).unwrap();
        file.into_certificates().remove(0)
    };
    let (own, other) = (read(certificates::FIRST), read(certificates::SECOND));
    let signer = ims_sign::pem::blocks(keys::FIRST.as_bytes()).unwrap();
    let private_key = PrivateKeyPem::from_pkcs8(signer[0].der());
    for mut certificates in [[own.clone(), other.clone()], [other.clone(), own.clone()]] {
        put_own_first(&mut certificates, &private_key);
        assert_eq!(certificates, [own.clone(), other.clone()]);
    }
}

#[test]
fn certificates_alone_are_read_too() {
    let file = Pkcs12::from_bytes(&exported(&["-nokeys"]), &passphrase(PASSPHRASE)).unwrap();
    assert_eq!(file.certificates().len(), 2);
    assert!(file.private_key().is_none());
}

#[test]
fn a_wrong_pass_phrase_and_another_file_have_different_errors() {
    let wrong =
        Pkcs12::from_bytes(&exported(&["-inkey", "key.pem"]), &passphrase("wrong")).unwrap_err();
    assert!(matches!(wrong, CertError::Key(KeyError::PassphraseWrong)), "{wrong:?}");
    for file in [b"hello".as_slice(), certificates::FIRST_DER, b""] {
        let other = Pkcs12::from_bytes(file, &passphrase(PASSPHRASE)).unwrap_err();
        assert!(matches!(other, CertError::Pkcs12 { .. }), "{other:?}");
    }
}

#[test]
fn an_encryption_that_is_not_read_and_a_damaged_certificate_are_named() {
    let md5 = exported(&["-inkey", "key.pem", "-macalg", "MD5"]);
    let error = Pkcs12::from_bytes(&md5, &passphrase(PASSPHRASE)).unwrap_err();
    assert_eq!(error.reason_name(), "key_encryption_unknown", "{error:?}");

    let mut open =
        exported(&["-inkey", "key.pem", "-certpbe", "NONE", "-keypbe", "NONE", "-nomac"]);
    assert_eq!(Pkcs12::from_bytes(&open, &passphrase("")).unwrap().certificates().len(), 2);
    // The second certificate names its algorithm a second time.
    let sha_256_with_rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b];
    let places = open.windows(9).enumerate().filter(|(_, window)| *window == sha_256_with_rsa);
    let places: Vec<usize> = places.map(|(place, _)| place).collect();
    open[places[3] + 8] = 0x0c;
    let error = Pkcs12::from_bytes(&open, &passphrase("")).unwrap_err();
    let said = "certificate 2 of the file is damaged: it names two different signature algorithms";
    assert_eq!(error.to_string(), said);
}

#[test]
fn nothing_secret_is_printed() {
    let file =
        Pkcs12::from_bytes(&exported(&["-inkey", "key.pem"]), &passphrase(PASSPHRASE)).unwrap();
    let printed = format!("{file:?}");
    assert!(printed.contains("PrivateKeyPem(..)") && !printed.contains("BEGIN"), "{printed}");
}

#[test]
fn a_damaged_file_is_refused_without_a_panic() {
    let file = exported(&["-inkey", "key.pem"]);
    proptest!(ProptestConfig::with_cases(64), |(place in any::<prop::sample::Index>(), change in 1_u8..)| {
        let mut file = file.clone();
        let place = place.index(file.len());
        file[place] ^= change;
        let _ = Pkcs12::from_bytes(&file, &passphrase(PASSPHRASE));
    });
}

#[test]
fn a_key_file_is_pem_alone_or_pkcs12_with_its_certificates() {
    use crate::KeyFile;

    let pem = KeyFile::from_bytes(keys::FIRST.as_bytes(), None).unwrap();
    let (from_pem, certificates) = pem.into_parts();
    assert_eq!(certificates.len(), 0);

    let pkcs12 = exported(&["-inkey", "key.pem"]);
    let file = KeyFile::from_bytes(&pkcs12, Some(&passphrase(PASSPHRASE))).unwrap();
    let (from_pkcs12, certificates) = file.into_parts();
    assert_eq!(from_pkcs12.public_key(), from_pem.public_key());
    assert_eq!(certificates.len(), 2);

    let wrong = passphrase("wrong");
    let without_key = exported(&["-nokeys"]);
    let right = passphrase(PASSPHRASE);
    #[rustfmt::skip]
    let table: [(&[u8], Option<&Passphrase>, &str); 3] = [
        (&pkcs12,      None,         "passphrase_missing"),
        (&pkcs12,      Some(&wrong), "passphrase_wrong"),
        (&without_key, Some(&right), "certificate_malformed"),
    ];
    for (bytes, passphrase, reason) in table {
        assert_eq!(KeyFile::from_bytes(bytes, passphrase).unwrap_err().reason_name(), reason);
    }
}
