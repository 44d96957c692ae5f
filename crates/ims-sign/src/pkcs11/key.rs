//! Keys in a token: finding a key, and whether it may sign.

use std::fmt;

use cryptoki::{
    mechanism::MechanismType,
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
};

use super::{error::Pkcs11Error, login::LoggedIn, module::TokenSession};
use crate::{error::KeyError, public_key::PublicKey};

/// Selects a private key: the one that has all the attributes named here. If nothing is named, there must be only one.
///
/// ```
/// use ims_sign::pkcs11::KeySelector;
///
/// let selector = KeySelector { id: Some(vec![0x01, 0xab]), ..KeySelector::label("production") };
/// assert_eq!(selector.to_string(), "the label \"production\" and the id 01ab");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySelector {
    /// `CKA_LABEL`.
    pub label: Option<String>,
    /// `CKA_ID`.
    pub id: Option<Vec<u8>>,
}

impl KeySelector {
    /// The key with this label.
    #[must_use]
    pub fn label(label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..Self::default() }
    }

    /// The key with this id.
    #[must_use]
    pub fn id(id: impl Into<Vec<u8>>) -> Self {
        Self { id: Some(id.into()), ..Self::default() }
    }

    fn template(&self, class: ObjectClass) -> Vec<Attribute> {
        let label = self.label.as_ref().map(|label| Attribute::Label(label.clone().into_bytes()));
        let id = self.id.as_ref().map(|id| Attribute::Id(id.clone()));
        [Some(Attribute::Class(class)), label, id].into_iter().flatten().collect()
    }
}

impl fmt::Display for KeySelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = self.label.as_ref().map(|label| format!("the label {label:?}"));
        let id = self.id.as_ref().map(|id| format!("the id {}", hex(id)));
        let parts: Vec<_> = [label, id].into_iter().flatten().collect();
        f.write_str(if parts.is_empty() { "been found" } else { "" })?;
        f.write_str(&parts.join(" and "))
    }
}

/// The handle of a key that can sign, and what is known about the key.
pub(super) struct SigningKey {
    pub(super) handle: ObjectHandle,
    pub(super) public_key: PublicKey,
    /// `CKA_ALLOWED_MECHANISMS`; empty means all.
    pub(super) allowed_mechanisms: Vec<MechanismType>,
}

impl SigningKey {
    /// Finds the one key that `wanted` names, and makes sure that it may sign.
    pub(super) fn find(
        session: &TokenSession,
        wanted: &KeySelector,
        logged_in: LoggedIn,
    ) -> Result<Self, Pkcs11Error> {
        let found = PrivateKey::all(session, wanted)?;
        match found.as_slice() {
            [key] => key.expect_signing(session),
            [] => {
                let present = PrivateKey::all(session, &KeySelector::default())?;
                Err(Pkcs11Error::NoKey {
                    wanted: wanted.to_string(),
                    present: names(&present),
                    logged_in: logged_in == LoggedIn::Yes,
                })
            }
            several => {
                Err(Pkcs11Error::SeveralKeys { wanted: wanted.to_string(), found: names(several) })
            }
        }
    }
}

/// A private key as the token describes it.
pub(super) struct PrivateKey {
    pub(super) handle: ObjectHandle,
    pub(super) label: String,
    pub(super) id: Vec<u8>,
    pub(super) can_sign: bool,
    key_type: Option<KeyType>,
    modulus: Vec<u8>,
    public_exponent: Vec<u8>,
}

impl PrivateKey {
    pub(super) fn all(
        session: &TokenSession,
        wanted: &KeySelector,
    ) -> Result<Vec<Self>, Pkcs11Error> {
        let template = wanted.template(ObjectClass::PRIVATE_KEY);
        let handles = session.call(|session| session.find_objects(&template))?;
        handles.into_iter().map(|handle| Self::read(session, handle)).collect()
    }

    fn read(session: &TokenSession, handle: ObjectHandle) -> Result<Self, Pkcs11Error> {
        let mut key = Self {
            handle,
            label: String::new(),
            id: Vec::new(),
            // The standard's default, for a token that does not have the attribute (PKCS#11, `CKA_SIGN`).
            can_sign: true,
            key_type: None,
            modulus: Vec::new(),
            public_exponent: Vec::new(),
        };
        let wanted = [
            AttributeType::Label,
            AttributeType::Id,
            AttributeType::Sign,
            AttributeType::KeyType,
            AttributeType::Modulus,
            AttributeType::PublicExponent,
        ];
        for attribute in session.call(|session| session.get_attributes(handle, &wanted))? {
            match attribute {
                Attribute::Label(label) => key.label = String::from_utf8_lossy(&label).into_owned(),
                Attribute::Id(id) => key.id = id,
                Attribute::Sign(can_sign) => key.can_sign = can_sign,
                Attribute::KeyType(key_type) => key.key_type = Some(key_type),
                Attribute::Modulus(modulus) => key.modulus = modulus,
                Attribute::PublicExponent(exponent) => key.public_exponent = exponent,
                _ => {}
            }
        }
        Ok(key)
    }

