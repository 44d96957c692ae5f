//! The one table of endpoint versions: paths, methods, units, parameters and answers, each with its source.

use http::Method;
use serde::Serialize;

use crate::endpoint::Endpoint;

/// One version of an endpoint: its parameters and its answer.
///
/// Requests are routed by this table, and the unit of `expires_in`, the grants and the `Allow` header are read from it.
///
/// ```
/// use ims_emulator::EndpointVersion;
///
/// for version in EndpointVersion::ALL {
///     println!("{} {} (from {})", version.methods, version.path, version.source);
/// }
/// ```
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct EndpointVersion {
    /// The path; a part in braces stands for any. One slash at the end makes no difference, since clients send both.
    pub path: &'static str,
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The methods, as the `Allow` header has them.
    pub methods: &'static str,
    /// What requests carry.
    #[serde(skip)]
    pub(crate) content: Content,
    /// The unit of `expires_in`, if the answer has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<TimeUnit>,
    /// The values of `grant_type` that are served, if it is asked for.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub grants: &'static [&'static str],
    /// The parameters without which every request is refused. Client id and secret may come by Basic authentication.
    pub required: &'static [&'static str],
    /// The other parameters that are checked. Which of them a grant needs is in the README.
    pub optional: &'static [&'static str],
    /// The members that an answer can have.
    pub answer: &'static [&'static str],
    /// The answer's media type, if it has a body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<&'static str>,
    /// Where this is from.
    pub source: &'static str,
}

/// The unit of `expires_in`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TimeUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

/// What the requests of an endpoint carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing that the endpoint uses.
    Nothing,
    /// Parameters, in the query or the body.
    Parameters,
    /// A body of JSON.
    Json,
}

impl EndpointVersion {
    /// All versions of all endpoints.
    pub const ALL: &[Self] = TABLE;

    /// The version at `path`.
    pub(crate) fn at(path: &str) -> Option<&'static Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        TABLE.iter().find(|version| version.matches(path))
    }

    /// Whether `path`, without a slash at its end, is this version's.
    fn matches(&self, path: &str) -> bool {
        if !self.path.contains('{') {
            return self.path == path;
        }
        let mut parts = path.split('/');
        for known in self.path.split('/') {
            let Some(part) = parts.next() else { return false };
            if part.is_empty() != known.is_empty() || !known.starts_with('{') && known != part {
                return false;
            }
        }
        parts.next().is_none()
    }

    pub(crate) fn serves(&self, method: &Method) -> bool {
        self.methods.split(", ").any(|served| served == method.as_str())
    }
}

const JSON: &str = "application/json";
const TEXT_HTML: &str = "text/html";

/// A version before its facts are filled in.
const fn version(endpoint: Endpoint, path: &'static str, methods: &'static str) -> EndpointVersion {
    EndpointVersion {
        path,
        endpoint,
        methods,
        content: Content::Parameters,
        unit: None,
        grants: &[],
        required: &[],
        optional: &[],
        answer: &[],
        content_type: Some(JSON),
        source: "",
    }
}

const fn exchange_jwt(path: &'static str, source: &'static str) -> EndpointVersion {
    EndpointVersion {
        unit: Some(Milliseconds),
        required: &["client_id", "client_secret", "jwt_token"],
        optional: &["resource"],
        answer: &["token_type", "access_token", "expires_in"],
        source,
        ..version(Endpoint::ExchangeJwt, path, "POST")
    }
}

const fn token(
    path: &'static str,
    unit: TimeUnit,
    grants: &'static [&'static str],
    answer: &'static [&'static str],
    source: &'static str,
) -> EndpointVersion {
    EndpointVersion {
        unit: Some(unit),
        grants,
        required: &["grant_type", "client_id"],
        optional: &[
            "client_secret",
            "scope",
            "org_id",
            "code",
            "code_verifier",
            "refresh_token",
            "user_token",
            "user_id",
            "owning_org_id",
            "subject_token",
            "subject_token_type",
            "requested_token_type",
            "promise_definition_id",
            "authenticating_token",
            "promise_token",
            "resource",
        ],
        answer,
        source,
        ..version(Endpoint::Token, path, "POST")
    }
}

