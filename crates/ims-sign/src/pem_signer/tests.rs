//! Every form of a key file makes the same signature, and files that cannot sign are refused with the reason.

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use ims_claims::{
    AssertionLifetime, CompactJwt, Environment, Metascope, NumericDate, ServiceAccount,
};
use ims_testkit::{PASSPHRASE, certificates, keys};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::{VerificationKeys, VerifyError, pem, sign_assertion};

#[track_caller]
fn signer(file: &[u8]) -> PemSigner {
    PemSigner::from_bytes(file, Some(&passphrase())).unwrap()
}

fn passphrase() -> Passphrase {
    Passphrase::new(PASSPHRASE.to_owned())
}

#[track_caller]
fn sign(signer: &impl Signer, message: &[u8]) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(signer.sign(message)).unwrap().as_bytes().to_vec()
}

fn pem_to_der(pem: &str) -> Vec<u8> {
    pem::blocks(pem.as_bytes()).unwrap()[0].der().to_vec()
}

#[test]
fn every_form_of_one_key_makes_the_same_signature() {
    let signature = sign(&signer(keys::FIRST.as_bytes()), b"message");
    let pkcs8 = pem_to_der(keys::FIRST);
    let pkcs1 = pem_to_der(keys::FIRST_PKCS1);
    let base64 = BASE64_STANDARD.encode(&pkcs8);
    let bundle = format!("{}{}", certificates::FIRST, keys::FIRST);
    let mislabelled = keys::FIRST_PKCS1.replace("RSA PRIVATE KEY", "PRIVATE KEY");
    let escaped_legacy = keys::FIRST_LEGACY_AES256.replace('\n', "\\n");
    let spaced_legacy = keys::FIRST_LEGACY_AES256.replace('\n', " ");
    #[rustfmt::skip]
    let table: [(&str, &[u8], KeyFormat); 16] = [
        ("pkcs8",          keys::FIRST.as_bytes(),                      KeyFormat::Pkcs8),
        ("pkcs8 der",      &pkcs8,                                      KeyFormat::Pkcs8),
        ("pkcs8 base64",   base64.as_bytes(),                           KeyFormat::Pkcs8),
        ("pkcs1",          keys::FIRST_PKCS1.as_bytes(),                KeyFormat::Pkcs1),
        ("pkcs1 der",      &pkcs1,                                      KeyFormat::Pkcs1),
        ("mislabelled",    mislabelled.as_bytes(),                      KeyFormat::Pkcs1),
        ("bundle",         bundle.as_bytes(),                           KeyFormat::Pkcs8),
        ("aes-256 sha256", keys::FIRST_PBES2_AES256_SHA256.as_bytes(),  KeyFormat::EncryptedPkcs8),
        ("aes-128 sha1",   keys::FIRST_PBES2_AES128_SHA1.as_bytes(),    KeyFormat::EncryptedPkcs8),
        ("3des sha512",    keys::FIRST_PBES2_DES3_SHA512.as_bytes(),    KeyFormat::EncryptedPkcs8),
        ("legacy aes-128", keys::FIRST_LEGACY_AES128.as_bytes(),        KeyFormat::LegacyEncryptedPem),
        ("legacy aes-192", keys::FIRST_LEGACY_AES192.as_bytes(),        KeyFormat::LegacyEncryptedPem),
        ("legacy aes-256", keys::FIRST_LEGACY_AES256.as_bytes(),        KeyFormat::LegacyEncryptedPem),
        ("legacy 3des",    keys::FIRST_LEGACY_DES3.as_bytes(),          KeyFormat::LegacyEncryptedPem),
        ("legacy escaped", escaped_legacy.as_bytes(),                   KeyFormat::LegacyEncryptedPem),
        ("legacy 1 line",  spaced_legacy.as_bytes(),                    KeyFormat::LegacyEncryptedPem),
    ];
    for (what, file, format) in table {
        let signer = signer(file);
        assert_eq!(
            (sign(&signer, b"message"), signer.format()),
            (signature.clone(), format),
            "{what}"
        );
    }
}

#[test]
fn a_format_is_named_by_its_standard() {
    #[rustfmt::skip]
    let table = [
        (KeyFormat::Pkcs8,              "PKCS#8"),
        (KeyFormat::Pkcs1,              "PKCS#1"),
        (KeyFormat::EncryptedPkcs8,     "PKCS#8, encrypted with PBES2"),
        (KeyFormat::LegacyEncryptedPem, "PKCS#1, encrypted inside PEM"),
    ];
    for (format, name) in table {
        assert_eq!(format.to_string(), name);
    }
}