    fn expect_signing(&self, session: &TokenSession) -> Result<SigningKey, Pkcs11Error> {
        let public_key = self
            .public_key(session)?
            .map_err(|source| Pkcs11Error::Key { key: self.name(), source })?;
        if !self.can_sign {
            return Err(self.may_not_sign("is not allowed to sign"));
        }
        if self.always_authenticates(session) {
            return Err(
                self.may_not_sign("requires the PIN for each signature, which is not supported")
            );
        }
        Ok(SigningKey {
            handle: self.handle,
            public_key,
            allowed_mechanisms: self.allowed_mechanisms(session),
        })
    }

    /// The public half, from the private key itself, or from the public key object if the token does not give the
    /// exponent of a private key.
    pub(super) fn public_key(
        &self,
        session: &TokenSession,
    ) -> Result<Result<PublicKey, KeyError>, Pkcs11Error> {
        if self.key_type.is_some_and(|key_type| key_type != KeyType::RSA) {
            return Ok(Err(KeyError::NotRsa { found: self.kind().to_owned() }));
        }
        if !self.modulus.is_empty() && !self.public_exponent.is_empty() {
            return Ok(PublicKey::from_components(&self.modulus, &self.public_exponent));
        }
        let components = self.components_of_public_object(session)?;
        let not_there = KeyError::Malformed { reason: "its public half is not in the token" };
        Ok(components
            .ok_or(not_there)
            .and_then(|[modulus, exponent]| PublicKey::from_components(&modulus, &exponent)))
    }

    fn components_of_public_object(
        &self,
        session: &TokenSession,
    ) -> Result<Option<[Vec<u8>; 2]>, Pkcs11Error> {
        let same = if self.id.is_empty() {
            KeySelector::label(self.label.clone())
        } else {
            KeySelector::id(self.id.clone())
        };
        let template = same.template(ObjectClass::PUBLIC_KEY);
        let wanted = [AttributeType::Modulus, AttributeType::PublicExponent];
        for handle in session.call(|session| session.find_objects(&template))? {
            let attributes = session.call(|session| session.get_attributes(handle, &wanted))?;
            if let [Attribute::Modulus(modulus), Attribute::PublicExponent(exponent)] =
                attributes.as_slice()
                && (self.modulus.is_empty() || self.modulus == *modulus)
            {
                return Ok(Some([modulus.clone(), exponent.clone()]));
            }
        }
        Ok(None)
    }

    /// `CKA_ALWAYS_AUTHENTICATE`. Modules that do not know the attribute fail in different ways; each of these means no.
    fn always_authenticates(&self, session: &TokenSession) -> bool {
        let wanted = [AttributeType::AlwaysAuthenticate];
        let attributes = session.call(|session| session.get_attributes(self.handle, &wanted));
        matches!(attributes.as_deref(), Ok([Attribute::AlwaysAuthenticate(true)]))
    }

    fn allowed_mechanisms(&self, session: &TokenSession) -> Vec<MechanismType> {
        let wanted = [AttributeType::AllowedMechanisms];
        let attributes = session.call(|session| session.get_attributes(self.handle, &wanted));
        match attributes.as_deref() {
            Ok([Attribute::AllowedMechanisms(mechanisms)]) => mechanisms.clone(),
            _ => Vec::new(),
        }
    }

    fn may_not_sign(&self, reason: &'static str) -> Pkcs11Error {
        Pkcs11Error::KeyMayNotSign { key: self.name(), reason }
    }

    fn name(&self) -> String {
        KeySelector { label: Some(self.label.clone()), id: Some(self.id.clone()) }.to_string()
    }

    fn kind(&self) -> &'static str {
        match self.key_type {
            Some(KeyType::RSA) => "an RSA key",
            Some(KeyType::EC) => "an elliptic curve key",
            Some(KeyType::EC_EDWARDS) => "an Edwards curve key",
            Some(KeyType::DSA) => "a DSA key",
            _ => "a key of another algorithm",
        }
    }
}

fn names(keys: &[PrivateKey]) -> Vec<String> {
    keys.iter().map(PrivateKey::name).collect()
}

/// `01ab`, as every tool of PKCS#11 writes and reads an id.
pub(super) fn hex(id: &[u8]) -> String {
    let bytes: Vec<String> = id.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.concat()
}