const fn authorize(path: &'static str, unit: TimeUnit, source: &'static str) -> EndpointVersion {
    EndpointVersion {
        unit: Some(unit),
        required: &["client_id"],
        optional: &[
            "response_type",
            "response_mode",
            "redirect_uri",
            "scope",
            "state",
            "nonce",
            "prompt",
            "login_hint",
            "code_challenge",
            "code_challenge_method",
            "resource",
        ],
        answer: &["code", "access_token", "id_token", "token_type", "expires_in", "state"],
        content_type: Some(TEXT_HTML),
        source,
        ..version(Endpoint::Authorize, path, "GET, POST")
    }
}

const fn ending(path: &'static str) -> EndpointVersion {
    EndpointVersion {
        required: &["client_id", "token"],
        optional: &["client_secret", "token_type", "cascading"],
        content_type: None,
        source: "adobe/ims-go: ims/invalidate_token.go; adobe/aio-lib-ims: e2e/e2e.js",
        ..version(Endpoint::InvalidateToken, path, "POST")
    }
}

const fn user_info(path: &'static str) -> EndpointVersion {
    EndpointVersion {
        optional: &["client_id"],
        answer: &[
            "sub",
            "account_type",
            "email",
            "email_verified",
            "name",
            "given_name",
            "family_name",
            "address",
        ],
        source: "AdobeDocs/adobe-dev-console: User Authentication, userinfo; OpenID Connect Core 1.0 §5.3",
        // OpenID Connect Core 1.0 §5.3.1 requires both methods; libraries that follow it send POST.
        ..version(Endpoint::UserInfo, path, "GET, POST")
    }
}

/// The members of a profile.
const PROFILE: &[&str] = &[
    "userId",
    "authId",
    "account_type",
    "name",
    "first_name",
    "last_name",
    "displayName",
    "email",
    "emailVerified",
    "countryCode",
    "utcOffset",
    "preferred_languages",
    "phoneNumber",
    "mrktPerm",
    "mrktPermEmail",
    "roles",
    "serviceAccounts",
    "tags",
    "projectedProductContext",
];

const fn profile(path: &'static str) -> EndpointVersion {
    EndpointVersion {
        optional: &["client_id"],
        answer: PROFILE,
        // @adobe/helix-shared-ims sends POST without a body.
        source: "adobe/imscli: ims/profile.go; @adobe/spacecat-shared-ims-client: src/clients/ims-client.js; \
                 @adobe/helix-shared-ims: src/ims.js",
        ..version(Endpoint::Profile, path, "GET, POST")
    }
}

/// The members of an organization.
const ORGANIZATION: &[&str] = &["orgName", "orgRef", "orgType", "countryCode", "groups"];

const fn organizations(path: &'static str) -> EndpointVersion {
    EndpointVersion {
        optional: &["client_id"],
        answer: ORGANIZATION,
        source: "adobe/aio-lib-ims: src/ims.js; adobe/imscli: ims/organizations.go",
        ..version(Endpoint::Organizations, path, "GET")
    }
}

const fn admin(
    endpoint: Endpoint,
    path: &'static str,
    answer: &'static [&'static str],
    source: &'static str,
) -> EndpointVersion {
    EndpointVersion {
        required: &["guid", "auth_src"],
        optional: &["client_id"],
        answer,
        source,
        ..version(endpoint, path, "POST")
    }
}

const fn admin_profile(path: &'static str) -> EndpointVersion {
    let source = "adobe/ims-go: ims/get_admin_profile.go";
    admin(Endpoint::AdminProfile, path, PROFILE, source)
}

const fn admin_organizations(path: &'static str) -> EndpointVersion {
    let source = "adobe/ims-go: ims/get_admin_organizations.go";
    admin(Endpoint::AdminOrganizations, path, ORGANIZATION, source)
}

