//! Tokens: listing them, and finding one.

use std::fmt;

use cryptoki::{
    context::Pkcs11,
    slot::{Limit, Slot, TokenInfo},
};

use super::{
    call_error::CallError,
    error::Pkcs11Error,
    module::{Pkcs11Module, TokenIdentity},
};

/// Selects a token: the one that has all the attributes named here. If nothing is named, there must be only one.
///
/// ```
/// use ims_sign::pkcs11::TokenSelector;
///
/// let selector = TokenSelector { serial: Some("4a01".to_owned()), ..TokenSelector::label("ims") };
/// assert_eq!(selector.to_string(), "the label \"ims\" and the serial number \"4a01\"");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenSelector {
    /// The label it was given when it was initialized.
    pub label: Option<String>,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its model.
    pub model: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// The number of the slot it is in, which may change when slots come and go.
    pub slot_id: Option<u64>,
}

impl TokenSelector {
    /// The token with this label.
    #[must_use]
    pub fn label(label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..Self::default() }
    }

    /// Whether `token` is one that is meant. One that is not initialized is meant only if its slot is named.
    #[must_use]
    pub fn fits(&self, token: &Pkcs11Token) -> bool {
        let fits = |wanted: &Option<String>, there: &String| {
            wanted.as_ref().is_none_or(|wanted| wanted == there)
        };
        fits(&self.label, &token.label)
            && fits(&self.manufacturer, &token.manufacturer)
            && fits(&self.model, &token.model)
            && fits(&self.serial, &token.serial)
            && self.slot_id.map_or(token.is_initialized, |slot_id| slot_id == token.slot_id)
    }
}

impl fmt::Display for TokenSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |name, value: &Option<String>| Some(format!("the {name} {:?}", value.as_ref()?));
        let parts = [
            text("label", &self.label),
            text("manufacturer", &self.manufacturer),
            text("model", &self.model),
            text("serial number", &self.serial),
            self.slot_id.map(|slot_id| format!("the slot {slot_id}")),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        f.write_str(if parts.is_empty() { "been initialized" } else { "" })?;
        f.write_str(&parts.join(" and "))
    }
}

/// A token in a slot of a module, as it describes itself.
///
/// ```no_run
/// use ims_sign::pkcs11::Pkcs11Module;
///
/// let module = Pkcs11Module::load("/usr/lib/softhsm/libsofthsm2.so".as_ref())?;
/// for token in module.tokens()? {
///     println!("slot {}: {} ({} {})", token.slot_id, token.label, token.manufacturer, token.model);
/// }
/// # Ok::<(), ims_sign::pkcs11::Pkcs11Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pkcs11Token {
    /// The number of its slot.
    pub slot_id: u64,
    /// The label it was given when it was initialized. Empty, like all texts here, if the token does not describe
    /// itself in a way that can be read; it can be named by its slot anyway.
    pub label: String,
    /// Who made it.
    pub manufacturer: String,
    /// Its model.
    pub model: String,
    /// Its serial number.
    pub serial: String,
    /// Whether it can hold keys yet.
    pub is_initialized: bool,
    /// Whether it shows private keys only after a login.
    pub login_required: bool,
    /// The state of the user PIN.
    pub pin: PinState,
    most_sessions: Option<u64>,
}

/// The state of a token's user PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PinState {
    /// The token does not say.
    Unknown,
    /// No PIN is set.
    NotSet,
    /// A PIN is set, and no wrong one was given since the last right one.
    Set,
    /// A wrong PIN was given since the last right one.
    CountLow,
    /// The token locks itself if a wrong PIN is given again.
    FinalTry,
    /// The token is locked, after too many wrong PINs.
    Locked,
    /// The PIN is that of the manufacturer or has expired, and has to be changed.
    ToBeChanged,
}

impl fmt::Display for PinState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown",
            Self::NotSet => "not set",
            Self::Set => "set",
            Self::CountLow => "wrong at the last try",
            Self::FinalTry => "one try left",
            Self::Locked => "locked",
            Self::ToBeChanged => "to be changed",
        })
    }
}

