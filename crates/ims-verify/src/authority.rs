//! Whose word makes a token good. There is no default: it decides what a revoked token is still good for.

/// Whose word a verifier takes for a token's signature.
///
/// IMS publishes its keys at `/ims/keys`, but third parties report tokens signed by a key that is not among them. So there
/// is a way without IMS, one that asks IMS where that happens, and one that asks always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authority {
    /// That of the published keys alone. Nothing is sent for a token, and a token that was invalidated stays good until it
    /// expires.
    PublishedKeys,
    /// That of the published keys and, for a token whose key is not among them, that of IMS.
    ///
    /// Anybody can make a token that names another key, so anybody can make the verifier ask IMS: limit the rate at which
    /// strangers may call.
    PublishedKeysElseIms,
    /// That of IMS, which is asked about every token that is not remembered. A token that was invalidated is good for
    /// [`VALID_REMEMBERED`](crate::VALID_REMEMBERED) at the most.
    Ims,
}
