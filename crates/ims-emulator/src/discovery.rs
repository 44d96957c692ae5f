//! `/ims/.well-known/openid-configuration`: where everything is (`OpenID` Connect Discovery 1.0 §4).

use serde_json::json;

use crate::{answer::Answer, call::Call};

/// Answers with the endpoints of Adobe's own document that the emulator serves. Source: AdobeDocs/adobe-dev-console,
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
        "response_types_supported": ["code", "token"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }))
}
