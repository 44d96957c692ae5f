//! What algorithms and keys are called: by the names of x509-parser's registry, which are OpenSSL's for the most part, or
//! by the numbers of their object identifiers.
//!
//! The numbers are read here, since x509-parser keeps the octets unchecked, and its own printing takes the first octet for
//! two numbers whatever it holds, which is wrong from 2.40 on.

use std::fmt::Write;

use x509_parser::{
    asn1_rs::{FromDer, Oid},
    objects::{oid_registry, oid2sn},
    public_key::RSAPublicKey,
    x509::SubjectPublicKeyInfo,
};

/// The kind and size of a key, such as `RSA, 2048 bits`; `None` if it is damaged.
pub(crate) fn key(key: &SubjectPublicKeyInfo<'_>) -> Option<String> {
    let name = algorithm(&key.algorithm.algorithm)?;
    Some(match name.as_str() {
        "rsaEncryption" => format!("RSA, {} bits", modulus_bits(key)?),
        "rsassa-pss" => format!("RSA for RSASSA-PSS only, {} bits", modulus_bits(key)?),
        "id-ecPublicKey" => {
            let curve = key.algorithm.parameters.as_ref().and_then(|it| Oid::try_from(it).ok());
            let curve = curve.and_then(|curve| algorithm(&curve));
            format!("elliptic curve, {}", curve.as_deref().unwrap_or("with its own parameters"))
        }
        _ => name,
    })
}

/// The exact length of the modulus; that of x509-parser is rounded to whole octets.
fn modulus_bits(key: &SubjectPublicKeyInfo<'_>) -> Option<usize> {
    let (_, key) = RSAPublicKey::from_der(&key.subject_public_key.data).ok()?;
    if let [0x80..=0xff, ..] = key.modulus {
        return None;
    }
    // A zero octet in front keeps a number from being negative.
    let ([0, modulus @ ..] | modulus) = key.modulus;
    let first = modulus.first()?;
    Some(modulus.len() * 8 - first.leading_zeros() as usize)
}

/// The name of an algorithm or a curve, such as `sha256WithRSAEncryption`; `None` if it is no object identifier.
pub(crate) fn algorithm(oid: &Oid<'_>) -> Option<String> {
    let numbers = dotted(oid.as_bytes())?;
    Some(oid2sn(oid, oid_registry()).map_or(numbers, str::to_owned))
}

/// Whether a signature's hash is MD2, MD4, MD5 or SHA-1, for which collisions can be made (RFC 6151, RFC 6194).
pub(crate) fn is_weak(oid: &Oid<'_>) -> bool {
    let numbers = dotted(oid.as_bytes());
    numbers.is_some_and(|numbers| WEAK_SIGNATURES.contains(&numbers.as_str()))
}

/// The numbers of an object identifier with dots between them (X.690 §8.19), `None` if `octets` are not one.
///
/// A number of more than 128 bits, which is longer than any UUID, is written in hexadecimal.
pub(crate) fn dotted(octets: &[u8]) -> Option<String> {
    let mut text = String::new();
    for number in octets.split_inclusive(|octet| octet & 0x80 == 0) {
        // A number has no zeros in front, and its last octet alone begins with a zero bit.
        let (first, last) = (*number.first()?, *number.last()?);
        if first == 0x80 || last & 0x80 != 0 {
            return None;
        }
        if text.is_empty() {
            write_first_two(&mut text, number);
        } else {
            text.push('.');
            write_number(&mut text, number, 0);
        }
    }
    (!text.is_empty()).then_some(text)
}

/// The first number is 0, 1 or 2; it and the second are encoded as one: forty times the first, plus the second.
fn write_first_two(text: &mut String, number: &[u8]) {
    let first = match number {
        [octet @ 0..80] => octet / 40,
        _ => 2,
    };
    text.push(char::from(b'0' + first));
    text.push('.');
    write_number(text, number, u128::from(first) * 40);
}

/// Appends what the low seven bits of the octets make, less `offset`.
fn write_number(text: &mut String, octets: &[u8], offset: u128) {
    let value = octets.iter().try_fold(0_u128, |value, octet| {
        let shifted = value.checked_mul(128)?;
        Some(shifted | u128::from(octet & 0x7f))
    });
    let written = match value {
        Some(value) => write!(text, "{}", value - offset),
        None => octets.iter().try_fold((), |(), octet| write!(text, "{:02X}", octet & 0x7f)),
    };
    written.expect("a String takes all that is written");
}

/// Octets as pairs of digits, with `separator` between two of them.
pub(crate) fn hexadecimal(octets: &[u8], separator: &str) -> String {
    let mut text = String::with_capacity(octets.len() * (2 + separator.len()));
    for (index, octet) in octets.iter().enumerate() {
        if index > 0 {
            text.push_str(separator);
        }
        for digit in [octet >> 4, octet & 0xf] {
            text.push(char::from(DIGITS[usize::from(digit)]));
        }
    }
    text
}

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// RSA with each of the four, ECDSA and DSA with SHA-1.
const WEAK_SIGNATURES: [&str; 6] = [
    "1.2.840.113549.1.1.2",
    "1.2.840.113549.1.1.3",
    "1.2.840.113549.1.1.4",
    "1.2.840.113549.1.1.5",
    "1.2.840.10045.4.1",
    "1.2.840.10040.4.3",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_of_any_size_are_read_and_what_is_not_der_is_not() {
        #[rustfmt::skip]
        let table: [(&[u8], Option<&str>); 14] = [
            (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1], Some("1.2.840.113549.1.1.1")),
            (&[0],                  Some("0.0")),
            (&[39],                 Some("0.39")),
            (&[40],                 Some("1.0")),
            (&[79],                 Some("1.39")),
            (&[80],                 Some("2.0")),
            (&[120],                Some("2.40")),
            (&[0x88, 0x37, 1],      Some("2.999.1")),
            (&[0x69, 0x83, 0xf0, 0x9d, 0xa7, 0xeb, 0xcf, 0xde, 0xe0, 0xc7, 0xa1, 0xa7, 0xb2, 0xc0, 0x94, 0x8c, 0xc8, 0xf9, 0xd7, 0x76],
                Some("2.25.329800735698586629295641978511506172918")),
            (&[],                   None),
            (&[0x80, 1],            None),
            (&[0x2a, 0x80, 1],      None),
            (&[0x2a, 0x86],         None),
            (&[0x86],               None),
        ];
        for (octets, expected) in table {
            assert_eq!(dotted(octets).as_deref(), expected, "{octets:02x?}");
        }
        let long = dotted(&[[0x2a].as_slice(), &[0xff; 30], &[0x7f]].concat()).unwrap();
        assert_eq!(long, format!("1.2.{}", "7F".repeat(31)));
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = dotted(&octets);
        }
    }
}
