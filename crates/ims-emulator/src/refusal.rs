//! Every reason for which the emulator refuses a request: the one table of status, code, description and remedy.

use serde::Serialize;

use crate::endpoint::Endpoint;

/// Why a request was refused.
///
/// IMS has fewer codes than reasons, so several refusals share one answer: [`Refusal::status`] and
/// [`Refusal::error`] are what the client sees, the variant and [`Refusal::remedy`] are what IMS does not say.
///
/// Sources: Adobe, "JWT Authentication Reference", Responses, for the status and code of each refusal at
/// `/ims/exchange/jwt`. Descriptions that were seen are those of IMS: Adobe-Consulting-Services/acs-aem-commons#2860,
/// adobe/jwt-auth#6, AdobeDocs/adobeio-auth#67, AdobeDocs/adobe-dev-console#124. The others are those of the emulator.
///
/// ```
/// use ims_emulator::Refusal;
///
/// let refusal = Refusal::ClientSecretWrong;
/// println!("{} {}: {}", refusal.status(), refusal.error(), refusal.remedy());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// No `client_id`.
    ClientIdMissing,
    /// No integration has this `client_id`.
    ClientUnknown,
    /// No `client_secret`.
    ClientSecretMissing,
    /// The `client_secret` is not one of the integration's.
    ClientSecretWrong,
    /// The integration may not exchange JWTs.
    ExchangeNotAllowed,
    /// The credential was migrated to OAuth Server-to-Server.
    Migrated,
    /// No `jwt_token`.
    JwtMissing,
    /// The JWT is not three parts of base64url with JSON objects in them.
    JwtUndecodable,
    /// The header's `alg` is not the one that the certificates' keys are used with, or it carries `crit`.
    AlgorithmMismatch,
    /// `exp` is missing or not an integer.
    ExpNotInteger,
    /// `jti` is not a decimal number.
    JtiNotInteger,
    /// `iss`, `sub`, `aud`, `iat`, `nbf` or a metascope does not have its form.
    FieldMalformed,
    /// `exp` is too far away, or before `iat`.
    ExpOutOfRange,
    /// `aud` does not name this IMS.
    AudienceElsewhere,
    /// `aud` names another client id than the request.
    AudienceOfAnotherClient,
    /// The integration has another `iss` or `sub`.
    IdentityUnknown,
    /// The signature was made by none of the certificates' keys.
    SignatureWrong,
    /// The certificate whose key made the signature is not valid now.
    CertificateNotValid,
    /// The assertion has expired.
    Expired,
    /// `nbf` is in the future.
    NotYetValid,
    /// The JWT names no metascope.
    NoMetascopes,
    /// A metascope that does not exist.
    MetascopeUnknown,
    /// A metascope that the integration does not have.
    MetascopeNotInIntegration,
    /// A metascope that the client does not have.
    MetascopeNotInClient,
    /// The integration requires `jti`, and there is none.
    JtiMissing,
    /// The `jti` was used before.
    JtiUsed,
    /// No `grant_type`.
    GrantTypeMissing,
    /// A `grant_type` that this endpoint does not know.
    GrantTypeUnsupported,
    /// The integration may not use client credentials.
    GrantNotAllowed,
    /// No `scope`.
    ScopeMissing,
    /// A scope that the integration does not have.
    ScopeNotGranted,
    /// `org_id` is not the integration's organization.
    OrgUnknown,
    /// `redirect_uri` is not one of the integration's.
    RedirectUriUnknown,
    /// `state` is too long.
    StateTooLong,
    /// A `response_type` that is not served.
    ResponseTypeUnsupported,
    /// A public client asks for a code without `code_challenge`, or for a method that is not served.
    ChallengeMissing,
    /// `response_type=device`, whose redemption is not documented.
    DeviceNotServed,
    /// A `response_mode` that is not served.
    ResponseModeUnsupported,
    /// An ID token is asked for without the scope `openid`.
    OpenIdMissing,
    /// `prompt=none` together with another value.
    PromptContradictory,
    /// `prompt=none`, but no user is signed in.
    LoginRequired,
    /// `prompt=none`, but the user has not allowed the client.
    ConsentRequired,
    /// `prompt=none`, but the user has something else to do.
    InteractionRequired,
    /// `resource` is not an absolute URI.
    ResourceMalformed,
    /// The user has denied access.
    ConsentDenied,
    /// The user has chosen that the sign-in fails.
    SignInFailed,
    /// The user has chosen that the sign-in is unavailable.
    SignInUnavailable,
    /// At admin consent, the redirect URI is not registered.
    ConsentRedirectUri,
    /// At admin consent, `state` is missing.
    ConsentStateMissing,
    /// At admin consent, `nonce` is missing.
    ConsentNonceMissing,
    /// At admin consent, a scope is not the client's.
    ConsentScopeUnknown,
    /// At admin consent, the account is a person's own.
    ConsentAccountType,
    /// At admin consent, the user is not an administrator.
    ConsentPrivilege,
    /// The code is missing, not valid, or was redeemed before.
    CodeNotValid,
    /// `code_verifier` does not fit the code's challenge.
    VerifierWrong,
    /// The refresh token is missing or not valid.
    RefreshTokenNotValid,
    /// `subject_token_type` or `requested_token_type` is missing or not the one that is served.
    TokenTypeUnsupported,
    /// The subject token is missing or not valid.
    SubjectTokenNotValid,
    /// No `promise_definition_id`.
    PromiseDefinitionMissing,
    /// The user's access token that a promise is asked for with is missing or not valid.
    AuthenticatingTokenNotValid,
    /// The promise token is missing, not valid, or was exchanged before.
    PromiseTokenNotValid,
    /// The user token is missing or not valid.
    UserTokenNotValid,
    /// Not exactly one of `user_id` and `owning_org_id`.
    ClusterTargetAmbiguous,
    /// `user_id` is not a user's.
    UserIdMalformed,
    /// The body is not the metadata of a client.
    ClientMetadataMalformed,
    /// A redirect URI that no client can have.
    RedirectUriMalformed,
    /// More clients have registered themselves than are remembered.
    TooManyClients,
    /// No `guid` or no `auth_src`.
    GuidMissing,
    /// There is no such user.
    UserUnknown,
    /// `callback` is not a JavaScript name.
    CallbackMalformed,
    /// An access token that is missing or not valid at an endpoint of IMS.
    TokenNotValid,
    /// No token to validate.
    TokenMissing,
    /// No access token at a protected resource.
    BearerMissing,
    /// An access token that is not valid.
    BearerNotValid,
    /// No `x-api-key` at a protected resource.
    ApiKeyMissing,
    /// The `x-api-key` is not the client id that the token was issued to.
    ApiKeyWrong,
    /// The access token lacks a scope that the API requires.
    ApiScopeMissing,
    /// The path names another organization or credential than the caller's.
    CredentialUnknown,
    /// The credential has as many client secrets as it can have.
    TooManySecrets,
    /// The credential has no client secret with this id.
    SecretUnknown,
    /// The only client secret cannot be deleted.
    LastSecret,
    /// A page of another origin asks whether it may send a request.
    OriginUnknown,
    /// The `Host` header names another server.
    HostElsewhere,
    /// The proxy is asked for a connection to another server.
    TunnelElsewhere,
    /// Nothing is served at this path.
    NotFound,
    /// The path is served, but not for this method.
    MethodNotAllowed,
    /// The body is longer than IMS's own limit here.
    BodyTooLarge,
    /// The body did not arrive in time.
    BodyTooSlow,
    /// The body is neither urlencoded nor multipart, or breaks the rules of its form.
    BodyMalformed,
    /// Too many requests, as an injected fault says.
    TooManyRequests,
    /// IMS is not available, as an injected fault says.
    Unavailable,
    /// IMS has failed, as an injected fault says.
    InternalError,
    /// A parameter that is sent twice, with two values.
    ParameterTwice,
}

