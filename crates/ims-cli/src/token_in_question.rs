//! The token of a command: one from a file or standard input, or else that of the credentials. It is never an argument.

use std::path::PathBuf;

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use ims::{
    Connection, Credentials,
    claims::{AccessTokenPayload, ClientId, CompactJwt, JsonObject},
    exchange::{BearerToken, TokenKind},
};
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    given_token::{self, Form},
    integration::{IntegrationOptions, caching_client},
    transport, when,
};

/// The options of every command about one token.
#[derive(Debug, Args)]
pub(crate) struct TokenOptions {
    #[command(flatten)]
    integration: IntegrationOptions,

    /// The client id to use, instead of the one in the credentials or in the token
    #[arg(long, value_name = "ID")]
    client_id: Option<ClientId>,

    /// The file of the token, - for standard input; without it, the access token of the credentials
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// A token, and the client and the IMS to ask about it.
#[derive(Debug)]
pub(crate) struct TokenInQuestion {
    pub(crate) connection: Connection,
    pub(crate) credentials: Option<Credentials>,
    named_client_id: Option<ClientId>,
    token: Zeroizing<String>,
}

impl TokenOptions {
    /// Reads the token, or gets the one of the credentials. If a file has several, the one of `kind` is used.
    pub(crate) async fn read(&self, kind: Option<TokenKind>) -> Result<TokenInQuestion, Failure> {
        let (credentials, token) = if let Some(path) = &self.file {
            let token = given_token::read(path, kind, Form::Whole)?;
            (self.integration.credentials_if_any()?, token)
        } else {
            let credentials = self.integration.credentials()?;
            let token = access_token(&credentials).await?;
            (Some(credentials), token)
        };
        let environment = self.integration.environment(credentials.as_ref());
        let connection = transport::connection(&environment)?;
        let named_client_id = self.client_id.clone();
        Ok(TokenInQuestion { connection, credentials, named_client_id, token })
    }
}

async fn access_token(credentials: &Credentials) -> Result<Zeroizing<String>, Failure> {
    let client = caching_client(credentials)?;
    let token = client.access_token().await;
    let token = token.map_err(|error| Failure::from(error).asking(client.environment()))?;
    Ok(Zeroizing::new(token.expose_secret().to_owned()))
}

impl TokenInQuestion {
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The client id in the options.
    pub(crate) fn named_client_id(&self) -> Option<&ClientId> {
        self.named_client_id.as_ref()
    }

    /// The client that asks: from the options, the credentials or the token.
    pub(crate) fn client_id(&self) -> Result<ClientId, Failure> {
        if let Some(named) = &self.named_client_id {
            return Ok(named.clone());
        }
        if let Some(credentials) = &self.credentials {
            return Ok(credentials.client_id().clone());
        }
        self.claimed_client_id().ok_or_else(|| {
            Failure::usage("it is not known for which client to ask")
                .hint("name it: --client-id ID")
        })
    }

    fn claimed_client_id(&self) -> Option<ClientId> {
        self.claims()?.get("client_id")?.as_str()?.parse().ok()
    }

    /// The token, for the calls that it authorizes.
    pub(crate) fn bearer_token(&self) -> Result<BearerToken, Failure> {
        let token = BearerToken::try_from(self.token.to_string());
        token.map_err(|error| Failure::usage(format!("what was given cannot be used: {error}")))
    }

    /// The kind in the token's own claims, if it is one of `kinds`.
    pub(crate) fn own_kind(&self, kinds: &[TokenKind]) -> Option<TokenKind> {
        let claims = self.claims()?;
        kinds.iter().find(|kind| claims.get("type").is_some_and(|it| it == kind.as_str())).copied()
    }

    /// The claims of the token, if it is a JWT. Nothing is verified.
    pub(crate) fn claims(&self) -> Option<JsonObject> {
        CompactJwt::parse(&self.token).ok()?.payload_object().ok()
    }
}

/// Takes one of `kinds` by the name that IMS gives it.
pub(crate) fn one_of(kinds: &'static [TokenKind]) -> impl TypedValueParser<Value = TokenKind> {
    let names = PossibleValuesParser::new(kinds.iter().map(|kind| kind.as_str()));
    names.map(|name| {
        let kind = kinds.iter().find(|kind| kind.as_str() == name);
        *kind.expect("the name is that of one of the kinds")
    })
}

/// The claims of an access token, for people.
pub(crate) fn describe(claims: &JsonObject) -> Vec<(&'static str, String)> {
    let text = |name: &str| claims.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    let ends = AccessTokenPayload::from_object(claims.clone()).ok();
    let rows = [
        ("type", text("type")),
        ("client", text("client_id")),
        ("user", text("user_id")),
        ("scopes", text("scope")),
        ("good until", ends.map(|token| when::rfc3339(token.expires_at()))),
    ];
    rows.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
