//! Whether an ID token belongs to the sign-in that it was given for.

use std::time::Duration;

use ims_claims::{ClientId, CompactJwt, NumericDate};
use serde_json::Value;

use crate::{
    browser::random_text::Nonce, grant::token_answer::UserTokens, scope::Scope,
    secret_text::IdToken,
};

/// What is wrong with an ID token.
///
/// ```
/// use ims_exchange::IdTokenFault;
///
/// // In the error of a sign-in whose ID token is not the one that was asked for.
/// assert_ne!(IdTokenFault::Nonce.to_string(), IdTokenFault::Audience.to_string());
/// println!("{}", IdTokenFault::Expired);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdTokenFault {
    /// The scope `openid` was asked for, and the answer has none.
    #[error("the answer has none, although the scope openid was asked for")]
    Missing,
    /// It is not a JWT, or a claim is missing or of another type.
    #[error("it cannot be read")]
    Unreadable,
    /// It was made for another request.
    #[error("its nonce is not the one that was sent")]
    Nonce,
    /// It was made for another client.
    #[error("its audience is another client")]
    Audience,
    /// It has expired, or the clock of this machine is wrong.
    #[error("it has expired")]
    Expired,
}

impl IdToken {
    /// Checks that it was made for the request with `nonce` by the client `client_id`, and has not expired at `now`.
    ///
    /// These are the audience (3), the end (9), with a minute of leeway, and the nonce (11) of `OpenID` Connect Core 1.0
    /// §3.1.3.7. The signature (6) and the issuer (2) are those of the endpoint that was asked, so this is sufficient only
    /// for an ID token that IMS itself gave for a code, over TLS.
    ///
    /// ```
    /// use ims_claims::NumericDate;
    /// use ims_exchange::{IdToken, IdTokenFault, Nonce};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let id_token: IdToken = "not.a.jwt".parse()?;
    /// let now = NumericDate::from_secs(1_800_000_000);
    /// let checked = id_token.check(&Nonce::generate(), &"my-client".parse()?, now);
    /// assert_eq!(checked, Err(IdTokenFault::Unreadable));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`IdTokenFault`], the first that is found.
    pub fn check(
        &self,
        nonce: &Nonce,
        client_id: &ClientId,
        now: NumericDate,
    ) -> Result<(), IdTokenFault> {
        let jwt = CompactJwt::parse(self.expose_secret()).map_err(|_| IdTokenFault::Unreadable)?;
        let claims = jwt.payload_object().map_err(|_| IdTokenFault::Unreadable)?;
        let audience = claims.get("aud").ok_or(IdTokenFault::Unreadable)?;
        let end = claims.get("exp").and_then(Value::as_i64).ok_or(IdTokenFault::Unreadable)?;
        // Checked before the other claims, because the claims of another sign-in's token would be of no use here.
        if !nonce.is_in(self) {
            return Err(IdTokenFault::Nonce);
        }
        if !names(audience, client_id) {
            return Err(IdTokenFault::Audience);
        }
        if NumericDate::from_secs(end).plus(LEEWAY) <= now {
            return Err(IdTokenFault::Expired);
        }
        Ok(())
    }
}

impl UserTokens {
    /// Checks that the tokens belong to the sign-in with `nonce` by the client `client_id`: see [`IdToken::check`].
    ///
    /// Without an ID token they are accepted only if `openid` is not among the `scopes` that were asked for: every answer to
    /// a request with it has one (`OpenID` Connect Core 1.0 §3.1.3.3).
    ///
    /// ```
    /// use ims_claims::{ClientId, NumericDate};
    /// use ims_exchange::{IdTokenFault, Nonce, Scope, UserTokens};
    ///
    /// # fn check(tokens: &UserTokens, scopes: &[Scope], nonce: &Nonce, client_id: &ClientId, now: NumericDate)
    /// #     -> Result<(), IdTokenFault> {
    /// // Before anyone gets the tokens: with those of another sign-in, a person could act as someone else.
    /// tokens.check(scopes, nonce, client_id, now)
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`IdTokenFault`], the first that is found.
    pub fn check(
        &self,
        scopes: &[Scope],
        nonce: &Nonce,
        client_id: &ClientId,
        now: NumericDate,
    ) -> Result<(), IdTokenFault> {
        match &self.id_token {
            Some(id_token) => id_token.check(nonce, client_id, now),
            None if scopes.iter().any(|scope| scope.as_str() == "openid") => {
                Err(IdTokenFault::Missing)
            }
            None => Ok(()),
        }
    }
}

