//! `ims revoke`: revokes a token.

use clap::Args;
use ims::exchange::{AnyToken, InvalidateToken, TokenKind};

use crate::{
    failure::Failure,
    integration::client_secrets_or_none,
    output::{self, Answer},
    process::block_on,
    question,
    storage::{self, SignInPlace},
    token_in_question::{TokenInQuestion, TokenOptions, one_of},
};

/// Revoke a token.
///
/// IMS no longer accepts the token, and it is removed from the cache. Without FILE, it is the access token of the
/// credentials. FILE may contain only the token, the token after "Bearer", or the JSON that ims token --json prints.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ims revoke token.txt\n  ims revoke --type refresh_token --cascading - < refresh-token.txt"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    token: TokenOptions,

    /// The kind of token; by default the type in the token, otherwise an access token
    #[arg(long = "type", value_name = "KIND", value_parser = one_of(INVALIDATED))]
    kind: Option<TokenKind>,

    /// Also revoke all tokens that were issued for this one
    #[arg(long)]
    cascading: bool,

    /// Print one line of JSON: revoked, the type, and how many tokens were removed from the cache
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let (kind, removed) = block_on(async {
        let token = arguments.token.read(arguments.kind).await?;
        let kind = arguments.kind.or_else(|| token.own_kind(INVALIDATED));
        let kind = kind.unwrap_or(TokenKind::AccessToken);
        revoke(&token, kind, arguments.cascading).await?;
        let removed = forget(&token, kind, arguments.cascading).await?;
        Ok((kind, removed))
    })?;
    if arguments.json {
        output::json(&serde_json::json!({
            "revoked": true, "type": kind.as_str(), "removed_from_cache": removed,
        }))?;
    } else {
        output::note("done", &format!("IMS no longer accepts this {}", kind.as_str()));
        if removed > 0 {
            output::note("note", "it is removed from the cache: the next ims token gets a new one");
        }
    }
    Ok(Answer::Yes)
}

/// Removes the revoked tokens from the cache, and returns how many access tokens that were.
async fn forget(
    token: &TokenInQuestion,
    kind: TokenKind,
    cascading: bool,
) -> Result<usize, Failure> {
    if kind != TokenKind::RefreshToken {
        return storage::remove_from_cache(&token.bearer_token()?).await;
    }
    let place = SignInPlace::of(token.connection.environment(), &token.client_id()?)?;
    let current = place.of_current().load().await;
    let is_current = current.is_ok_and(|current| {
        current.is_some_and(|current| current.expose_secret() == token.token())
    });
    if !is_current {
        return Ok(0);
    }
    if cascading {
        // Its access tokens are revoked with it.
        place.forget().await?;
        return Ok(1);
    }
    place.forget_refresh_token().await?;
    Ok(0)
}

async fn revoke(token: &TokenInQuestion, kind: TokenKind, cascading: bool) -> Result<(), Failure> {
    let client_id = token.client_id()?;
    // The secrets are for the client that they belong to.
    let own = token.credentials.as_ref().filter(|own| *own.client_id() == client_id);
    let secrets = own.map_or_else(|| vec![None], client_secrets_or_none);
    let question = |secret: Option<_>| {
        let mut call = InvalidateToken::new(&client_id, AnyToken::new(kind, token.token()));
        if let Some(secret) = secret {
            call = call.with_client_secret(secret);
        }
        if cascading { call.with_cascading() } else { call }
    };
    question::ask_by_each_secret(&token.connection, &secrets, question).await
}

/// The kinds of tokens that IMS invalidates.
const INVALIDATED: &[TokenKind] = &[
    TokenKind::AccessToken,
    TokenKind::RefreshToken,
    TokenKind::DeviceToken,
    TokenKind::ServiceToken,
];
