//! One trait for every question to IMS: it makes the request and reads the response. Nothing is sent here.

use ims_claims::{Environment, NumericDate};

use crate::{
    access_token::AccessToken,
    error::ExchangeError,
    message::{Request, Response},
};

/// One request to IMS: what to send, and how to read the answer.
///
/// Sealed: IMS, not the caller, decides which questions exist. A call does no I/O, so any transport can send it. It is for
/// one request: a retry makes a new call with a newly signed assertion. If the same assertion was sent again after a
/// response was lost, IMS could refuse it with `invalid_jti`.
///
/// ```
/// use ims_claims::{Environment, NumericDate};
/// use ims_exchange::{Call, PublishedKeys, testing::FakeTransport};
///
/// let call = PublishedKeys::new();
/// println!("GET {}", call.request(&Environment::production()).url());
/// let response = FakeTransport::answer(200, r#"{"keys":[]}"#);
/// let keys = call.answer(&response, NumericDate::from_secs(1_800_000_000))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Call: sealed::Sealed {
    /// What IMS answers.
    type Answer;

    /// The request to send to the IMS of `environment`.
    fn request(&self, environment: &Environment) -> Request;

    /// Reads the response. `sent_at` is the time just before the request was sent: the lifetime of a token counts from there,
    /// so that it never seems longer than it is.
    ///
    /// # Errors
    /// [`ExchangeError`], sorted by what the caller can do.
    fn answer(
        &self,
        response: &Response,
        sent_at: NumericDate,
    ) -> Result<Self::Answer, ExchangeError>;
}

/// A way to request an access token (RFC 6749 §1.3): every [`Call`] whose answer is an [`AccessToken`].
///
/// ```
/// use std::time::Duration;
///
/// use ims_claims::{Environment, NumericDate};
/// use ims_exchange::{AccessToken, ExchangeError, Grant, Transport};
///
/// async fn send(grant: &impl Grant, transport: &impl Transport) -> Result<AccessToken, ExchangeError> {
///     let request = grant.request(&Environment::production());
///     let sent_at = NumericDate::from_secs(1_800_000_000); // by your clock, before the request is sent
///     let response = transport.send(request, Duration::from_secs(10)).await?;
///     grant.answer(&response, sent_at)
/// }
/// ```
pub trait Grant: Call<Answer = AccessToken> {}

impl<C: Call<Answer = AccessToken>> Grant for C {}

pub(crate) mod sealed {
    /// Keeps [`Call`](super::Call) to this crate.
    pub trait Sealed {}
}
