//! The names of algorithms and keys: those of x509-parser's registry, mostly the same as OpenSSL's, or the numbers of their
//! object identifiers.
//!
//! The numbers are read here, since x509-parser does not check the octets, and prints the first octet as two numbers, which
//! is wrong from 2.40 on.

use x509_parser::{
    asn1_rs::{FromDer, Oid, oid},
    objects::{oid_registry, oid2sn},
    public_key::RSAPublicKey,
    x509::SubjectPublicKeyInfo,
};

/// The algorithm of a key, such as `RSA`, and the length of an RSA modulus in bits; `None` if it is damaged.
pub(crate) fn key(key: &SubjectPublicKeyInfo<'_>) -> Option<(String, Option<u64>)> {
    let name = algorithm(&key.algorithm.algorithm)?;
    Some(match name.as_str() {
        "rsaEncryption" => ("RSA".to_owned(), Some(modulus_bits(key)?)),
        "rsassa-pss" => ("RSA for RSASSA-PSS only".to_owned(), Some(modulus_bits(key)?)),
        "id-ecPublicKey" => {
            let curve = key.algorithm.parameters.as_ref().and_then(|it| Oid::try_from(it).ok());
            let curve = curve.and_then(|curve| algorithm(&curve));
            let curve = curve.as_deref().unwrap_or("with its own parameters");
            (format!("elliptic curve, {curve}"), None)
        }
        _ => (name, None),
    })
}

/// The exact length of the modulus; that of x509-parser is rounded to whole octets.
fn modulus_bits(key: &SubjectPublicKeyInfo<'_>) -> Option<u64> {
    let (_, key) = RSAPublicKey::from_der(&key.subject_public_key.data).ok()?;
    bits(key.modulus)
}

/// The length of a number in bits; `None` if it is not above zero.
fn bits(octets: &[u8]) -> Option<u64> {
    let is_negative = octets.first().is_some_and(|first| first & 0x80 != 0);
    let first = octets.iter().position(|octet| *octet != 0).filter(|_| !is_negative)?;
    let length = u64::try_from(octets.len() - first).ok()?;
    Some(length * 8 - u64::from(octets[first].leading_zeros()))
}

/// The name of an algorithm or a curve, such as `sha256WithRSAEncryption`; `None` if it is not an object identifier.
pub(crate) fn algorithm(oid: &Oid<'_>) -> Option<String> {
    // Nearly all keys and signatures have these algorithms, and making the registry takes longer than reading ten
    // certificates.
    if let Some((_, name)) = USUAL.iter().find(|(usual, _)| usual == oid) {
        return Some((*name).to_owned());
    }
    if !is_identifier(oid) {
        return None;
    }
    Some(oid2sn(oid, oid_registry()).map_or_else(|_| dotted(oid), str::to_owned))
}

/// Whether a signature's hash is MD2, MD4, MD5 or SHA-1, for which collisions can be made (RFC 6151, RFC 6194).
pub(crate) fn is_weak(oid: &Oid<'_>) -> bool {
    WEAK_SIGNATURES.contains(oid)
}

/// Whether these are the octets of an object identifier (X.690 §8.19): its last number has an end, and none has zeros in
/// front.
pub(crate) fn is_identifier(oid: &Oid<'_>) -> bool {
    let has_end = oid.as_bytes().last().is_some_and(|last| last & 0x80 == 0);
    has_end && numbers(oid).all(|number| number[0] != 0x80)
}

/// The numbers of an object identifier with dots between them.
///
/// A number of more than 128 bits, which is longer than any UUID, is written in hexadecimal.
pub(crate) fn dotted(oid: &Oid<'_>) -> String {
    let mut text = String::new();
    for number in numbers(oid) {
        if text.is_empty() {
            // It is 0, 1 or 2, and is encoded as one with the second: forty times the first, plus the second.
            let first = if let [octet @ 0..80] = number { octet / 40 } else { 2 };
            text = format!("{first}.{}", decimal(number, u128::from(first) * 40));
        } else {
            text = text + "." + &decimal(number, 0);
        }
    }
    text
}

