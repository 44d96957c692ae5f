//! Listing the keys of a token, and making a key in it.

use aws_lc_rs::rand;
use cryptoki::{
    mechanism::Mechanism,
    object::{Attribute, AttributeType, CertificateType, ObjectClass},
};

use super::{
    error::Pkcs11Error,
    key::{KeySelector, PrivateKey, hex},
    login::{Credentials, FinalTry, LoginCause, log_in},
    module::{Access, Pkcs11Module, TokenSession},
    pin::Pin,
    token::{TokenSelector, find_token},
};
use crate::{error::KeyError, public_key::PublicKey};

/// A private key in a token.
///
/// ```no_run
/// use ims_sign::pkcs11::{Pin, Pkcs11Module, TokenSelector};
///
/// let module = Pkcs11Module::load("/usr/lib/softhsm/libsofthsm2.so".as_ref())?;
/// let pin = Pin::new("1234".to_owned())?;
/// for key in module.keys(&TokenSelector::label("ims"), Some(&pin))? {
///     println!("{} {} can sign: {}", key.label, key.id_hex(), key.can_sign);
/// }
/// # Ok::<(), ims_sign::pkcs11::Pkcs11Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pkcs11Key {
    /// `CKA_LABEL`.
    pub label: String,
    /// `CKA_ID`.
    pub id: Vec<u8>,
    /// Whether the key may sign (`CKA_SIGN`).
    pub can_sign: bool,
    /// The public half, or why RS256 cannot be made with this key.
    pub public_key: Result<PublicKey, KeyError>,
    /// Whether the token holds a certificate with the same public key.
    pub has_certificate: bool,
}

impl Pkcs11Key {
    /// Names this key by its label and its id, as far as it has them.
    #[must_use]
    pub fn selector(&self) -> KeySelector {
        let (label, id) = (Some(self.label.clone()), Some(self.id.clone()));
        KeySelector {
            label: label.filter(|label| !label.is_empty()),
            id: id.filter(|id| !id.is_empty()),
        }
    }

    /// The id as every tool of PKCS#11 writes and reads it: `01ab`.
    #[must_use]
    pub fn id_hex(&self) -> String {
        hex(&self.id)
    }
}

/// A new RSA key in a token.
///
/// ```no_run
/// use ims_sign::pkcs11::{NewKey, Pin, Pkcs11Module, RsaKeySize, TokenSelector};
///
/// let module = Pkcs11Module::load("/usr/lib/softhsm/libsofthsm2.so".as_ref())?;
/// let pin = Pin::new("1234".to_owned())?;
/// let new = NewKey::new("production", RsaKeySize::Bits2048).with_id([1]);
/// let key = module.generate_key(&TokenSelector::label("ims"), &pin, &new)?;
/// assert_eq!(key.id_hex(), "01");
/// # Ok::<(), ims_sign::pkcs11::Pkcs11Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct NewKey {
    label: String,
    id: Option<Vec<u8>>,
    size: RsaKeySize,
}

impl NewKey {
    /// A key with this label, and an id of eight random bytes.
    #[must_use]
    pub fn new(label: impl Into<String>, size: RsaKeySize) -> Self {
        Self { label: label.into(), id: None, size }
    }

    /// Gives the key this id.
    ///
    /// ```
    /// use ims_sign::pkcs11::{NewKey, RsaKeySize};
    ///
    /// let key = NewKey::new("production", RsaKeySize::Bits3072).with_id([0x01, 0xab]);
    /// ```
    #[must_use]
    pub fn with_id(self, id: impl Into<Vec<u8>>) -> Self {
        Self { id: Some(id.into()), ..self }
    }
}

/// The length of an RSA key's modulus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RsaKeySize {
    /// 2048 bits, as Adobe's documents use.
    Bits2048,
    /// 3072 bits.
    Bits3072,
    /// 4096 bits.
    Bits4096,
}

impl RsaKeySize {
    /// The number.
    #[must_use]
    pub const fn bits(self) -> usize {
        match self {
            Self::Bits2048 => 2048,
            Self::Bits3072 => 3072,
            Self::Bits4096 => 4096,
        }
    }
}

impl Pkcs11Module {
    /// The private keys in a token. Without a PIN, most tokens show none.
    ///
    /// # Errors
    /// [`Pkcs11Error::NoToken`], [`Pkcs11Error::SeveralTokens`], those about the PIN, [`Pkcs11Error::Unavailable`] and
    /// [`Pkcs11Error::Forked`].
    pub fn keys(
        &self,
        token: &TokenSelector,
        pin: Option<&Pin>,
    ) -> Result<Vec<Pkcs11Key>, Pkcs11Error> {
        let session = self.session(token, pin, Access::ReadOnly)?;
        let certificates = certificates(&session)?;
        let keys = PrivateKey::all(&session, &KeySelector::default())?;
        keys.into_iter().map(|key| describe(&session, key, &certificates)).collect()
    }