/// What the client sees of a refusal, and what it should do.
struct Row {
    status: u16,
    error: &'static str,
    description: &'static str,
    remedy: &'static str,
}

impl Refusal {
    /// The HTTP status; see also [`Refusal::status_at`].
    #[must_use]
    pub fn status(self) -> u16 {
        self.row().status
    }

    /// The HTTP status at `endpoint`: a wrong secret is a 400 at the token endpoints, where Adobe documents a 401 for the
    /// JWT exchange. Source: @adobe/asset-compute-client 5.2.1, `lib/oauthservertoserver.js`, which goes to its next secret
    /// on that status and text.
    #[must_use]
    pub fn status_at(self, endpoint: Option<Endpoint>) -> u16 {
        let is_about_secret = matches!(self, Self::ClientSecretMissing | Self::ClientSecretWrong);
        if is_about_secret && endpoint == Some(Endpoint::Token) { 400 } else { self.status() }
    }

    /// The answer's `error`, at a protected resource its `error_code`.
    #[must_use]
    pub fn error(self) -> &'static str {
        self.row().error
    }

    /// The answer's `error_description`, at a protected resource its `message`.
    #[must_use]
    pub fn description(self) -> &'static str {
        self.row().description
    }

    /// What to change so that the request is granted, in one sentence.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        self.row().remedy
    }

    /// Whether IMS was seen to give another answer than its documents say: `400 invalid_token` in place of `400
    /// invalid_signature`, whenever the signature does not match.
    pub(crate) fn observed_error(self) -> &'static str {
        match self {
            Self::IdentityUnknown | Self::SignatureWrong | Self::CertificateNotValid => {
                "invalid_token"
            }
            _ => self.error(),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one table reads better than two")]
    #[rustfmt::skip]
    fn row(self) -> Row {
        let (status, error, description, remedy) = match self {
            Self::ClientIdMissing => (400, "invalid_client", "invalid client_id parameter",
                "Send the parameter client_id: the Client ID (API Key) of the integration."),
            Self::ClientUnknown => (400, "invalid_client", "invalid client_id parameter",
                "Use the Client ID of a registered integration, or register one for it."),
            Self::ClientSecretMissing => (401, "invalid_client", "invalid client_secret parameter",
                "Send the parameter client_secret, or Basic authentication."),
            Self::ClientSecretWrong => (401, "invalid_client", "invalid client_secret parameter",
                "Use a client secret of this integration: it may have been rotated, or belong to another client id."),
            Self::ExchangeNotAllowed => (401, "invalid_client", "The client does not have the exchange_jwt scope.",
                "Register the integration for JWT exchange, or use its OAuth Server-to-Server credential."),
            Self::Migrated => (500, "internal_error", "Please try again later",
                "Do not try again: the credential was migrated, use client_credentials at /ims/token/v3."),
            Self::JwtMissing => (400, "invalid_token", "JWT token is missing.",
                "Send the parameter jwt_token: the signed JWT."),
            Self::JwtUndecodable => (400, "invalid_token", "JWT token is incorrectly formatted, and can not be decoded.",
                "Send header, payload and signature as base64url without padding, each of the first two one JSON object."),
            Self::AlgorithmMismatch => (400, "invalid_signature", "The signature does not match the algorithm specified in the JWT header.",
                "Sign with RS256, say so in alg, and send no crit."),
            Self::ExpNotInteger => (400, "invalid_token", "JWT token is incorrectly formatted, and can not be decoded.",
                "Make exp an integer: seconds since 1970, neither a string nor a fraction."),
            Self::JtiNotInteger => (400, "invalid_token", "JWT token is incorrectly formatted, and can not be decoded.",
                "Make jti a decimal number, bare or in a string."),
            Self::FieldMalformed => (400, "bad_request", "The contents of the JWT are incorrect.",
                "Give the claim the form that Adobe documents for it."),
            Self::ExpOutOfRange => (400, "bad_request", "The contents of the JWT are incorrect.",
                "Make exp later than iat and at most 24 hours away; it counts seconds, not milliseconds."),
            Self::AudienceElsewhere => (400, "invalid_client", "The audience of the JWT is not valid.",
                "Make aud the base URL of the IMS you send to, followed by /c/ and the Client ID."),
            Self::AudienceOfAnotherClient => (400, "invalid_client", "The audience of the JWT does not match the client_id.",
                "Sign the JWT for the same Client ID that is sent as client_id."),
            Self::IdentityUnknown => (400, "invalid_signature", "Could not match JWT signature to any of the bindings",
                "Make iss the Organization ID and sub the Technical Account ID of this integration."),
            Self::SignatureWrong => (400, "invalid_signature", "Could not match JWT signature to any of the bindings",
                "Sign with the private key of a certificate of this integration, or add the certificate to it."),
            Self::CertificateNotValid => (400, "invalid_signature", "Could not match JWT signature to any of the bindings",
                "Add a certificate that is valid now to the integration, and sign with its private key."),
            Self::Expired => (400, "invalid_token", "JWT token has expired.",
                "Sign a new JWT; if it was new, set the clock of the machine that signs."),
            Self::NotYetValid => (400, "invalid_token", "JWT token is not yet valid.",
                "Leave out nbf, which IMS does not need, or set the clock of the machine that signs."),
            Self::NoMetascopes => (400, "invalid_scope", "The JWT has no metascopes.",
                "Claim at least one metascope: the IMS base URL, /s/ and its code, with the value true."),
            Self::MetascopeUnknown => (400, "invalid_scope", "The metascopes in the JWT contain a scope that does not exist.",
                "Correct the metascope's code and base URL."),
            Self::MetascopeNotInIntegration => (400, "invalid_scope", "The metascopes in the JWT are not a subset of the metascopes in the binding.",
                "Claim only metascopes of the integration, or add the API that needs this one to it."),
            Self::MetascopeNotInClient => (400, "invalid_scope", "The metascopes in the JWT do not match the target client scopes.",
                "Claim only metascopes that the client has, or add this one to it."),
            Self::JtiMissing => (400, "invalid_jti", "The binding requires a JTI.",
                "Send jti, each time a greater decimal number, such as the microseconds since 1970."),
            Self::JtiUsed => (400, "invalid_jti", "The JTI was previously used.",
                "Sign a new JWT with a new jti for each exchange, also when a request is sent again."),
            Self::GrantTypeMissing => (400, "bad_request", "grant_type is missing.",
                "Send the parameter grant_type."),
            Self::GrantTypeUnsupported => (400, "unsupported_grant_type", "The grant_type is not supported.",
                "Use a grant type that this endpoint serves: cluster_at_exchange at v3, token exchange and promises at v4, the others at all."),
            Self::GrantNotAllowed => (400, "unauthorized_client", "The client may not use this grant_type.",
                "Register the integration with OAuth scopes, as its OAuth Server-to-Server credential has them."),
            Self::ScopeMissing => (400, "invalid_scope", "scope is missing.",
                "Send the parameter scope: the scopes of the credential, separated by commas."),
            Self::ScopeNotGranted => (400, "invalid_scope", "The client does not have all of the scopes.",
                "Ask only for scopes that the credential has."),
            Self::OrgUnknown => (400, "bad_request", "org_id is not valid for the client.",
                "Send the Organization ID of this integration, or leave out org_id."),
            Self::RedirectUriUnknown => (400, "bad_request", "redirect_uri is not valid for the client.",
                "Use a redirect URI of the integration, letter by letter, or register this one."),
            Self::StateTooLong => (400, "bad_request", "state is too long.",
                "Send a state of at most 4096 characters."),
            Self::ResponseTypeUnsupported => (400, "unsupported_response_type", "The response_type is not supported.",
                "Send response_type=code."),
            Self::ChallengeMissing => (400, "invalid_request", "code_challenge is missing or its method is not supported.",
                "Send code_challenge, and code_challenge_method=S256."),
            Self::DeviceNotServed => (400, "unsupported_response_type", "The response_type is not supported.",
                "Send response_type=code: no public document says how a device redeems its code, so the emulator does not guess."),
            Self::ResponseModeUnsupported => (400, "invalid_request", "The response_mode is not supported.",
                "Send response_mode=query or fragment, or leave it out."),
            Self::OpenIdMissing => (400, "invalid_scope", "An id_token needs the scope openid.",
                "Ask for the scope openid, too."),
            Self::PromptContradictory => (400, "invalid_request", "prompt is not valid.",
                "Send prompt=none alone, or prompt=login."),
            Self::LoginRequired => (400, "login_required", "No user is logged in.",
                "Let the user sign in: send the request again without prompt=none."),
            Self::ConsentRequired => (400, "consent_required", "The user has not granted access to the client.",
                "Let the user allow it: send the request again without prompt=none."),
            Self::InteractionRequired => (400, "interaction_required", "The user needs to take another action.",
                "Let the user do what is necessary: send the request again without prompt=none."),
            Self::ResourceMalformed => (400, "invalid_target", "resource is not valid.",
                "Send an absolute URI without a fragment, once for each resource."),
            Self::ConsentDenied => (400, "access_denied", "The user has denied access.",
                "Ask the user why."),
            Self::SignInFailed => (400, "server_error", "The sign-in has failed.",
                "The user has chosen this error on the page: choose Allow."),
            Self::SignInUnavailable => (400, "temporarily_unavailable", "The sign-in is not available now.",
                "The user has chosen this error on the page: choose Allow."),
            Self::ConsentRedirectUri => (400, "invalid_redirect_uri", "The redirect_uri is not valid.",
                "Send a redirect_uri that is registered or fits a pattern, or none."),
            Self::ConsentStateMissing => (400, "missing_state_param", "state is missing.",
                "Send the parameter state, a new random text each time."),
            Self::ConsentNonceMissing => (400, "error", "nonce is missing.",
                "Send the parameter nonce, a new random text each time."),
            Self::ConsentScopeUnknown => (400, "invalid_scopes", "The client does not have all of the scopes.",
                "Ask for scopes that the integration has, separated by commas."),
            Self::ConsentAccountType => (400, "incompatible_account_type", "The account is not that of a company or a school.",
                "Choose a user whose account_type is enterprise or federated."),
            Self::ConsentPrivilege => (400, "insufficient_privilege", "The user is not an administrator.",
                "Choose a user with the role org_admin in an organization."),
            Self::CodeNotValid => (400, "access_denied", "The authorization code is not valid.",
                "Redeem each code once, within five minutes, for the client that asked for it."),
            Self::VerifierWrong => (400, "access_denied", "The code_verifier does not match the code_challenge.",
                "Send the code_verifier that the code_challenge was made of: 43 to 128 characters."),
            Self::RefreshTokenNotValid => (400, "invalid_grant", "The refresh token is not valid.",
                "Let the user sign in again, and ask for offline_access; where refresh tokens rotate, keep the newest."),
            Self::TokenTypeUnsupported => (400, "invalid_request", "The token type is not supported.",
                "Send urn:ietf:params:oauth:token-type:access_token as subject_token_type and requested_token_type."),
            Self::SubjectTokenNotValid => (400, "invalid_request", "The subject_token is not valid.",
                "Send a valid access token of the user as subject_token."),
            Self::PromiseDefinitionMissing => (400, "invalid_request", "promise_definition_id is missing.",
                "Send the parameter promise_definition_id: the emulator takes any."),
            Self::AuthenticatingTokenNotValid => (400, "invalid_request", "The authenticating_token is not valid.",
                "Send a valid access token of the user as authenticating_token."),
            Self::PromiseTokenNotValid => (400, "invalid_grant", "The promise token is not valid.",
                "Send the newest promise token: each is good for one exchange, whose answer has the next."),
            Self::UserTokenNotValid => (400, "invalid_request", "The user_token is not valid.",
                "Send a valid access token of the user as user_token."),
            Self::ClusterTargetAmbiguous => (400, "bad_request", "Exactly one of user_id and owning_org_id is needed.",
                "Send either user_id or owning_org_id."),
            Self::UserIdMalformed => (400, "bad_request", "user_id is not valid.",
                "Send a user id, an identifier and its source with @ between them."),
            Self::ClientMetadataMalformed => (400, "invalid_client_metadata", "The client metadata is not valid.",
                "Send application/json: one object with client_name, redirect_uris and, separated by spaces, scope."),
            Self::RedirectUriMalformed => (400, "invalid_redirect_uri", "A redirect URI is not valid.",
                "Register absolute URIs without a fragment: https, http to this machine, or a scheme of your own."),
            Self::TooManyClients => (503, "service_unavailable", "Service unavailable",
                "Start the emulator again: it has registered as many clients as it remembers."),
            Self::GuidMissing => (400, "bad_request", "guid or auth_src is missing.",
                "Send guid and auth_src, the two parts of the user id."),
            Self::UserUnknown => (404, "not_found", "There is no such user.",
                "Name a technical account of an integration, or the emulated user."),
            Self::CallbackMalformed => (400, "bad_request", "callback is not valid.",
                "Send the name of a JavaScript function, of at most 64 characters."),
            Self::TokenNotValid => (401, "invalid_token", "The access token is not valid.",
                "Send the header Authorization: Bearer and a valid access token."),
            Self::TokenMissing => (400, "bad_request", "token is missing.",
                "Send the parameter token, or the header Authorization: Bearer."),
            Self::BearerMissing => (401, "401010", "Oauth token is missing",
                "Send the header Authorization: Bearer and the access token."),
            Self::BearerNotValid => (401, "401013", "Oauth token is not valid",
                "Get a new access token, and send all of it."),
            Self::ApiKeyMissing => (403, "403000", "Api Key is required",
                "Send the header x-api-key: the Client ID that the token was issued to."),
            Self::ApiKeyWrong => (403, "403003", "Api Key is invalid",
                "Send the Client ID that the token was issued to as x-api-key."),
            Self::ApiScopeMissing => (403, "403000", "The access token lacks a scope of this API",
                "Add the I/O Management API to the project, and ask for a token with all of its scopes."),
            Self::CredentialUnknown => (404, "404000", "There is no such credential",
                "Use the two numbers in the address of the credential's page: its organization's and its own."),
            Self::TooManySecrets => (400, "400000", "The credential has two client secrets already",
                "Delete the secret that is no longer used, then add another."),
            Self::SecretUnknown => (404, "404000", "There is no such client secret",
                "Use the uuid of a secret in the list."),
            Self::LastSecret => (400, "400000", "The last client secret cannot be deleted",
                "Add another secret first."),
            Self::OriginUnknown => (403, "bad_request", "The origin is not valid for any client.",
                "Add the page's origin to the integration: as one of its allowed_origins, or as that of a redirect URI."),
            Self::HostElsewhere => (421, "bad_request", "The Host header names another server.",
                "Use the emulator's own URL, or allow the name when you start it."),
            Self::TunnelElsewhere => (403, "forbidden", "ims-emulator stands for Adobe's IMS hosts at port 443 and is a proxy only for these.",
                "Name the host in NO_PROXY, so that the client goes there directly."),
            Self::NotFound => (404, "not_found", "There is no such endpoint.",
                "Look at the path: the emulator serves the endpoints that its documentation lists."),
            Self::MethodNotAllowed => (405, "bad_request", "The method is not allowed here.",
                "Use the method that the Allow header names."),
            Self::BodyTooLarge => (413, "bad_request", "The request is too large.",
                "Send less than 64 KiB."),
            Self::BodyTooSlow => (408, "bad_request", "The request did not arrive in time.",
                "Send the whole body at once."),
            Self::BodyMalformed => (400, "bad_request", "The request body can not be read.",
                "Send parameters as application/x-www-form-urlencoded or multipart/form-data, in UTF-8."),
            Self::ParameterTwice => (400, "bad_request", "A parameter is included more than once.",
                "Send each parameter once."),
            Self::TooManyRequests => (429, "too_many_requests", "Too many requests",
                "This fault was injected: wait as long as Retry-After says, then send the request again."),
            Self::Unavailable => (503, "service_unavailable", "Service unavailable",
                "This fault was injected: wait as long as Retry-After says, then send the request again."),
            Self::InternalError => (500, "internal_error", "Please try again later",
                "This fault was injected: send the request again later."),
        };
        Row { status, error, description, remedy }
    }
}
