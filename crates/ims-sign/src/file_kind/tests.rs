//! Files that people give in place of a key are named, also those of other tools.

use std::{path::Path, process::Command};

use base64::{Engine, prelude::BASE64_STANDARD};
use ims_testkit::{certificates, keys};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::error::KeyError;

#[track_caller]
fn der(pem: &str) -> Vec<u8> {
    pem::blocks(pem.as_bytes()).unwrap()[0].der().to_vec()
}

#[test]
fn the_first_elements_show_what_a_file_is() {
    let label = |label: &str| format!("-----BEGIN {label}-----\nAQID\n-----END {label}-----\n");
    let utf16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        keys::FIRST.encode_utf16().flat_map(bytes).collect()
    };
    let base64_of_pem = BASE64_STANDARD.encode(keys::FIRST);
    #[rustfmt::skip]
    let table: Vec<(Vec<u8>, FileKind)> = vec![
        (vec![],                                  FileKind::Empty),
        (b" \r\n\t".to_vec(),                     FileKind::Empty),
        (vec![b'-'; pem::MAX_LENGTH + 1],         FileKind::TooLong),
        (vec![b'-'; pem::MAX_LENGTH],             FileKind::Other),
        (keys::FIRST.into(),                      FileKind::PrivateKey),
        (keys::FIRST_PKCS1.into(),                FileKind::PrivateKey),
        (base64_of_pem.into(),                    FileKind::PrivateKey),
        (keys::FIRST_PBES2_AES256_SHA256.into(),  FileKind::EncryptedPrivateKey),
        (keys::FIRST_LEGACY_AES256.into(),        FileKind::EncryptedPrivateKey),
        (label("EC PRIVATE KEY").into(),          FileKind::EcPrivateKey),
        (label("DSA PRIVATE KEY").into(),         FileKind::DsaPrivateKey),
        (keys::FIRST_PUBLIC.into(),               FileKind::PublicKey),
        (keys::FIRST_PUBLIC_PKCS1.into(),         FileKind::PublicKey),
        (certificates::FIRST.into(),              FileKind::Certificate),
        (label("TRUSTED CERTIFICATE").into(),     FileKind::Certificate),
        (label("NEW CERTIFICATE REQUEST").into(), FileKind::CertificateRequest),
        (label("X509 CRL").into(),                FileKind::RevocationList),
        (label("PKCS7").into(),                   FileKind::Pkcs7Pem),
        (label("OPENSSH PRIVATE KEY").into(),     FileKind::OpenSshPrivateKey),
        (label("PGP MESSAGE").into(),             FileKind::OtherPem),
        (keys::FIRST[..800].into(),               FileKind::DamagedPem),
        (b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB me".to_vec(), FileKind::SshPublicKey),
        (b"---- BEGIN SSH2 PUBLIC KEY ----".to_vec(), FileKind::SshPublicKey),
        (b"PuTTY-User-Key-File-2: ssh-rsa".to_vec(), FileKind::Putty),
        (b"\xfe\xed\xfe\xed\0\0\0\x02".to_vec(), FileKind::JavaKeyStore),
        (b"\xce\xce\xce\xce\0\0\0\x02".to_vec(), FileKind::JavaKeyStore),
        (br#"{"kty":"RSA","n":"AQAB"}"#.to_vec(), FileKind::Jwk),
        (br#" {"keys":[]} "#.to_vec(),            FileKind::JwkSet),
        (br#"{"client_id":"x"}"#.to_vec(),        FileKind::Json),
        (b"[]".to_vec(),                          FileKind::Json),
        (utf16(u16::to_le_bytes),                 FileKind::Utf16),
        (utf16(u16::to_be_bytes),                 FileKind::Utf16),
        (b"\xff\xfe-\0".to_vec(),                 FileKind::Utf16),
        (b"\n<!DOCTYPE html><title>".to_vec(),    FileKind::Html),
        (b"<HTML>".to_vec(),                      FileKind::Html),
        (b"<RSAKeyValue>".to_vec(),               FileKind::Xml),
        (b"pkcs11:object=key".to_vec(),           FileKind::Pkcs11Uri),
        (b"hello".to_vec(),                       FileKind::Other),
        (b"{".to_vec(),                           FileKind::Other),
        (der(certificates::FIRST),                FileKind::Certificate),
        (der(certificates::EC),                   FileKind::Certificate),
        (der(keys::FIRST),                        FileKind::PrivateKey),
        (der(keys::FIRST_PKCS1),                  FileKind::PrivateKey),
        (vec![0x30, 7, 2, 1, 1, 4, 2, 1, 0x80],   FileKind::EcPrivateKey),
        // The second version of PKCS#8 (RFC 5958).
        (vec![0x30, 5, 2, 1, 1, 0x30, 0],         FileKind::PrivateKey),
        // A certificate of version 1, and both dates of a revocation list of version 1.
        (vec![0x30, 14, 0x30, 12, 2, 1, 5, 0x30, 3, 6, 1, 0x2a, 0x30, 0, 0x30, 0], FileKind::Certificate),
        (vec![0x30, 11, 0x30, 9, 0x30, 3, 6, 1, 0x2a, 0x30, 0, 0x17, 0], FileKind::RevocationList),
        (vec![0x30, 11, 0x30, 9, 0x30, 3, 6, 1, 0x2a, 0x30, 0, 0x18, 0], FileKind::RevocationList),
        (vec![0x30, 11, 0x30, 9, 0x30, 3, 6, 1, 0x2a, 0x30, 0, 2, 0], FileKind::OtherDer),
        // An algorithm alone is neither a key nor an encrypted key.
        (vec![0x30, 7, 0x30, 3, 6, 1, 0x2a, 0x30, 0], FileKind::OtherDer),
        // Text may begin with a 0, as a SEQUENCE does.
        (b"0123 hello".to_vec(),                  FileKind::Other),
        (der(keys::FIRST_PBES2_AES256_SHA256),    FileKind::EncryptedPrivateKey),
        (der(keys::FIRST_PUBLIC),                 FileKind::PublicKey),
        (der(certificates::FIRST)[..99].into(),   FileKind::OtherDer),
        (vec![0x30, 0],                           FileKind::OtherDer),
        (BASE64_STANDARD.encode(der(certificates::FIRST)).into(), FileKind::Certificate),
    ];
    for (file, kind) in table {
        let start = String::from_utf8_lossy(&file[..file.len().min(40)]).into_owned();
        assert_eq!(FileKind::of(&file), kind, "{start:?}");
    }
}

#[test]
fn each_kind_that_a_tool_converts_names_the_command() {
    #[rustfmt::skip]
    let table = [
        (FileKind::Pkcs12,            Some("openssl pkcs12 -in FILE -nocerts"),  Some("openssl pkcs12 -in FILE -clcerts -nokeys")),
        (FileKind::Pkcs7Pem,          None,                                      Some("openssl pkcs7 -in FILE -print_certs")),
        (FileKind::Pkcs7Der,          None,                                      Some("openssl pkcs7 -inform DER -in FILE -print_certs")),
        (FileKind::OpenSshPrivateKey, Some("ssh-keygen -p -m PKCS8 -f FILE"),    None),
        (FileKind::Putty,             Some("puttygen FILE -O private-openssh"),  None),
        (FileKind::JavaKeyStore,      Some("keytool -importkeystore -srckeystore FILE"), Some("keytool -importkeystore -srckeystore FILE")),
        (FileKind::Jwk,               Some("node -p"),                           None),
        (FileKind::Utf16,             Some("iconv -f UTF-16 -t UTF-8 FILE > private.key"), Some("iconv -f UTF-16 -t UTF-8 FILE > certificate.pem")),
        (FileKind::PrivateKey,        None,                                      None),
        (FileKind::Certificate,       None,                                      None),
        (FileKind::Other,             None,                                      None),
    ];
    for (kind, to_private_key, to_certificate) in table {
        for (command, start) in
            [(kind.to_private_key(), to_private_key), (kind.to_certificate(), to_certificate)]
        {
            match (command, start) {
                (Some(command), Some(start)) => assert!(command.starts_with(start), "{command}"),
                (command, start) => assert_eq!(command, start, "{kind:?}"),
            }
        }
        let no_private_key = KeyError::NoPrivateKey { found: kind };
        assert_eq!(no_private_key.conversion(), kind.to_private_key());
        let no_public_key = KeyError::NoPublicKey { found: kind };
        assert_eq!(no_public_key.conversion(), kind.to_certificate());
    }
}

#[test]
fn the_files_that_openssl_makes_are_recognised() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("key"), keys::FIRST).unwrap();
    std::fs::write(path("cert"), certificates::FIRST).unwrap();
    std::fs::write(path("index"), "").unwrap();
    let ca = format!("[ca]\ndefault_ca=d\n[d]\ndatabase={}\ndefault_md=sha256\n", path("index"));
    std::fs::write(path("config"), ca).unwrap();
    let (key, cert, config) = (path("key"), path("cert"), path("config"));
    #[rustfmt::skip]
    let table = [
        (vec!["pkcs12", "-export", "-inkey", &key, "-in", &cert, "-passout", "pass:x"], FileKind::Pkcs12),
        (vec!["crl2pkcs7", "-nocrl", "-certfile", &cert], FileKind::Pkcs7Pem),
        (vec!["crl2pkcs7", "-nocrl", "-certfile", &cert, "-outform", "DER"], FileKind::Pkcs7Der),
        (vec!["req", "-new", "-key", &key, "-subj", "/CN=x"], FileKind::CertificateRequest),
        (vec!["req", "-new", "-key", &key, "-subj", "/CN=x", "-outform", "DER"], FileKind::CertificateRequest),
        (vec!["req", "-x509", "-key", &key, "-subj", "/CN=x", "-outform", "DER"], FileKind::Certificate),
        (vec!["ca", "-gencrl", "-config", &config, "-keyfile", &key, "-cert", &cert, "-crldays", "1"], FileKind::RevocationList),
        (vec!["ecparam", "-name", "prime256v1", "-genkey", "-noout"], FileKind::EcPrivateKey),
        (vec!["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-outform", "DER"], FileKind::EcPrivateKey),
    ];
    for (arguments, kind) in table {
        let file = openssl(&arguments, folder.path());
        assert_eq!(FileKind::of(&file), kind, "{arguments:?}");
        if kind == FileKind::RevocationList {
            assert_eq!(FileKind::of(&der(std::str::from_utf8(&file).unwrap())), kind);
        }
    }
}

/// What openssl writes to its standard output.
#[track_caller]
fn openssl(arguments: &[&str], folder: &Path) -> Vec<u8> {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("openssl, which cargo xtask test installs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(file in proptest::collection::vec(any::<u8>(), 0..60), text in "\\PC{0,40}") {
        let _ = FileKind::of(&file);
        let _ = FileKind::of(text.as_bytes());
        let _ = FileKind::of(&[&[0x30, 0x82][..], &file].concat());
    }
}