const fn logout(path: &'static str, optional: &'static [&'static str]) -> EndpointVersion {
    EndpointVersion {
        optional,
        source: "AdobeDocs/adobeio-auth: Resources/IMS.md, Logout",
        ..version(Endpoint::Logout, path, "GET, POST")
    }
}

/// The grants of every version.
const OAUTH: &[&str] = &["client_credentials", "authorization_code", "refresh_token"];

/// The grants of v3: also that of adobe/ims-go, `ims/cluster_exchange_token.go`.
const WITH_CLUSTER: &[&str] =
    &["client_credentials", "authorization_code", "refresh_token", "cluster_at_exchange"];

/// The grants of v4: also those of adobe/ims-go, `ims/obo.go` and `ims/promise.go`.
const WITH_PROMISES: &[&str] = &[
    "client_credentials",
    "authorization_code",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "promise",
    "promise_exchange",
];

/// The answer of the first versions, which also has the user if a code or a refresh token was sent.
const WITH_USER: &[&str] = &[
    "access_token",
    "refresh_token",
    "token_type",
    "expires_in",
    "sub",
    "address",
    "email_verified",
    "name",
    "given_name",
    "family_name",
    "email",
    "userId",
    "authId",
    "account_type",
    "first_name",
    "last_name",
    "displayName",
    "emailVerified",
    "countryCode",
    "utcOffset",
    "preferred_languages",
    "phoneNumber",
    "mrktPerm",
    "mrktPermEmail",
    "roles",
    "serviceAccounts",
    "tags",
    "projectedProductContext",
];
const TOKENS: &[&str] =
    &["access_token", "refresh_token", "sub", "id_token", "token_type", "expires_in"];
const WITH_PROMISE_TOKENS: &[&str] = &[
    "access_token",
    "refresh_token",
    "sub",
    "id_token",
    "issued_token_type",
    "token_type",
    "expires_in",
    "promise_token",
    "promise_token_id",
    "promise_token_expires_in",
    "scope",
];

const OAUTH_MD: &str = "AdobeDocs/adobeio-auth: OAuth/OAuth.md";
const USER_AUTHENTICATION: &str = "AdobeDocs/adobe-dev-console: User Authentication";
const SERVER_TO_SERVER: &str =
    "AdobeDocs/adobe-dev-console: OAuth Server-to-Server credential API Reference";
const SPACECAT: &str = "@adobe/spacecat-shared-ims-client 1.11.9: src/clients/ims-client.js";

use TimeUnit::{Milliseconds, Seconds};

static TABLE: &[EndpointVersion] = &[
    exchange_jwt("/ims/exchange/jwt", "adobe/aemcs-api-client-lib: README.md"),
    exchange_jwt("/ims/exchange/v1/jwt", "adobe/ims-go: ims/exchange_jwt.go"),
    token("/ims/token", Milliseconds, OAUTH, WITH_USER, OAUTH_MD),
    token("/ims/token/v1", Milliseconds, OAUTH, WITH_USER, OAUTH_MD),
    token("/ims/token/v2", Seconds, OAUTH, TOKENS, "adobe/ims-go: ims/token.go"),
    token("/ims/token/v3", Seconds, WITH_CLUSTER, TOKENS, USER_AUTHENTICATION),
    token(
        "/ims/token/v4",
        Seconds,
        WITH_PROMISES,
        WITH_PROMISE_TOKENS,
        "adobe/ims-go: ims/obo.go, ims/promise.go",
    ),
    authorize("/ims/authorize", Milliseconds, OAUTH_MD),
    authorize("/ims/authorize/v1", Milliseconds, "adobe/ims-go: ims/authorize.go"),
    authorize("/ims/authorize/v2", Seconds, USER_AUTHENTICATION),
    EndpointVersion {
        required: &["client_id", "token"],
        optional: &["type"],
        answer: &["valid", "reason", "token"],
        source: "adobe/ims-go: ims/validate_token.go",
        ..version(Endpoint::ValidateToken, "/ims/validate_token/v1", "GET, POST")
    },
    ending("/ims/invalidate_token/v1"),
    ending("/ims/invalidate_token/v2"),
    EndpointVersion {
        required: &["client_id", "token"],
        optional: &["client_secret"],
        content_type: None,
        source: "AdobeDocs/adobe-dev-console: User Authentication, revoke; RFC 7009",
        ..version(Endpoint::Revoke, "/ims/revoke", "POST")
    },
    logout(
        "/ims/logout/v1",
        &["client_id", "client_secret", "access_token", "redirect_uri", "callback"],
    ),
    logout("/ims/logout/v1/token", &["client_id", "client_secret", "access_token", "callback"]),
    user_info("/ims/userinfo/v1"),
    user_info("/ims/userinfo/v2"),
    profile("/ims/profile/v1"),
    profile("/ims/profile/v2"),
    profile("/ims/profile/v3"),
    organizations("/ims/organizations/v1"),
    organizations("/ims/organizations/v2"),
    organizations("/ims/organizations/v3"),
    organizations("/ims/organizations/v4"),
    organizations("/ims/organizations/v5"),
    organizations("/ims/organizations/v6"),
    EndpointVersion {
        optional: &["client_id"],
        answer: ORGANIZATION,
        source: SPACECAT,
        ..version(Endpoint::Organization, "/ims/organizations/{org}/v2", "GET")
    },
    EndpointVersion {
        optional: &["client_id"],
        answer: &["items"],
        source: SPACECAT,
        ..version(Endpoint::GroupMembers, "/ims/organizations/{org}/groups/{group}/members", "GET")
    },
    EndpointVersion {
        required: &["org_id", "auth_src"],
        optional: &["client_id"],
        answer: &["productContexts"],
        source: SPACECAT,
        ..version(Endpoint::ProductContexts, "/ims/fetch_pc_by_org/v1", "POST")
    },
    EndpointVersion {
        optional: &["client_id"],
        answer: &["status", "data"],
        source: SPACECAT,
        ..version(Endpoint::AccountCluster, "/ims/account_cluster/v2", "GET")
    },
    admin_profile("/ims/admin_profile/v1"),
    admin_profile("/ims/admin_profile/v2"),
    admin_profile("/ims/admin_profile/v3"),
    admin_organizations("/ims/admin_organizations/v1"),
    admin_organizations("/ims/admin_organizations/v2"),
    admin_organizations("/ims/admin_organizations/v3"),
    admin_organizations("/ims/admin_organizations/v4"),
    admin_organizations("/ims/admin_organizations/v5"),
    admin_organizations("/ims/admin_organizations/v6"),
    EndpointVersion {
        content: Content::Json,
        required: &["client_name", "redirect_uris"],
        optional: &["scope", "token_endpoint_auth_method"],
        answer: &[
            "client_id",
            "client_secret",
            "client_id_issued_at",
            "client_secret_expires_at",
            "client_name",
            "redirect_uris",
            "scope",
            "token_endpoint_auth_method",
        ],
        source: "adobe/ims-go: ims/dcr.go; RFC 7591",
        ..version(Endpoint::Register, "/ims/register", "POST")
    },
    EndpointVersion {
        content: Content::Nothing,
        answer: &["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"],
        source: USER_AUTHENTICATION,
        ..version(Endpoint::Discovery, "/ims/.well-known/openid-configuration", "GET")
    },
    EndpointVersion {
        content: Content::Nothing,
        answer: &["keys"],
        source: "AdobeDocs/adobe-dev-console: User Authentication, keys; RFC 7517",
        ..version(Endpoint::Keys, "/ims/keys", "GET")
    },
    EndpointVersion {
        content: Content::Nothing,
        answer: &[
            "client_id",
            "client_secrets",
            "expires_at",
            "expires_at_str",
            "client_secret",
            "created_at",
            "created_at_str",
            "uuid",
            "secret_usages",
        ],
        source: SERVER_TO_SERVER,
        ..version(
            Endpoint::ClientSecrets,
            "/console/organizations/{org}/credentials/{credential}/secrets",
            "GET, POST",
        )
    },
    EndpointVersion {
        content: Content::Nothing,
        content_type: None,
        source: SERVER_TO_SERVER,
        ..version(
            Endpoint::ClientSecret,
            "/console/organizations/{org}/credentials/{credential}/secrets/{secret}",
            "DELETE",
        )
    },
    EndpointVersion {
        required: &["client_id", "scope", "state", "nonce"],
        optional: &["redirect_uri"],
        answer: &["admin_consent", "id_token", "state"],
        content_type: Some(TEXT_HTML),
        source: "AdobeDocs/adobe-dev-console: Enterprise Web App Credential API Reference",
        ..version(Endpoint::AdminConsent, "/consent", "GET, POST")
    },
    EndpointVersion {
        content: Content::Nothing,
        answer: &["method", "client_id", "user_id", "org_id", "scope", "token_expires_at"],
        source: "the emulator's own; its errors are those of the gateway in front of Adobe's APIs",
        ..version(Endpoint::Echo, "/echo", "GET, POST, PUT, PATCH, DELETE")
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_path_is_there_once_and_each_endpoint_has_a_name() {
        let paths: HashSet<_> = TABLE.iter().map(|version| version.path).collect();
        assert_eq!(paths.len(), TABLE.len());
        let mut names: Vec<String> = Vec::new();
        for version in TABLE {
            let name = serde_json::to_value(version.endpoint).unwrap();
            let name = name.as_str().unwrap().to_owned();
            assert!(Endpoint::NAMES.contains(&name.as_str()), "{name}");
            assert!(!version.source.is_empty(), "{}", version.path);
            names.push(name);
        }
        for name in Endpoint::NAMES {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
    }

    #[test]
    fn a_path_is_found_with_one_slash_at_its_end_and_with_any_organization() {
        #[rustfmt::skip]
        let table = [
            ("/ims/token",                               Some(Endpoint::Token)),
            ("/ims/token/",                              Some(Endpoint::Token)),
            ("/ims/token/v3/",                           Some(Endpoint::Token)),
            ("/ims/organizations/v2",                    Some(Endpoint::Organizations)),
            ("/ims/organizations/A@AdobeOrg/v2",         Some(Endpoint::Organization)),
            ("/ims/organizations/A@AdobeOrg/v3",         None),
            ("/ims/organizations//v2",                   None),
            ("/ims/organizations/A/groups/1/members",    Some(Endpoint::GroupMembers)),
            ("/ims/organizations/A/groups/1/members/x",  None),
            ("/ims/token//",                             None),
            ("/IMS/keys",                                None),
            ("/",                                        None),
        ];
        for (path, endpoint) in table {
            assert_eq!(
                EndpointVersion::at(path).map(|version| version.endpoint),
                endpoint,
                "{path}"
            );
        }
    }

    #[test]
    fn the_unit_is_that_of_the_version() {
        #[rustfmt::skip]
        let table = [
            ("/ims/exchange/jwt",    Some(Milliseconds)),
            ("/ims/exchange/v1/jwt", Some(Milliseconds)),
            ("/ims/token",           Some(Milliseconds)),
            ("/ims/token/v1",        Some(Milliseconds)),
            ("/ims/token/v2",        Some(Seconds)),
            ("/ims/token/v3",        Some(Seconds)),
            ("/ims/token/v4",        Some(Seconds)),
            ("/ims/authorize",       Some(Milliseconds)),
            ("/ims/authorize/v2",    Some(Seconds)),
            ("/ims/keys",            None),
        ];
        for (path, unit) in table {
            assert_eq!(EndpointVersion::at(path).unwrap().unit, unit, "{path}");
        }
    }
}