impl Pkcs11Token {
    /// Names this token and no other: by label and serial number, or by the slot if it has neither.
    #[must_use]
    pub fn selector(&self) -> TokenSelector {
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let (label, serial) = (text(&self.label), text(&self.serial));
        let slot_id = (label.is_none() && serial.is_none()).then_some(self.slot_id);
        TokenSelector { label, serial, slot_id, ..TokenSelector::default() }
    }

    pub(super) fn identity(&self) -> TokenIdentity {
        TokenIdentity(self.selector().to_string())
    }

    /// The state of the PIN now.
    pub(super) fn pin_now(&self, module: &Pkcs11Module) -> Result<PinState, CallError> {
        Ok(Self::read(module, self.slot()?).pin)
    }

    pub(super) fn slot(&self) -> Result<Slot, CallError> {
        Slot::try_from(self.slot_id).map_err(CallError::Module)
    }

    /// How many sessions the token can have at a time, if it says so.
    pub(super) fn most_sessions(&self) -> Option<u64> {
        self.most_sessions
    }

    /// Asks the token in `slot`. Some modules describe a working token in a way that cannot be read, and others cannot
    /// describe one that is gone, so a failure here does not concern the whole module.
    fn read(module: &Pkcs11Module, slot: Slot) -> Self {
        module.call(|context| context.get_token_info(slot)).map_or_else(
            |_| Self {
                slot_id: slot.id(),
                label: String::new(),
                manufacturer: String::new(),
                model: String::new(),
                serial: String::new(),
                is_initialized: true,
                login_required: false,
                pin: PinState::Unknown,
                most_sessions: None,
            },
            |info| Self {
                slot_id: slot.id(),
                label: info.label().to_owned(),
                manufacturer: info.manufacturer_id().to_owned(),
                model: info.model().to_owned(),
                serial: info.serial_number().to_owned(),
                is_initialized: info.token_initialized(),
                login_required: info.login_required(),
                pin: pin_state(&info),
                most_sessions: match info.max_session_count() {
                    Limit::Max(sessions) => Some(sessions),
                    Limit::Unavailable | Limit::Infinite => None,
                },
            },
        )
    }
}

impl fmt::Display for Pkcs11Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the label {:?} (serial number {:?}, slot {})",
            self.label, self.serial, self.slot_id
        )
    }
}

impl Pkcs11Module {
    /// The tokens that are there, initialized or not.
    ///
    /// # Errors
    /// [`Pkcs11Error::Unavailable`] and [`Pkcs11Error::Forked`].
    pub fn tokens(&self) -> Result<Vec<Pkcs11Token>, Pkcs11Error> {
        self.expect_same_process()?;
        let slots = self.call(Pkcs11::get_slots_with_token)?;
        Ok(slots.into_iter().map(|slot| Pkcs11Token::read(self, slot)).collect())
    }
}

/// The one token of `module` that is meant.
pub(super) fn find_token(
    module: &Pkcs11Module,
    wanted: &TokenSelector,
) -> Result<Pkcs11Token, Pkcs11Error> {
    let tokens = module.tokens()?;
    let found: Vec<_> = tokens.iter().filter(|token| wanted.fits(token)).collect();
    let wanted = wanted.to_string();
    match found.as_slice() {
        [token] => Ok(Pkcs11Token::clone(token)),
        [] => {
            let present = tokens.iter().map(ToString::to_string).collect();
            Err(Pkcs11Error::NoToken { wanted, present })
        }
        several => {
            let found = several.iter().map(ToString::to_string).collect();
            Err(Pkcs11Error::SeveralTokens { wanted, found })
        }
    }
}

fn pin_state(info: &TokenInfo) -> PinState {
    // A token may set several flags; the worst one counts.
    if info.user_pin_locked() {
        PinState::Locked
    } else if info.user_pin_final_try() {
        PinState::FinalTry
    } else if info.user_pin_to_be_changed() {
        PinState::ToBeChanged
    } else if info.user_pin_count_low() {
        PinState::CountLow
    } else if info.user_pin_initialized() {
        PinState::Set
    } else {
        PinState::NotSet
    }
}