#[test]
fn a_key_that_cannot_sign_for_ims_is_refused_with_the_reason() {
    let no_end = &keys::FIRST[..800];
    let damaged = keys::FIRST.replacen("MIIE", "MIIF", 1);
    let ec = "-----BEGIN EC PRIVATE KEY-----\nAQID\n-----END EC PRIVATE KEY-----";
    let dsa = "-----BEGIN DSA PRIVATE KEY-----\nAQID\n-----END DSA PRIVATE KEY-----";
    #[rustfmt::skip]
    let table = [
        (keys::SMALL,              "the key has 1024 bits, and RS256 needs 2048 to 8192"),
        (keys::PSS,                "the key is restricted to RSASSA-PSS, and RS256 is RSASSA-PKCS1-v1_5"),
        (keys::EC,                 "the key is an elliptic curve key, and RS256 needs an RSA key"),
        (ec,                       "the key is an elliptic curve key, and RS256 needs an RSA key"),
        (dsa,                      "the key is a DSA key, and RS256 needs an RSA key"),
        (keys::FIRST_PUBLIC,       "this is a public key, not a private key"),
        (certificates::FIRST,      "this is a certificate, not a private key"),
        (keys::FIRST_PBES2_SCRYPT, "the private key is encrypted with scrypt, which is not supported"),
        (keys::FIRST_PBES1_3DES,   "the private key is encrypted with PBE-SHA1-3DES, which is not supported"),
        (no_end,                   "a PEM block has no END line"),
        (damaged.as_str(),         "the private key is damaged"),
        ("",                       "this is an empty file, not a private key"),
        ("{}",                     "this is JSON, not a private key"),
        ("hello",                  "this is a file of an unknown kind, not a private key"),
    ];
    for (file, said) in table {
        let error = PemSigner::from_bytes(file.as_bytes(), Some(&passphrase())).unwrap_err();
        assert_eq!(error.to_string(), said);
    }
}

#[test]
fn a_file_with_two_different_private_keys_is_refused_and_one_with_the_same_twice_is_read() {
    let pair = |one: &str, other: &str| {
        let file = format!("{one}{}{other}", certificates::FIRST);
        PemSigner::from_bytes(file.as_bytes(), Some(&passphrase())).map(|signer| signer.format())
    };
    let several = Err(KeyError::SeveralKeys { count: 2 });
    #[rustfmt::skip]
    let table = [
        (keys::FIRST,       keys::FIRST,                      Ok(KeyFormat::Pkcs8)),
        (keys::FIRST,       keys::FIRST_PKCS1,                Ok(KeyFormat::Pkcs8)),
        (keys::FIRST_PKCS1, keys::FIRST_PBES2_AES256_SHA256,  Ok(KeyFormat::Pkcs1)),
        (keys::FIRST,       keys::SECOND,                     several.clone()),
        (keys::FIRST,       keys::EC,                         several.clone()),
        (keys::EC,          keys::FIRST,                      several),
    ];
    for (one, other, read) in table {
        assert_eq!(pair(one, other), read);
    }
}

#[test]
fn a_file_that_holds_something_else_comes_with_the_command_that_converts_it() {
    let open_ssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nAQID\n-----END OPENSSH PRIVATE KEY-----";
    #[rustfmt::skip]
    let table: [(&[u8], Option<&str>); 6] = [
        (open_ssh.as_bytes(),                   Some("ssh-keygen -p -m PKCS8 -f FILE")),
        (b"PuTTY-User-Key-File-3: ssh-rsa",     Some("puttygen FILE -O private-openssh -o private.key")),
        (&[0x30, 5, 2, 1, 3, 0x30, 0],          Some("openssl pkcs12 -in FILE -nocerts -nodes -out private.key")),
        (keys::FIRST_PBES1_3DES.as_bytes(),     Some("openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out private.key")),
        (certificates::FIRST.as_bytes(),        None),
        (keys::SMALL.as_bytes(),                None),
    ];
    for (file, command) in table {
        let error = PemSigner::from_bytes(file, Some(&passphrase())).unwrap_err();
        assert_eq!(error.conversion(), command, "{error}");
    }
}

#[test]
fn an_encrypted_key_needs_its_own_pass_phrase() {
    for file in
        [keys::FIRST_PBES2_AES256_SHA256, keys::FIRST_PBES2_DES3_SHA512, keys::FIRST_LEGACY_AES256]
    {
        let missing = PemSigner::from_bytes(file.as_bytes(), None).unwrap_err();
        assert_eq!(missing, KeyError::PassphraseMissing);
        let wrong = PemSigner::from_bytes(file.as_bytes(), Some(&Passphrase::new("wrong".into())))
            .unwrap_err();
        assert_eq!(wrong, KeyError::PassphraseWrong);
    }
}

