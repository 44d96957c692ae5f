//! What a certificate's key is and how the certificate is signed, in the words that people know.

use std::fmt;

use x509_parser::{
    asn1_rs::{Any, FromDer, Oid},
    public_key::RSAPublicKey,
    x509::{AlgorithmIdentifier, SubjectPublicKeyInfo},
};

use crate::oid;

/// The kind and the size of a certificate's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// RSA, the only kind that IMS takes.
    Rsa {
        /// The length of the modulus.
        bits: usize,
    },
    /// RSA restricted to RSASSA-PSS (RFC 4055 §1.2), which cannot make RS256 signatures.
    RsaPss {
        /// The length of the modulus.
        bits: usize,
    },
    /// An elliptic curve key (RFC 5480).
    EllipticCurve {
        /// The curve's name, or its object identifier.
        curve: String,
    },
    /// An Edwards curve key (RFC 8410).
    Edwards {
        /// `Ed25519` or `Ed448`.
        curve: &'static str,
    },
    /// A DSA key (RFC 3279 §2.3.2).
    Dsa,
    /// Any other.
    Other {
        /// The object identifier.
        oid: String,
    },
}

impl KeyAlgorithm {
    /// Reads the kind out of a `SubjectPublicKeyInfo`; `None` if it is damaged.
    pub(crate) fn read(key: &SubjectPublicKeyInfo<'_>) -> Option<Self> {
        let oid = oid::dotted(key.algorithm.algorithm.as_bytes())?;
        Some(match oid.as_str() {
            "1.2.840.113549.1.1.1" => Self::Rsa { bits: modulus_bits(key)? },
            "1.2.840.113549.1.1.10" => Self::RsaPss { bits: modulus_bits(key)? },
            "1.2.840.10045.2.1" => {
                Self::EllipticCurve { curve: curve_name(key.algorithm.parameters.as_ref()) }
            }
            "1.3.101.112" => Self::Edwards { curve: "Ed25519" },
            "1.3.101.113" => Self::Edwards { curve: "Ed448" },
            "1.2.840.10040.4.1" => Self::Dsa,
            _ => Self::Other { oid },
        })
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA, {bits} bits"),
            Self::RsaPss { bits } => write!(f, "RSA for RSASSA-PSS only, {bits} bits"),
            Self::EllipticCurve { curve } => write!(f, "elliptic curve {curve}"),
            Self::Edwards { curve } => f.write_str(curve),
            Self::Dsa => f.write_str("DSA"),
            Self::Other { oid } => write!(f, "unknown ({oid})"),
        }
    }
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

fn curve_name(parameters: Option<&Any<'_>>) -> String {
    let curve = parameters.and_then(|parameters| Oid::try_from(parameters).ok());
    match curve.and_then(|curve| oid::dotted(curve.as_bytes())).as_deref() {
        None => "with parameters of its own",
        Some("1.2.840.10045.3.1.7") => "P-256",
        Some("1.3.132.0.34") => "P-384",
        Some("1.3.132.0.35") => "P-521",
        Some(other) => other,
    }
    .to_owned()
}

/// How a certificate is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureAlgorithm {
    oid: String,
}

impl SignatureAlgorithm {
    /// `None` if it has no object identifier.
    pub(crate) fn read(algorithm: &AlgorithmIdentifier<'_>) -> Option<Self> {
        oid::dotted(algorithm.algorithm.as_bytes()).map(|oid| Self { oid })
    }

    /// Whether its hash is MD2, MD4, MD5 or SHA-1, for which collisions can be made (RFC 6151, RFC 6194).
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.known().is_some_and(|(_, _, strength)| *strength == Strength::Weak)
    }

    fn known(&self) -> Option<&'static (&'static str, &'static str, Strength)> {
        SIGNATURE_ALGORITHMS.iter().find(|(known, ..)| *known == self.oid)
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known() {
            Some((_, name, _)) => f.write_str(name),
            None => f.write_str(&self.oid),
        }
    }
}

#[derive(PartialEq)]
enum Strength {
    Weak,
    Sound,
}

/// The names that `openssl x509 -text` prints. The hash of `rsassaPss` is in its parameters and not looked at.
const SIGNATURE_ALGORITHMS: [(&str, &str, Strength); 18] = [
    ("1.2.840.113549.1.1.2", "md2WithRSAEncryption", Strength::Weak),
    ("1.2.840.113549.1.1.3", "md4WithRSAEncryption", Strength::Weak),
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption", Strength::Weak),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption", Strength::Weak),
    ("1.2.840.113549.1.1.10", "rsassaPss", Strength::Sound),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption", Strength::Sound),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption", Strength::Sound),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption", Strength::Sound),
    ("1.2.840.113549.1.1.14", "sha224WithRSAEncryption", Strength::Sound),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1", Strength::Weak),
    ("1.2.840.10045.4.3.1", "ecdsa-with-SHA224", Strength::Sound),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256", Strength::Sound),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384", Strength::Sound),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512", Strength::Sound),
    ("1.2.840.10040.4.3", "dsaWithSHA1", Strength::Weak),
    ("2.16.840.1.101.3.4.3.2", "dsa_with_SHA256", Strength::Sound),
    ("1.3.101.112", "ED25519", Strength::Sound),
    ("1.3.101.113", "ED448", Strength::Sound),
];
