//! `ims jwt verify`: verifies a JWT.

use std::path::PathBuf;

use clap::Args;
use ims::{
    claims::{
        AccessTokenPayload, Algorithm, ClaimsError, ClaimsSet, ClientId, CompactJwt, JsonObject,
        NumericDate,
    },
    sign::{FileKind, KeyError, PublicKey, VerificationKeys},
};
use serde::Serialize;

use crate::{
    failure::{Failure, with_causes},
    files,
    given_token::{self, Form},
    output::{self, Answer},
    when,
};

/// Verify the signature and the claims of a JWT.
///
/// Verifies a JWT: its form, its RS256 signature by the key that you name, and the claims that IMS requires of an
/// assertion, or the lifetime of an access token. Exit code 0 if it is valid, 1 if it is not, 4 if there is no key to
/// verify with.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: KeySource,

    /// Accept it only if it was made for this client id
    #[arg(long, value_name = "ID", conflicts_with = "signature_only")]
    client_id: Option<ClientId>,

    /// The time to verify at, in seconds since 1970, instead of now
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    now: Option<i64>,

    /// Verify only the signature, for any payload
    #[arg(long)]
    signature_only: bool,

    /// Print one line of JSON: valid, and the reason if it is not
    #[arg(long)]
    json: bool,

    /// The file of the JWT, - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// The key to verify with; it is never taken from the token.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct KeySource {
    /// A public key, PEM or DER
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// A certificate, PEM or DER; its dates are not checked
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,

    /// A JWK Set, or one JWK
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
}

#[derive(Serialize)]
struct Data {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let keys = arguments.source.read()?;
    let text = given_token::read(&arguments.file, None, Form::Recognizable)?;
    let reason = verify(arguments, &keys, &text).err();
    let answer = if reason.is_none() { Answer::Yes } else { Answer::No };
    if arguments.json {
        output::json(&Data { valid: reason.is_none(), reason })?;
    } else {
        output::line(&reason.map_or("valid".to_owned(), |reason| format!("not valid: {reason}")))?;
    }
    Ok(answer)
}

impl KeySource {
    /// Reads the keys. Without one, nothing is verified, and there is no verdict.
    fn read(&self) -> Result<VerificationKeys, Failure> {
        let (path, keys) = match (&self.key, &self.cert, &self.jwks) {
            (_, _, Some(path)) => (path, VerificationKeys::from_jwks(&files::read(path)?)),
            (Some(path), ..) | (_, Some(path), _) => {
                let key = PublicKey::from_bytes(&files::read(path)?);
                (path, key.map(|key| VerificationKeys::from(&key)))
            }
            // clap requires one of the three.
            (None, None, None) => return Err(Failure::usage("no key is named")),
        };
        keys.map_err(|error| {
            let subject = format!("nothing was verified: {}", ims_files::shown(path));
            let failure = Failure::person(with_causes(&error)).about(&subject);
            let private = [FileKind::PrivateKey, FileKind::EncryptedPrivateKey];
            let command = match &error {
                KeyError::NoPublicKey { found } if private.contains(found) => {
                    Some("openssl pkey -in FILE -pubout -out public.pem")
                }
                error => error.conversion(),
            };
            match command {
                Some(command) => failure.hint(command.replace("FILE", &ims_files::shown(path))),
                None => failure.hint(
                    "give the file of a public key or a certificate, or with --jwks what ims keys prints",
                ),
            }
        })
    }
}

fn verify(arguments: &Arguments, keys: &VerificationKeys, text: &str) -> Result<(), String> {
    let jwt = CompactJwt::parse(text).map_err(|error| error.to_string())?;
    keys.verify(Algorithm::Rs256, &jwt).map_err(|error| error.to_string())?;
    if arguments.signature_only {
        return Ok(());
    }
    let payload = jwt.payload_object().map_err(|error| error.to_string())?;
    let now = arguments.now.map_or_else(when::now, NumericDate::from_secs);
    accept(&payload, now, arguments.client_id.as_ref()).map_err(|error| error.to_string())
}

/// The claims of an assertion or, for a token of IMS, its lifetime.
fn accept(
    payload: &JsonObject,
    now: NumericDate,
    client_id: Option<&ClientId>,
) -> Result<(), ClaimsError> {
    if payload.contains_key("created_at") && !payload.contains_key("exp") {
        let token = AccessTokenPayload::from_object(payload.clone())?;
        if token.expires_at() <= now {
            return Err(ClaimsError::Expired { expired_at: token.expires_at() });
        }
        return match client_id {
            Some(client_id) if token.client_id() != Some(client_id.as_str()) => {
                Err(ClaimsError::AnotherClient)
            }
            _ => Ok(()),
        };
    }
    let claims = ClaimsSet::from_object(payload)?;
    claims.accept_at(now)?;
    client_id.map_or(Ok(()), |client_id| claims.accept_for(client_id))
}
