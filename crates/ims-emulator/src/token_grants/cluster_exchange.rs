//! The grant `cluster_at_exchange`, Adobe's own: a user's token for one of the same user's other accounts.

use ims_claims::{AccessTokenPayload, OrgId};

use super::{Granted, UserToken};
use crate::{
    Refusal,
    answer::Answer,
    call::Call,
    checks::Checks,
    client,
    issued_token::TokenOrder,
    key_ring::KeyRing,
    scope,
    service::{self, Service},
};

/// Examines the request and issues the token. Source: adobe/ims-go, `ims/cluster_exchange_token.go`.
pub(super) fn answer(
    service: &Service,
    call: &Call,
    keys: &KeyRing,
    checks: &mut Checks,
) -> Result<Answer, Refusal> {
    let registered = client::authenticate(service, call, checks)?;
    let user = UserToken {
        check: "user_token is sent",
        text: call.parameters.get("user_token"),
        refusal: Refusal::UserTokenNotValid,
    };
    let user = user.read(service, call, keys, checks)?;
    let user_id = account(service, call, &user, checks)?;
    let scope = scope::required(&registered.integration, call, checks)?;
    let order = TokenOrder {
        session: service::session_of(&user),
        ..TokenOrder::access(&registered.integration, &user_id, scope)
    };
    let access_token = order.fill(keys, &call.debug_id, call.now_ms);
    Ok(Answer::ok(&Granted::alone(access_token, order.expires_in_s())))
}

/// The account that the new token is for. The emulator knows no clusters: any user id is one of the user's, and the user
/// has an account in every organization of an integration.
fn account(
    service: &Service,
    call: &Call,
    user: &AccessTokenPayload,
    checks: &mut Checks,
) -> Result<String, Refusal> {
    let target = match (call.parameters.get("user_id"), call.parameters.get("owning_org_id")) {
        (Some(user_id), None) => Some(Target::User(user_id)),
        (None, Some(org_id)) => Some(Target::Organization(org_id)),
        _ => None,
    };
    let target = checks
        .given("user_id or owning_org_id is sent", target)
        .expected("exactly one of the two")
        .or(Refusal::ClusterTargetAmbiguous)?;
    match target {
        Target::User(user_id) => checks
            .given("user_id has its form", Some(user_id).filter(|text| is_user_id(text)))
            .expected("an identifier and its source, with @ between them")
            .actual(user_id.to_owned())
            .or(Refusal::UserIdMalformed)
            .map(str::to_owned),
        Target::Organization(org_id) => {
            let known = org_id.parse::<OrgId>().ok().filter(|org_id| service.knows_org(org_id));
            checks
                .that("owning_org_id is known", known.is_some())
                .expected("the organization of an integration")
                .actual(org_id.to_owned())
                .or(Refusal::OrgUnknown)?;
            Ok(user.user_id().unwrap_or_default().to_owned())
        }
    }
}

enum Target<'a> {
    User(&'a str),
    Organization(&'a str),
}

fn is_user_id(text: &str) -> bool {
    let is_name = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic());
    text.split_once('@')
        .is_some_and(|(ident, source)| is_name(ident) && is_name(source) && !source.contains('@'))
}
