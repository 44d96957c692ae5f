//! How a token is asked for an RS256 signature.

use aws_lc_rs::digest::{SHA256, digest};
use cryptoki::{
    mechanism::{Mechanism, MechanismType},
    slot::Slot,
};

use super::{error::Pkcs11Error, key::SigningKey, module::Pkcs11Module};

/// The PKCS#11 mechanism that makes an RS256 signature. The bytes of the signature are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pkcs11Mechanism {
    /// `CKM_RSA_PKCS`: the message is hashed here, and the token signs the hash. What most tokens offer, and the least
    /// to send to one that is far away.
    RsaPkcs,
    /// `CKM_SHA256_RSA_PKCS`: the token hashes the message too.
    Sha256RsaPkcs,
}

impl Pkcs11Mechanism {
    /// The first one that the token has and lets this key use.
    pub(super) fn choose(
        module: &Pkcs11Module,
        slot: Slot,
        key: &SigningKey,
    ) -> Result<Self, Pkcs11Error> {
        let offered = module.call(|context| context.get_mechanism_list(slot))?;
        for mechanism in [Self::RsaPkcs, Self::Sha256RsaPkcs] {
            let kind = mechanism.kind();
            let is_allowed =
                key.allowed_mechanisms.is_empty() || key.allowed_mechanisms.contains(&kind);
            if is_allowed && offered.contains(&kind) && can_sign(module, slot, kind) {
                return Ok(mechanism);
            }
        }
        Err(Pkcs11Error::NoMechanism)
    }

    /// What is given to the token for a signature over `message`.
    pub(super) fn prepare(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::RsaPkcs => [&SHA256_DIGEST_INFO, digest(&SHA256, message).as_ref()].concat(),
            Self::Sha256RsaPkcs => message.to_vec(),
        }
    }

    /// Made for each signature, since cryptoki's type stays on one thread.
    pub(super) fn to_cryptoki(self) -> Mechanism<'static> {
        match self {
            Self::RsaPkcs => Mechanism::RsaPkcs,
            Self::Sha256RsaPkcs => Mechanism::Sha256RsaPkcs,
        }
    }

    fn kind(self) -> MechanismType {
        match self {
            Self::RsaPkcs => MechanismType::RSA_PKCS,
            Self::Sha256RsaPkcs => MechanismType::SHA256_RSA_PKCS,
        }
    }
}

/// Some tokens have a mechanism for verification alone. A token that does not say is assumed to allow it.
fn can_sign(module: &Pkcs11Module, slot: Slot, mechanism: MechanismType) -> bool {
    module
        .call(|context| context.get_mechanism_info(slot, mechanism))
        .map_or(true, |info| info.sign())
}

/// The DER in front of a SHA-256 hash (RFC 8017 §9.2, note 1).
const SHA256_DIGEST_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];