#[test]
fn a_legacy_encryption_that_is_damaged_or_unknown_is_refused_with_the_reason() {
    let pem = keys::FIRST_LEGACY_AES256;
    let start = pem.find("AES-256-CBC,").unwrap();
    let end = start + pem[start..].find('\n').unwrap();
    let (own, iv) = (&pem[start..end], &pem[start + "AES-256-CBC,".len()..end]);
    let damaged = "the encrypted private key is damaged";
    #[rustfmt::skip]
    let table = [
        (format!("{own}0"),                      damaged),
        (format!("{own}00"),                     damaged),
        (own[..own.len() - 2].to_owned(),        damaged),
        (format!("{}xx", &own[..own.len() - 2]), damaged),
        (format!("{}\u{fc}", &own[..own.len() - 2]), damaged),
        ("AES-256-CBC,".to_owned(),              damaged),
        ("AES-256-CBC".to_owned(),               damaged),
        // Eight bytes are for triple DES alone, and sixteen for AES.
        (format!("DES-EDE3-CBC,{iv}"),           damaged),
        (format!("AES-256-CBC,{}", &iv[..16]),   damaged),
        (format!("RC2-CBC,{iv}"),                "the private key is encrypted with RC2-CBC, which is not supported"),
        (format!("R\u{1}C\u{fc}2,{iv}"),         "the private key is encrypted with RC2, which is not supported"),
        (format!("{}y,{iv}", "X".repeat(24)),    "the private key is encrypted with XXXXXXXXXXXXXXXXXXXXXXXX, which is not supported"),
    ];
    for (info, said) in table {
        let file = pem.replacen(own, &info, 1);
        let error = PemSigner::from_bytes(file.as_bytes(), Some(&passphrase())).unwrap_err();
        assert_eq!(error.to_string(), said, "{info}");
    }
}

#[test]
fn a_wrong_pass_phrase_is_never_reported_as_damage() {
    // With one in 256 the padding is right by accident, so a thousand include that case.
    for number in 0..1000 {
        let passphrase = Passphrase::new(format!("wrong {number}"));
        let error = PemSigner::from_bytes(keys::FIRST_LEGACY_AES128.as_bytes(), Some(&passphrase))
            .unwrap_err();
        assert_eq!(error, KeyError::PassphraseWrong, "{number}");
    }
}

#[test]
fn neither_debug_nor_an_error_shows_a_secret() {
    let signer = signer(keys::FIRST.as_bytes());
    assert_eq!(format!("{signer:?} {:?}", passphrase()), "PemSigner(RSA 2048) Passphrase(..)");
}

#[test]
fn the_signature_of_rfc_7515_appendix_a_2_is_made_byte_for_byte() {
    let signer = signer(include_bytes!("../../testdata/rfc7515-a2.pem"));
    let (signing_input, signature) =
        include_str!("../../testdata/rfc7515-a2.jwt").trim_end().rsplit_once('.').unwrap();
    let made = sign(&signer, signing_input.as_bytes());
    assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(made), signature);
}

#[test]
fn openssl_makes_the_same_signature_for_every_length_of_key() {
    let folder = TempDir::new().unwrap();
    let message = folder.path().join("message");
    std::fs::write(&message, "a message").unwrap();
    for key in [keys::FIRST, keys::SECOND, keys::LARGE] {
        let file = folder.path().join("key.pem");
        std::fs::write(&file, key).unwrap();
        let output = std::process::Command::new("openssl")
            .args(["dgst", "-sha256", "-sign"])
            .args([&file, &message])
            .output()
            .expect("openssl, which cargo xtask test installs");
        assert_eq!(sign(&signer(key.as_bytes()), b"a message"), output.stdout);
    }
}

#[test]
fn jsonwebtoken_verifies_our_assertion() {
    let account = ServiceAccount::new(
        "client".parse().unwrap(),
        "A@AdobeOrg".parse().unwrap(),
        "B@techacct.adobe.com".parse().unwrap(),
        [Metascope::ENT_USER_SDK],
    )
    .unwrap();
    let now = NumericDate::from_secs(4_102_444_800);
    let claims = account.claims(&Environment::production(), now, AssertionLifetime::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let assertion =
        runtime.block_on(sign_assertion(&claims, &signer(keys::FIRST.as_bytes()))).unwrap();

    let key = jsonwebtoken::DecodingKey::from_rsa_pem(certificates::FIRST.as_bytes()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&["https://ims-na1.adobelogin.com/c/client"]);
    let read =
        jsonwebtoken::decode::<serde_json::Value>(assertion.expose_secret(), &key, &validation)
            .unwrap();
    assert_eq!(read.claims, serde_json::to_value(&claims).unwrap());

    let jwt = CompactJwt::parse(assertion.expose_secret()).unwrap();
    let other = PublicKey::from_bytes(certificates::SECOND.as_bytes()).unwrap();
    let other = VerificationKeys::from(&other);
    assert_eq!(other.verify(Algorithm::Rs256, &jwt), Err(VerifyError::Signature));
}

proptest! {
    #[test]
    fn no_damage_to_a_file_makes_it_panic_or_sign(at in 0_usize..1190, byte in any::<u8>()) {
        let mut der = pem_to_der(keys::FIRST);
        let before = std::mem::replace(&mut der[at], byte);
        if let Ok(signer) = PemSigner::from_bytes(&der, None) {
            // Only a byte that does not matter may be changed: the key is still the same.
            prop_assert!(before == byte || signer.public_key() == self::signer(keys::FIRST.as_bytes()).public_key());
        }
    }
}
