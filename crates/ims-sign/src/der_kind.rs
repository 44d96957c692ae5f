//! What a DER file is, for errors that have to say so. The first elements of a structure tell those apart that are met
//! beside private keys; nothing is checked behind them.

use der::{Decode, Reader, SliceReader, asn1::AnyRef};

/// What `file` is: one whole structure, or something that is not known here.
pub(crate) fn describe(file: &[u8]) -> &'static str {
    AnyRef::from_der(file)
        .ok()
        .and_then(|whole| kind(whole.value()))
        .unwrap_or("DER of another kind")
}

fn kind(content: &[u8]) -> Option<&'static str> {
    let mut reader = SliceReader::new(content).ok()?;
    let (first, second) = (AnyRef::decode(&mut reader).ok()?, reader.peek_byte());
    Some(match (content.first()?, first.value()) {
        // A version: 0 and 1 in private keys (RFC 5208, RFC 8017, RFC 5915), 3 in PKCS#12 (RFC 7292).
        (0x02, [1]) if second == Some(0x04) => "an elliptic curve private key",
        (0x02, [0 | 1]) => "a private key",
        (0x02, [3]) => "a PKCS#12 file",
        (0x02, _) => "a public key",
        // The object identifier of PKCS#7's content (RFC 2315).
        (0x06, _) => "a PKCS#7 file",
        // An algorithm, before a key or what it is encrypted to (RFC 5280, RFC 5208).
        (0x30, [0x06, ..]) if second == Some(0x03) => "a public key",
        (0x30, [0x06, ..]) if second == Some(0x04) => "an encrypted private key",
        // Version 3 of a certificate (RFC 5280), and version 0 of a request before its subject (RFC 2986).
        (0x30, [0xa0, 3, 2, 1, ..]) => "a certificate",
        (0x30, [0x02, 1, 0, 0x30, ..]) => "a certificate request",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pem::blocks;
    use ims_testkit::{certificates, keys};

    #[test]
    fn the_first_elements_tell_what_it_is() {
        let der = |pem: &str| blocks(pem.as_bytes()).unwrap()[0].der().to_vec();
        let pkcs12 = [0x30, 0x05, 0x02, 1, 3, 0x30, 0];
        let pkcs7 = [0x30, 0x0b, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
        let request = [0x30, 0x07, 0x30, 5, 0x02, 1, 0, 0x30, 0];
        #[rustfmt::skip]
        let table = [
            (der(certificates::FIRST),              "a certificate"),
            (der(certificates::EC),                 "a certificate"),
            (der(keys::FIRST),                      "a private key"),
            (vec![0x30, 7, 2, 1, 1, 4, 2, 1, 2],    "an elliptic curve private key"),
            (der(keys::FIRST_PBES2_AES256_SHA256),  "an encrypted private key"),
            (der(keys::FIRST_PUBLIC),               "a public key"),
            (pkcs12.to_vec(),                       "a PKCS#12 file"),
            (pkcs7.to_vec(),                        "a PKCS#7 file"),
            (request.to_vec(),                      "a certificate request"),
            (der(certificates::FIRST)[..99].into(), "DER of another kind"),
            (vec![0x30, 0],                         "DER of another kind"),
        ];
        for (file, said) in table {
            assert_eq!(describe(&file), said, "{file:02x?}");
        }
    }
}
