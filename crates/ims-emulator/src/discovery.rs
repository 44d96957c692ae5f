//! `/ims/.well-known/openid-configuration`: where everything is (`OpenID` Connect Discovery 1.0 §4).

use serde_json::json;

use crate::{answer::Answer, call::Call};

/// Answers as Adobe's own document does, which names neither `/ims/register` nor the grants of machines. Source: AdobeDocs/adobe-dev-console,
/// "User Authentication".
pub(crate) fn answer(call: &Call) -> Answer {
    let base_url = call.base_url();
    Answer::ok(&json!({
        "issuer": base_url,
        "authorization_endpoint": format!("{base_url}/ims/authorize/v2"),
        "token_endpoint": format!("{base_url}/ims/token/v3"),
        "userinfo_endpoint": format!("{base_url}/ims/userinfo/v2"),
        "revocation_endpoint": format!("{base_url}/ims/revoke"),
        "jwks_uri": format!("{base_url}/ims/keys"),
        "response_types_supported":
            ["code", "token", "id_token", "id_token token", "code id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "claims_supported":
            ["sub", "given_name", "family_name", "name", "email", "email_verified", "address"],
        "grant_types_supported": ["authorization_code", "implicit_grant", "refresh_token"],
    }))
}
