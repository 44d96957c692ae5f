//! The parts of an assertion: the signing input, the signature, and the assertion made of both (RFC 7515 §7.1).

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::{base64url, wiped_bytes::WipedText};

/// How an assertion is signed. IMS documents RS256 alone.
///
/// ```
/// use ims_claims::Algorithm;
///
/// assert_eq!(Algorithm::Rs256.name(), "RS256");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).
    Rs256,
}

impl Algorithm {
    /// The `alg` of the JOSE header (RFC 7518 §3.1).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
        }
    }

    const fn header(self) -> &'static str {
        match self {
            Self::Rs256 => r#"{"alg":"RS256","typ":"JWT"}"#,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The JWS Signing Input: header and claims set, encoded and joined by a dot (RFC 7515 §2).
///
/// [`ClaimsSet::signing_input`](crate::ClaimsSet::signing_input) makes it. Together with a signature it is a credential, so
/// `Debug` shows its length alone.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningInput(String);

impl SigningInput {
    /// Encodes the header of `algorithm` and `claims`, which are JSON.
    pub(crate) fn new(algorithm: Algorithm, claims: &[u8]) -> Self {
        let mut text = String::with_capacity((algorithm.header().len() + claims.len()) * 4 / 3 + 4);
        base64url::push(&mut text, algorithm.header().as_bytes());
        text.push('.');
        base64url::push(&mut text, claims);
        Self(text)
    }

    /// The text, two base64url parts.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bytes to be signed; hashing them is the signer's work.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl AsRef<[u8]> for SigningInput {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for SigningInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningInput({} bytes)", self.0.len())
    }
}

/// A signature's octets, for RS256 as many as the key's modulus has.
///
/// `Debug` shows only their number: together with a signing input they are a credential.
///
/// ```
/// use ims_claims::Signature;
///
/// let signature = Signature::from_bytes(vec![7; 256]);
/// assert_eq!(signature.as_bytes().len(), 256);
/// assert_eq!(format!("{signature:?}"), "Signature(256 bytes)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(Vec<u8>);

impl Signature {
    /// Takes the octets from a signer or from a JWT. Nothing is verified here.
    #[must_use]
    pub const fn from_bytes(octets: Vec<u8>) -> Self {
        Self(octets)
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Signature {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({} bytes)", self.0.len())
    }
}

/// A signed JWT, which IMS exchanges for an access token until it expires: IMS's `jwt_token` (RFC 7523 §2.1).
///
/// `Debug` shows its length alone, and there is one way to the text, [`expose_secret`](Assertion::expose_secret).
///
/// ```
/// use ims_claims::{Algorithm, Assertion, ClaimsSet, Signature};
///
/// fn assertion(claims: &ClaimsSet, sign: impl Fn(&[u8]) -> Vec<u8>) -> Assertion {
///     let input = claims.signing_input(Algorithm::Rs256);
///     let signature = Signature::from_bytes(sign(input.as_bytes()));
///     Assertion::new(&input, &signature)
/// }
/// ```
#[derive(Clone)]
pub struct Assertion(WipedText);

impl Assertion {
    /// Joins `input` and the `signature` over it.
    #[must_use]
    pub fn new(input: &SigningInput, signature: &Signature) -> Self {
        // With the capacity given, nothing is moved and no copy is left in freed memory.
        let length = input.0.len() + 1 + signature.0.len().saturating_mul(4).div_ceil(3);
        let mut text = String::with_capacity(length);
        text.push_str(&input.0);
        text.push('.');
        base64url::push(&mut text, &signature.0);
        Self(WipedText::new(text))
    }

    /// The JWT in compact serialization: for the request to IMS, and for nothing that is logged.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assertion({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AssertionLifetime, ClaimsSet, CompactJwt, Environment, Metascope, NumericDate,
        ServiceAccount,
    };
    use alloc::{string::ToString, vec};
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    #[track_caller]
    fn claims() -> ClaimsSet {
        ServiceAccount::new(
            "a64f5f10849a410a97ffdac8ae1".parse().unwrap(),
            "C74F69D7594880280@AdobeOrg".parse().unwrap(),
            "6657031C5C095BB40A4@techacct.adobe.com".parse().unwrap(),
            [Metascope::ENT_DATASERVICES_SDK],
        )
        .unwrap()
        .claims(
            &Environment::production(),
            NumericDate::from_secs(1_550_001_138),
            AssertionLifetime::default(),
        )
    }

    #[test]
    fn the_signing_input_is_the_header_and_the_claims() {
        let input = claims().signing_input(Algorithm::Rs256);
        let (header, payload) = input.as_str().split_once('.').unwrap();
        assert_eq!(header, "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9");
        assert_eq!(input.as_bytes(), input.as_str().as_bytes());
        assert_eq!(AsRef::<[u8]>::as_ref(&input), input.as_bytes());
        assert_eq!(
            BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap(),
            serde_json::to_vec(&claims()).unwrap()
        );
    }

    #[test]
    fn an_assertion_reads_back_as_its_parts() {
        let input = claims().signing_input(Algorithm::Rs256);
        let signature = Signature::from_bytes(vec![0xfb, 0xff, 0]);
        assert_eq!(signature.as_bytes(), [0xfb, 0xff, 0]);
        assert_eq!(AsRef::<[u8]>::as_ref(&signature), [0xfb, 0xff, 0]);
        let assertion = Assertion::new(&input, &signature);
        let jwt = CompactJwt::parse(assertion.expose_secret()).unwrap();
        assert_eq!(jwt.signing_input(), input.as_str());
        assert_eq!(jwt.signature(), &signature);
    }

    #[test]
    fn an_algorithm_has_the_name_of_rfc_7518_in_the_header_and_in_print() {
        assert_eq!(Algorithm::Rs256.name(), "RS256");
        assert_eq!(Algorithm::Rs256.to_string(), "RS256");
        let input = claims().signing_input(Algorithm::Rs256);
        let assertion = Assertion::new(&input, &Signature::from_bytes(vec![]));
        let jwt = CompactJwt::parse(assertion.expose_secret()).unwrap();
        assert_eq!(jwt.header().get("alg"), Some(&Algorithm::Rs256.name().into()));
        assert_eq!(jwt.header().get("typ"), Some(&"JWT".into()));
    }
}