/// The octets of each number. Only the last of them begins with a zero bit.
fn numbers<'a>(oid: &'a Oid<'_>) -> impl Iterator<Item = &'a [u8]> {
    oid.as_bytes().split_inclusive(|octet| octet & 0x80 == 0)
}

/// What the low seven bits of the octets make, less `offset`.
fn decimal(octets: &[u8], offset: u128) -> String {
    let mut value = 0_u128;
    for octet in octets {
        let Some(shifted) = value.checked_mul(128) else { return hexadecimal(octets, "") };
        value = shifted | u128::from(octet & 0x7f);
    }
    value.saturating_sub(offset).to_string()
}

/// Octets as pairs of digits, with `separator` between two of them.
pub(crate) fn hexadecimal(octets: &[u8], separator: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = String::with_capacity(octets.len() * (2 + separator.len()));
    for (index, octet) in octets.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { separator });
        for digit in [octet >> 4, octet & 0x0f] {
            text.push(char::from(DIGITS[usize::from(digit)]));
        }
    }
    text
}

/// The usual algorithms of keys and signatures, with their names in the registry.
const USUAL: [(Oid<'_>, &str); 2] = [
    (oid!(1.2.840.113549.1.1.1), "rsaEncryption"),
    (oid!(1.2.840.113549.1.1.11), "sha256WithRSAEncryption"),
];

/// RSA with each of the four, ECDSA and DSA with SHA-1.
const WEAK_SIGNATURES: [Oid<'_>; 6] = [
    oid!(1.2.840.113549.1.1.2),
    oid!(1.2.840.113549.1.1.3),
    oid!(1.2.840.113549.1.1.4),
    oid!(1.2.840.113549.1.1.5),
    oid!(1.2.840.10045.4.1),
    oid!(1.2.840.10040.4.3),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The printed identifier, if it is one.
    fn printed(octets: &[u8]) -> Option<String> {
        let oid = Oid::new(octets.into());
        is_identifier(&oid).then(|| dotted(&oid))
    }

    #[test]
    fn numbers_of_any_size_are_read_and_only_from_der() {
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
            assert_eq!(printed(octets).as_deref(), expected, "{octets:02x?}");
        }
        let long = printed(&[[0x2a].as_slice(), &[0xff; 30], &[0x7f]].concat()).unwrap();
        assert_eq!(long, format!("1.2.{}", "FF".repeat(30) + "7F"));
    }

    #[test]
    fn a_usual_algorithm_has_its_name_in_the_registry() {
        for (oid, name) in USUAL {
            assert_eq!(oid2sn(&oid, oid_registry()), Ok(name));
        }
    }

    #[test]
    fn the_length_of_a_number_is_exact() {
        #[rustfmt::skip]
        let table: [(&[u8], Option<u64>); 7] = [
            (&[1],          Some(1)),
            (&[0x7f],       Some(7)),
            (&[0, 0x80],    Some(8)),
            (&[0, 1, 0],    Some(9)),
            (&[0],          None),
            (&[0x80, 1],    None),
            (&[],           None),
        ];
        for (octets, expected) in table {
            assert_eq!(bits(octets), expected, "{octets:02x?}");
        }
        assert_eq!(hexadecimal(&[0, 0x1f, 0xa0], ":"), "00:1F:A0");
        assert_eq!(hexadecimal(&[], ":"), "");
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_by_a_library_for_them(octets in proptest::collection::vec(any::<u8>(), 0..40)) {
            use x509_parser::num_bigint::{BigInt, Sign};
            let number = BigInt::from_signed_bytes_be(&octets);
            let expected = (number.sign() == Sign::Plus).then(|| number.bits());
            prop_assert_eq!(bits(&octets), expected);
        }

        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = (printed(&octets), dotted(&Oid::new(octets.into())));
        }
    }
}