/// `aud` is one string, or an array of them (RFC 7519 §4.1.3).
fn names(audience: &Value, client_id: &ClientId) -> bool {
    match audience {
        Value::String(name) => name == client_id.as_str(),
        Value::Array(all) => all.iter().any(|name| name.as_str() == Some(client_id.as_str())),
        _ => false,
    }
}

/// How far the clocks of IMS and of this machine may differ.
const LEEWAY: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;
    use crate::access_token::AccessToken;

    const NOW: i64 = 1_800_000_000;

    /// The verdict on an ID token with the claims of a sign-in, changed by `changes`.
    fn checked(changes: &Value) -> Result<(), IdTokenFault> {
        let mut claims = json!({ "aud": "client", "exp": NOW + 1, "nonce": "n-1", "sub": "B" });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let [header, payload] = [json!({ "alg": "RS256" }), claims]
            .map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
        let id_token = IdToken::try_from(format!("{header}.{payload}.c2ln")).unwrap();
        let nonce = "n-1".parse().unwrap();
        id_token.check(&nonce, &"client".parse().unwrap(), NumericDate::from_secs(NOW))
    }

    #[test]
    fn an_id_token_of_another_request_client_or_time_is_not_taken() {
        use IdTokenFault::{Audience, Expired, Nonce, Unreadable};
        #[rustfmt::skip]
        let table = [
            (json!({}),                                 Ok(())),
            (json!({ "aud": ["other", "client"] }),     Ok(())),
            (json!({ "exp": NOW - 59 }),                Ok(())),
            (json!({ "nonce": "other" }),               Err(Nonce)),
            (json!({ "nonce": null }),                  Err(Nonce)),
            (json!({ "aud": "other" }),                 Err(Audience)),
            (json!({ "aud": ["other"] }),               Err(Audience)),
            (json!({ "aud": { "client": "client" } }),  Err(Audience)),
            (json!({ "aud": [["client"]] }),            Err(Audience)),
            (json!({ "exp": NOW - 60 }),                Err(Expired)),
            (json!({ "exp": "soon" }),                  Err(Unreadable)),
            (json!({ "exp": null }),                    Err(Unreadable)),
        ];
        for (changes, expected) in table {
            assert_eq!(checked(&changes), expected, "{changes}");
        }
    }

    #[test]
    fn tokens_without_an_id_token_are_those_of_a_sign_in_that_asked_for_none() {
        let lifetime = Duration::from_hours(24);
        let now = NumericDate::from_secs(NOW);
        let access_token = AccessToken::new("eyJ".to_owned(), now, lifetime).unwrap();
        let tokens = |id_token| UserTokens {
            access_token: access_token.clone(),
            refresh_token: None,
            id_token,
            user_id: None,
        };
        let check = |tokens: &UserTokens, scopes: &str| {
            let scopes: Vec<Scope> =
                scopes.split_whitespace().map(|it| it.parse().unwrap()).collect();
            tokens.check(&scopes, &"n-1".parse().unwrap(), &"client".parse().unwrap(), now)
        };
        assert_eq!(check(&tokens(None), ""), Ok(()));
        assert_eq!(check(&tokens(None), "AdobeID"), Ok(()));
        assert_eq!(check(&tokens(None), "AdobeID openid"), Err(IdTokenFault::Missing));
        let other = IdToken::try_from("not.a.jwt".to_owned()).unwrap();
        assert_eq!(check(&tokens(Some(other)), "AdobeID"), Err(IdTokenFault::Unreadable));
    }
}
