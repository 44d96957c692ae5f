//! `ims revoke`: the end of a token before its time.

use clap::Args;
use ims::exchange::{InvalidateToken, TokenKind};

use super::{block_on, question};
use crate::{
    failure::Failure,
    integration::client_secret,
    output::{self, Answer},
    token_in_question::{TokenInQuestion, TokenOptions, one_of},
};

/// Have IMS take a token no more.
///
/// Without a FILE it is the access token of the credentials that ends. The cache still holds it then, until
/// `ims token --fresh` puts another one in its place.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ims revoke token.txt\n  ims revoke --type refresh_token --cascading - < refresh-token.txt"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    token: TokenOptions,

    /// What kind of token it is; by default what it says of itself, else an access token
    #[arg(long = "type", value_name = "KIND", value_parser = one_of(INVALIDATED))]
    kind: Option<TokenKind>,

    /// End all tokens, too, that came from this one
    #[arg(long)]
    cascading: bool,

    /// Print one line of JSON: revoked, and the kind
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let kind = block_on(async {
        let token = arguments.token.read().await?;
        let kind = arguments.kind.or_else(|| token.own_kind(INVALIDATED));
        let kind = kind.unwrap_or(TokenKind::AccessToken);
        revoke(&token, kind, arguments.cascading).await?;
        Ok(kind)
    })?;
    if arguments.json {
        output::json(&serde_json::json!({ "revoked": true, "type": kind.as_str() }))?;
    } else {
        output::note("done", &format!("IMS takes this {} no more", kind.as_str()));
    }
    if arguments.token.is_own() {
        output::note(
            "note",
            "the cache still holds it; another one takes its place: ims token --fresh",
        );
    }
    Ok(Answer::Yes)
}

async fn revoke(token: &TokenInQuestion, kind: TokenKind, cascading: bool) -> Result<(), Failure> {
    let client_id = token.client_id()?;
    let mut call = InvalidateToken::new(&client_id, kind, token.token());
    // The secret is for the client that it belongs to.
    let own = token.credentials.as_ref().filter(|own| *own.client_id() == client_id);
    if let Some(secret) = own.and_then(client_secret) {
        call = call.with_client_secret(secret);
    }
    if cascading {
        call = call.with_cascading();
    }
    question::ask(&token.connection, &call).await
}

/// The kinds of tokens that IMS invalidates.
const INVALIDATED: &[TokenKind] = &[
    TokenKind::AccessToken,
    TokenKind::RefreshToken,
    TokenKind::DeviceToken,
    TokenKind::ServiceToken,
];
