//! `ims validate`: whether a token is valid, as IMS says or by its published keys.

use clap::Args;
use ims::{
    claims::JsonObject,
    exchange::{AnyToken, TokenKind, TokenValidity, ValidateToken},
    verify::{Authority, Fault, NotVerified, Requirements, TokenVerifier},
};
use serde::Serialize;

use crate::{
    failure::{Failure, with_causes},
    output::{self, Answer},
    process::block_on,
    question,
    token_in_question::{TokenInQuestion, TokenOptions, describe, one_of},
    when,
};

/// Validate a token.
///
/// Asks IMS, which knows which tokens were revoked. With --local, it verifies the signature with the keys that IMS
/// publishes, and the claims, on this machine. Exit code 0 if it is valid, 1 if it is not.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ims validate token.txt\n  ims token | ims validate --local -")]
pub(crate) struct Arguments {
    #[command(flatten)]
    token: TokenOptions,

    /// The kind of token; by default the type in the token, otherwise an access token
    #[arg(long = "type", value_name = "KIND", value_parser = one_of(VALIDATED), conflicts_with = "local")]
    kind: Option<TokenKind>,

    /// Verify it on this machine, with the keys that IMS publishes. A revoked token is still valid then.
    #[arg(long)]
    local: bool,

    /// Print one line of JSON: valid, and the token's claims or the reason
    #[arg(long)]
    json: bool,
}

/// The result.
#[derive(Serialize)]
struct Verdict {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<JsonObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let verdict = block_on(async {
        let token = arguments.token.read(arguments.kind).await?;
        if arguments.local {
            verify_here(&token).await
        } else {
            ask_ims(&token, arguments.kind).await
        }
    })?;
    if arguments.json {
        output::json(&verdict)?;
    } else {
        print(&verdict)?;
    }
    Ok(if verdict.valid { Answer::Yes } else { Answer::No })
}

async fn ask_ims(token: &TokenInQuestion, kind: Option<TokenKind>) -> Result<Verdict, Failure> {
    let client_id = token.client_id()?;
    let kind = kind.or_else(|| token.own_kind(VALIDATED)).unwrap_or(TokenKind::AccessToken);
    let call = ValidateToken::new(&client_id, AnyToken::new(kind, token.token()));
    let validity = question::ask(&token.connection, &call).await?;
    Ok(match validity {
        TokenValidity::Valid { token } => Verdict { valid: true, token: Some(token), reason: None },
        TokenValidity::Invalid { reason } => Verdict { valid: false, token: None, reason },
        // The list of the validities may grow: one that is not known to be valid counts as invalid.
        _ => Verdict { valid: false, token: None, reason: None },
    })
}

async fn verify_here(token: &TokenInQuestion) -> Result<Verdict, Failure> {
    let environment = token.connection.environment();
    let requirements = match token.named_client_id() {
        Some(client_id) => Requirements::of_clients([client_id.clone()]),
        None => Requirements::of_any_client(),
    };
    let (keys, transport) = (Authority::PublishedKeys, token.connection.transport().clone());
    let verifier = TokenVerifier::new(environment.clone(), transport, keys, requirements);
    match verifier.verify(token.token(), when::now()).await {
        Ok(good) => {
            let claims = good.payload().members().clone();
            Ok(Verdict { valid: true, token: Some(claims), reason: None })
        }
        Err(error @ (NotVerified::Bad(_) | NotVerified::KeyNotPublished)) => {
            let reason = error.fault().map_or_else(|| error.to_string(), reason);
            Ok(Verdict { valid: false, token: None, reason: Some(reason) })
        }
        Err(NotVerified::Unavailable(error)) => Err(Failure::from(&error).asking(environment)),
        Err(error) => Err(Failure::person(with_causes(&error))),
    }
}

fn reason(fault: &Fault) -> String {
    match fault {
        Fault::Expired { expired_at } => {
            format!("it has expired at {}", when::rfc3339(*expired_at))
        }
        fault => with_causes(fault),
    }
}

fn print(verdict: &Verdict) -> Result<(), Failure> {
    if !verdict.valid {
        let reason = verdict.reason.as_ref().map(|reason| format!(": {reason}"));
        return output::line(&format!("not valid{}", reason.unwrap_or_default()));
    }
    output::line("valid")?;
    let rows = verdict.token.as_ref().map(describe).unwrap_or_default();
    output::rows(&rows)
}

/// The kinds of tokens that IMS validates.
const VALIDATED: &[TokenKind] = &[
    TokenKind::AccessToken,
    TokenKind::RefreshToken,
    TokenKind::DeviceToken,
    TokenKind::AuthorizationCode,
];