    /// Makes an RSA key pair inside a token: the private key never leaves it (`CKA_SENSITIVE`, not `CKA_EXTRACTABLE`)
    /// and signs but does not decrypt. The public exponent is 65537.
    ///
    /// # Errors
    /// [`Pkcs11Error::KeyExists`] if the token has a private key with this label or id, [`Pkcs11Error::Refused`] if it
    /// makes no such key, and those of [`Pkcs11Module::keys`].
    pub fn generate_key(
        &self,
        token: &TokenSelector,
        pin: &Pin,
        new: &NewKey,
    ) -> Result<Pkcs11Key, Pkcs11Error> {
        let session = self.session(token, Some(pin), Access::ReadWrite)?;
        let id = new.id.clone().unwrap_or_else(random_id);
        for taken in [KeySelector::label(&*new.label), KeySelector::id(&*id)] {
            if !PrivateKey::all(&session, &taken)?.is_empty() {
                return Err(Pkcs11Error::KeyExists { key: taken.to_string() });
            }
        }
        let (public, private) = (new.public_template(&id), new.private_template(&id));
        session.call(|session| {
            session.generate_key_pair(&Mechanism::RsaPkcsKeyPairGen, &public, &private)
        })?;
        let made = KeySelector { label: Some(new.label.clone()), id: Some(id) };
        let key = PrivateKey::all(&session, &made)?.pop();
        let Some(key) = key else {
            let wanted = made.to_string();
            return Err(Pkcs11Error::NoKey { wanted, present: Vec::new(), logged_in: true });
        };
        describe(&session, key, &[])
    }

    fn session(
        &self,
        token: &TokenSelector,
        pin: Option<&Pin>,
        access: Access,
    ) -> Result<TokenSession, Pkcs11Error> {
        let token = find_token(self, token)?;
        let session = self.open_session(token.slot()?, access)?;
        let credentials = Credentials { pin: pin.cloned(), final_try: FinalTry::Refused };
        if pin.is_some() {
            log_in(&session, &token, &credentials, LoginCause::Opening)?;
        }
        Ok(session)
    }
}

impl NewKey {
    fn public_template(&self, id: &[u8]) -> Vec<Attribute> {
        let bits = self.size.bits().try_into().expect("every integer of C holds 4096");
        vec![
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Label(self.label.clone().into_bytes()),
            Attribute::Id(id.to_vec()),
            Attribute::ModulusBits(bits),
            Attribute::PublicExponent(vec![1, 0, 1]),
            Attribute::Verify(true),
            Attribute::Encrypt(false),
            Attribute::Wrap(false),
        ]
    }

    fn private_template(&self, id: &[u8]) -> Vec<Attribute> {
        vec![
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Label(self.label.clone().into_bytes()),
            Attribute::Id(id.to_vec()),
            Attribute::Sign(true),
            Attribute::Decrypt(false),
            Attribute::Unwrap(false),
        ]
    }
}

fn describe(
    session: &TokenSession,
    key: PrivateKey,
    certificates: &[PublicKey],
) -> Result<Pkcs11Key, Pkcs11Error> {
    let public_key = key.public_key(session)?;
    let has_certificate =
        public_key.as_ref().is_ok_and(|public_key| certificates.contains(public_key));
    let PrivateKey { label, id, can_sign, .. } = key;
    Ok(Pkcs11Key { label, id, can_sign, public_key, has_certificate })
}

/// The public keys of the certificates in the token. One that cannot be read does not belong to an RSA key.
fn certificates(session: &TokenSession) -> Result<Vec<PublicKey>, Pkcs11Error> {
    let template = [
        Attribute::Class(ObjectClass::CERTIFICATE),
        Attribute::CertificateType(CertificateType::X_509),
    ];
    let mut public_keys = Vec::new();
    for handle in session.call(|session| session.find_objects(&template))? {
        let value =
            session.call(|session| session.get_attributes(handle, &[AttributeType::Value]))?;
        if let [Attribute::Value(der)] = value.as_slice() {
            public_keys.extend(PublicKey::from_certificate_der(der));
        }
    }
    Ok(public_keys)
}

fn random_id() -> Vec<u8> {
    let mut id = [0; 8];
    rand::fill(&mut id).expect("the operating system gives random bytes, or nothing here works");
    id.to_vec()
}
