//! A user's token for another: `token-exchange` (RFC 8693), which Adobe calls on-behalf-of: a service acts for the user who
//! called it; and `cluster_at_exchange`, Adobe's own, for another account of the same user.

use ims_claims::{AccessTokenPayload, OrgId};

use super::granted::{Granted, user_token};
use crate::{
    answer::Answer,
    exchange::Exchange,
    issued_token::{NewToken, session_of},
    refusal::Refusal,
    user::User,
};

/// The one type of token that is accepted and given. Source: adobe/ims-go, `ims/obo.go`.
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Examines the request and issues a token for the subject's user and this client.
pub(super) fn token_exchange(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let registered = exchange.authenticate()?;
    for (name, parameter) in [
        ("subject_token_type is served", "subject_token_type"),
        ("requested_token_type is served", "requested_token_type"),
    ] {
        let kind = exchange.parameter(parameter).unwrap_or_default();
        exchange
            .that(name, kind == ACCESS_TOKEN)
            .expected(ACCESS_TOKEN)
            .actual(format_args!("{kind}"))
            .or(Refusal::TokenTypeUnsupported)?;
    }
    let subject = user_token(
        exchange,
        "subject_token",
        "subject_token is sent",
        Refusal::SubjectTokenNotValid,
    )?;
    let scope = exchange.required_scope(&registered.integration)?;
    let user_id = subject.user_id().unwrap_or_default();
    let token = NewToken {
        session: session_of(&subject),
        ..NewToken::access(&registered.integration, user_id, scope)
    };
    let mut granted = Granted::new(exchange, &token);
    granted.issued_token_type = Some(ACCESS_TOKEN);
    Ok(Answer::ok(&granted))
}

/// Examines the request and issues a token for another account. Source: adobe/ims-go, `ims/cluster_exchange_token.go`.
pub(super) fn cluster_exchange(exchange: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let registered = exchange.authenticate()?;
    let user =
        user_token(exchange, "user_token", "user_token is sent", Refusal::UserTokenNotValid)?;
    let user_id = account(exchange, &user)?;
    // "The same scopes of the original token", where none are named (adobe/ims-go, `ims/cluster_exchange_token.go`).
    let scope = exchange.scope_or(&registered.integration, user.scopes())?;
    let token = NewToken {
        session: session_of(&user),
        ..NewToken::access(&registered.integration, &user_id, scope)
    };
    Ok(Answer::ok(&Granted::new(exchange, &token)))
}

/// The account that the new token is for. The emulator has no clusters: every user id counts as one of the user's, and the
/// user has an account in every organization of an integration.
fn account(exchange: &mut Exchange<'_>, user: &AccessTokenPayload) -> Result<String, Refusal> {
    let target = match (exchange.parameter("user_id"), exchange.parameter("owning_org_id")) {
        (Some(user_id), None) => Some(Target::User(user_id)),
        (None, Some(org_id)) => Some(Target::Organization(org_id)),
        _ => None,
    };
    let target = exchange
        .given("user_id or owning_org_id is sent", target)
        .expected("exactly one of the two")
        .or(Refusal::ClusterTargetAmbiguous)?;
    match target {
        Target::User(user_id) => {
            exchange
                .that("user_id has its form", User::is_id(user_id))
                .expected("an identifier and its source, with @ between them")
                .actual(format_args!("{user_id}"))
                .or(Refusal::UserIdMalformed)?;
            Ok(user_id.to_owned())
        }
        Target::Organization(org_id) => {
            let is_known = match org_id.parse::<OrgId>() {
                Ok(org_id) => exchange.service.knows_org(&org_id),
                Err(_) => false,
            };
            exchange
                .that("owning_org_id is known", is_known)
                .expected("the organization of an integration")
                .actual(format_args!("{org_id}"))
                .or(Refusal::OrgUnknown)?;
            Ok(user.user_id().unwrap_or_default().to_owned())
        }
    }
}

enum Target<'a> {
    User(&'a str),
    Organization(&'a str),
}
