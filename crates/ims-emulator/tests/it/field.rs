//! What real clients do beyond Adobe's documents, and what they depend on.

use base64::{Engine, prelude::BASE64_STANDARD};
use ims_emulator::{AccountType, Emulator, EndpointVersion, Integration, ProductContext, User};
use serde_json::{Value, json};

use crate::{
    harness::{
        Answer, CLIENT_ID, CLIENT_SECRET, builder, client_credentials, emulator, exchange, form,
        get, integration, jwt, post, send,
    },
    sign_in::{REDIRECT_URI, VERIFIER, authorize, redeem, sent, user_integration},
};

const HYPHENATED: &str = "cm-p1-e1-integration";

fn hyphenated() -> Integration {
    Integration::new(
        HYPHENATED.parse().unwrap(),
        "C74F69D7594880280@AdobeOrg".parse().unwrap(),
        "6657031C5C095BB40A4@techacct.adobe.com".parse().unwrap(),
    )
    .with_client_secret("p8e-a+b/c%41")
    .with_scopes(["openid"])
}

#[tokio::test]
async fn basic_authentication_is_read_urlencoded_and_as_it_is() {
    let emulator = emulator(hyphenated()).await;
    #[rustfmt::skip]
    let table = [
        ("cm-p1-e1-integration:p8e-a+b/c%41",                   200),
        ("cm%2Dp1%2De1%2Dintegration:p8e%2Da%2Bb%2Fc%2541",     200),
        ("cm-p1-e1-integration:p8e-a%2Bb%2Fc%2541",             200),
        ("cm%2Dp1%2De1%2Dintegration:p8e%2Da%2Bb%2Fc%41",       400),
        ("cm%2Dp1:p8e%2Da%2Bb%2Fc%2541",                        400),
        ("cm-p1-e1-integration:",                               400),
    ];
    for (credentials, status) in table {
        let encoded = BASE64_STANDARD.encode(credentials);
        let content_type =
            format!("application/x-www-form-urlencoded\r\nAuthorization: Basic {encoded}");
        let body = "grant_type=client_credentials&scope=openid";
        let answer = post(&emulator, "/ims/token/v3", &content_type, body).await;
        assert_eq!(answer.status, status, "{credentials} {answer:?}");
    }
}

#[tokio::test]
async fn a_wrong_secret_is_a_400_at_the_token_endpoints_and_a_401_at_the_exchange() {
    let emulator = emulator(integration()).await;
    #[rustfmt::skip]
    let table = [
        ("/ims/token",           400), ("/ims/token/v1", 400), ("/ims/token/v2", 400),
        ("/ims/token/v3",        400), ("/ims/token/v4", 400),
        ("/ims/exchange/jwt",    401), ("/ims/exchange/v1/jwt", 401), ("/ims/revoke", 401),
    ];
    for (path, status) in table {
        let parameters = [
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT_ID),
            ("client_secret", "wrong"),
            ("scope", "openid"),
        ];
        let answer = form(&emulator, path, &parameters).await;
        assert_eq!(answer.error(), (status, "invalid_client"), "{path}");
        assert_eq!(answer.body["error_description"], "invalid client_secret parameter", "{path}");
        assert_eq!(emulator.requests().last().unwrap().status, status, "{path}");
        let unknown = [("grant_type", "client_credentials"), ("client_id", "unknown")];
        let answer = form(&emulator, path, &unknown).await;
        let expected = if path == "/ims/revoke" { 400 } else { answer.status };
        assert_eq!(answer.status, expected);
        assert_eq!(answer.body["error_description"], "invalid client_id parameter", "{path}");
    }
}

#[tokio::test]
async fn a_line_break_at_the_end_of_an_assertion_is_left_out_and_named() {
    let emulator = emulator(integration()).await;
    for line_break in ["%0A", "%0D%0A"] {
        let jwt = format!("{}{line_break}", jwt(json!({})));
        assert_eq!(exchange(&emulator, &jwt).await.status, 200, "{line_break}");
        let verdict = emulator.requests().pop().unwrap().to_string();
        assert!(verdict.contains("jwt_token ends with a line break: it is left out"), "{verdict}");
    }
    for white_space in ["%20", "%0A%0A", "%09"] {
        let jwt = format!("{}{white_space}", jwt(json!({})));
        assert_eq!(exchange(&emulator, &jwt).await.error(), (400, "invalid_token"));
        let verdict = emulator.requests().pop().unwrap().to_string();
        assert!(verdict.contains("FAIL jwt_token has no white space"), "{verdict}");
    }
}

#[tokio::test]
async fn an_answer_without_a_body_does_not_claim_to_be_json() {
    let emulator = emulator(user_integration()).await;
    let parameters = [("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET), ("token", "x")];
    for path in ["/ims/revoke", "/ims/invalidate_token/v2"] {
        let answer = form(&emulator, path, &parameters).await;
        assert_eq!((answer.status, &*answer.text), (200, ""), "{path}");
        assert_eq!(answer.header("content-type"), None, "{path}");
    }
    assert_eq!(authorize(&emulator, &[]).await.header("content-type"), None);
}

#[tokio::test]
async fn the_first_versions_answer_a_code_with_the_user_and_in_milliseconds() {
    let user = User::new("ADA@AdobeID")
        .with_email("ada@example.com")
        .with_first_name("Ada")
        .with_last_name("Lovelace");
    let builder = builder().with_integration(user_integration()).with_user(user);
    let emulator = builder.start().await.unwrap();
    for (path, is_first) in [
        ("/ims/token", true),
        ("/ims/token/", true),
        ("/ims/token/v1", true),
        ("/ims/token/v2", false),
    ] {
        let code = sent(&authorize(&emulator, &[]).await, "code").unwrap();
        let parameters = [
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT_ID),
            ("client_secret", CLIENT_SECRET),
            ("code", &code),
            ("code_verifier", VERIFIER),
        ];
        let body = form(&emulator, path, &parameters).await.body;
        assert_eq!(body["sub"], "ADA@AdobeID", "{path}");
        assert_eq!(body["expires_in"], if is_first { 86_399_999 } else { 86_399 }, "{path}");
        let members = [
            ("email", json!("ada@example.com")),
            ("email_verified", json!("true")),
            ("name", json!("Ada Lovelace")),
            ("given_name", json!("Ada")),
            ("family_name", json!("Lovelace")),
            ("address", json!({ "country": "US" })),
            ("userId", json!("ADA@AdobeID")),
            ("account_type", json!("type1")),
            ("displayName", json!("Ada Lovelace")),
            ("emailVerified", json!("true")),
            ("preferred_languages", json!(["en-us"])),
            ("mrktPerm", json!("EMAIL:false")),
            ("mrktPermEmail", json!("false")),
        ];
        for (name, value) in members {
            assert_eq!(body.get(name), is_first.then_some(&value), "{path} {name}");
        }
    }
    let query = format!("/ims/authorize?client_id={CLIENT_ID}&response_type=token&prompt=none");
    let answer = get(&emulator, &query, "").await;
    assert_eq!(sent(&answer, "expires_in").as_deref(), Some("86399999"));
}

#[tokio::test]
async fn a_verifier_has_43_to_128_characters() {
    for (length, status) in [(42, 400), (43, 200), (128, 200), (129, 400)] {
        let emulator = emulator(user_integration()).await;
        let verifier = "v".repeat(length);
        let changes = [("code_challenge", &*verifier), ("code_challenge_method", "plain")];
        let code = sent(&authorize(&emulator, &changes).await, "code").unwrap();
        let answer = redeem(&emulator, &code, CLIENT_SECRET, &verifier).await;
        assert_eq!(answer.status, status, "{length}");
    }
}

#[tokio::test]
async fn a_sign_in_without_scope_is_for_all_scopes_of_the_integration() {
    let emulator = emulator(user_integration()).await;
    let code = sent(&authorize(&emulator, &[("scope", "")]).await, "code").unwrap();
    let tokens = redeem(&emulator, &code, CLIENT_SECRET, VERIFIER).await.body;
    assert!(tokens.get("refresh_token").is_some() && tokens.get("id_token").is_some());
}

#[tokio::test]
async fn a_redirect_uri_that_fits_no_pattern_leads_to_the_default() {
    let integration = user_integration()
        .with_redirect_uri_pattern(r"https://.*\.preview\.example/callback")
        .unwrap()
        .with_default_redirect_uri("https://app.example/default");
    let emulator = emulator(integration).await;
    #[rustfmt::skip]
    let table = [
        ("https://one.preview.example/callback", "https://one.preview.example/callback?"),
        ("https://one.preview.example/other",    "https://app.example/default?"),
        ("https://evil.example/",                "https://app.example/default?"),
        ("",                                     "https://app.example/default?"),
        (REDIRECT_URI,                           REDIRECT_URI),
    ];
    for (requested, expected) in table {
        let answer = authorize(&emulator, &[("redirect_uri", requested)]).await;
        let location = answer.header("location").unwrap();
        assert!(location.starts_with(expected), "{requested}: {location}");
    }
}

fn two_users() -> [User; 2] {
    let org = || "C74F69D7594880280@AdobeOrg".parse().unwrap();
    [
        User::new("ADA@AdobeID")
            .with_email("ada@example.com")
            .with_first_name("Ada")
            .with_last_name("Lovelace"),
        User::new("ALAN@e.example")
            .with_email("alan@example.com")
            .with_first_name("Alan")
            .with_last_name("Turing")
            .with_account_type(AccountType::Federated)
            .with_country("GB")
            .with_organization("OTHER@AdobeOrg".parse().unwrap(), "Other")
            .with_role(org(), "org_admin")
            .with_product(ProductContext::new("dma_tartan")),
    ]
}

async fn with_users() -> Emulator {
    let scopes = ["email", "profile", "address", "additional_info.projectedProductContext"];
    let mut builder = builder().with_integration(user_integration().with_scopes(scopes));
    for user in two_users() {
        builder = builder.with_user(user);
    }
    builder.start().await.unwrap()
}

async fn profile(emulator: &Emulator, hint: &str) -> Value {
    let code = sent(&authorize(emulator, &[("login_hint", hint), ("scope", "")]).await, "code");
    let tokens = redeem(emulator, &code.unwrap(), CLIENT_SECRET, VERIFIER).await.body;
    let bearer = format!("Authorization: Bearer {}\r\n", tokens["access_token"].as_str().unwrap());
    let info = get(emulator, "/ims/userinfo/v2", &bearer).await.body;
    let organizations = get(emulator, "/ims/organizations/v6", &bearer).await.body;
    let mut profile = get(emulator, "/ims/profile/v1", &bearer).await.body;
    // helix-shared-ims writes the scheme in small letters, and sends no body.
    let small = bearer.replace("Bearer", "bearer");
    let request = format!(
        "POST /ims/profile/v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{small}Connection: close\r\n\r\n"
    );
    assert_eq!(send(emulator, request.as_bytes()).await.body, profile);
    profile["userinfo"] = info;
    profile["organizations"] = organizations;
    profile
}

#[tokio::test]
async fn a_user_is_chosen_by_a_hint_and_has_a_name_an_account_and_roles() {
    let emulator = with_users().await;
    let ada = profile(&emulator, "").await;
    assert_eq!((&ada["userId"], &ada["account_type"]), (&json!("ADA@AdobeID"), &json!("type1")));
    assert_eq!((&ada["roles"], &ada["emailVerified"]), (&json!([]), &json!("true")));
    assert_eq!(ada["userinfo"]["account_type"], "ind");
    for hint in ["alan@example.com", "ALAN@e.example", "Alan@Example.com"] {
        let alan = profile(&emulator, hint).await;
        assert_eq!(alan["displayName"], "Alan Turing", "{hint}");
        assert_eq!((&alan["first_name"], &alan["last_name"]), (&json!("Alan"), &json!("Turing")));
        assert_eq!((&alan["account_type"], &alan["countryCode"]), (&json!("type3"), &json!("GB")));
        assert_eq!(alan["roles"][0]["named_role"], "org_admin");
        assert_eq!(alan["roles"][0]["organization"], "C74F69D7594880280@AdobeOrg");
        let product = &alan["projectedProductContext"][0]["prodCtx"];
        assert_eq!(product["serviceCode"], "dma_tartan");
        assert!(product["createDts"].is_u64() && product["modDts"].is_u64());
        for name in [
            "ident",
            "label",
            "serviceLevel",
            "organization_id",
            "groupid",
            "user_visible_name",
            "deal_id",
        ] {
            assert!(product[name].is_string(), "{name}");
        }
        for name in [
            "utcOffset",
            "preferred_languages",
            "phoneNumber",
            "mrktPerm",
            "mrktPermEmail",
            "serviceAccounts",
            "tags",
        ] {
            assert!(alan.get(name).is_some(), "{name}");
        }
        assert_eq!(alan["userinfo"]["account_type"], "ent");
        assert_eq!(alan["userinfo"]["address"]["country"], "GB");
        let names: Vec<_> =
            alan["organizations"].as_array().unwrap().iter().map(|one| &one["orgName"]).collect();
        assert_eq!(names, [&json!("C74F69D7594880280"), &json!("Other")]);
    }
    let stranger = authorize(&emulator, &[("login_hint", "no.one@example.com")]).await;
    assert_eq!(sent(&stranger, "error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn the_consent_page_offers_the_users_and_the_hinted_one_first() {
    let emulator = with_users().await;
    let changes = [("prompt", "login"), ("login_hint", "alan@example.com")];
    let page = authorize(&emulator, &changes).await.text;
    assert!(page.contains("value=\"ADA@AdobeID\"> <span>Ada Lovelace"), "{page}");
    assert!(page.contains("value=\"ALAN@e.example\" checked> <span>Alan Turing"), "{page}");
    for (user, consent, name) in [
        ("ALAN%40e.example", "allow", "code"),
        ("ALAN%40e.example", "deny", "error"),
        ("unknown", "allow", "error"),
        ("", "login_required", "error"),
        ("", "server_error", "error"),
    ] {
        let uri = "http%3A%2F%2F127.0.0.1%3A8000%2Fcallback%3Fx%3D1";
        let parameters = [
            ("client_id", CLIENT_ID),
            ("scope", "openid"),
            ("redirect_uri", uri),
            ("user", user),
            ("consent", consent),
        ];
        let answer = form(&emulator, "/ims/authorize/v2", &parameters).await;
        assert!(sent(&answer, name).is_some(), "{user} {consent} {answer:?}");
    }
}

/// What @adobe/spacecat-shared-ims-client 1.11.9 sends, call by call.
#[tokio::test]
async fn each_call_of_spacecats_client_is_answered() {
    let integration = user_integration()
        .with_service_code("permanent")
        .with_product(ProductContext::new("dma_tartan"));
    let mut builder = builder().with_integration(integration);
    for user in two_users() {
        builder = builder.with_user(user);
    }
    let emulator = builder.start().await.unwrap();
    let parameters = [
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("code", "permanent"),
        ("grant_type", "authorization_code"),
    ];
    let token = form(&emulator, "/ims/token/v4", &parameters).await.body["access_token"].clone();
    let bearer = format!("Authorization: Bearer {}\r\n", token.as_str().unwrap());
    let urlencoded = format!("application/x-www-form-urlencoded\r\n{}", bearer.trim_end());
    let org = "C74F69D7594880280@AdobeOrg";
    let ask = async |path: String| -> Answer {
        let headers = format!("{bearer}Content-Type: application/json\r\n");
        get(&emulator, &format!("{path}?client_id={CLIENT_ID}"), &headers).await
    };
    let details = ask(format!("/ims/organizations/{org}/v2")).await.body;
    assert_eq!(details["orgName"], "C74F69D7594880280");
    let group = &details["groups"][0];
    assert_eq!(group["role"], "GRP_ADMIN");
    let members = ask(format!("/ims/organizations/{org}/groups/{}/members", group["ident"])).await;
    let alan = json!({ "email": "alan@example.com", "username": "alan@example.com", "firstName": "Alan", "lastName": "Turing" });
    assert_eq!(members.body["items"], json!([alan]));
    let body = format!("org_id=C74F69D7594880280&auth_src=AdobeOrg&client_id={CLIENT_ID}");
    let products = post(&emulator, "/ims/fetch_pc_by_org/v1", &urlencoded, &body).await;
    assert_eq!(products.body["productContexts"][0]["params"]["tenant_id"], "c74f69d7594880280");
    let body = format!("guid=ADA&client_id={CLIENT_ID}&auth_src=AdobeID");
    let profile = post(&emulator, "/ims/admin_profile/v3", &urlencoded, &body).await;
    assert_eq!(profile.body["first_name"], "Ada");
    let body = "guid=ADA&auth_src=AdobeID";
    let orgs = post(&emulator, "/ims/admin_organizations/v4", &urlencoded, body).await;
    assert_eq!(orgs.body[0]["orgRef"]["authSrc"], "AdobeOrg");
    let unknown = ask("/ims/organizations/UNKNOWN@AdobeOrg/v2".to_owned()).await;
    assert_eq!(unknown.error(), (400, "bad_request"));
    let access = client_credentials(&emulator, "openid").await.body["access_token"].clone();
    let bearer = format!("Authorization: Bearer {}\r\n", access.as_str().unwrap());
    let path = format!("/ims/account_cluster/v2?client_id={CLIENT_ID}");
    let cluster = get(&emulator, &path, &bearer).await;
    assert_eq!(cluster.body["data"][0]["userId"], "6657031C5C095BB40A4@techacct.adobe.com");
    assert_eq!(get(&emulator, &format!("/ims/organizations/{org}/v2"), &bearer).await.status, 401);
}

#[tokio::test]
async fn pages_of_an_integrations_origins_may_send_requests_and_no_others() {
    let integration = user_integration().with_allowed_origin("https://app.example");
    let emulator = emulator(integration).await;
    #[rustfmt::skip]
    let table = [
        ("https://app.example",     "/ims/token/v3", 204, Some("https://app.example")),
        ("http://127.0.0.1:8000",   "/ims/token/v3", 204, Some("http://127.0.0.1:8000")),
        ("https://evil.example",    "/ims/token/v3", 403, None),
        ("null",                    "/ims/token/v3", 403, None),
        ("https://evil.example",    "/ims/keys",     204, Some("*")),
    ];
    for (origin, path, status, allowed) in table {
        let request = format!(
            "OPTIONS {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nOrigin: {origin}\r\n\
             Access-Control-Request-Method: POST\r\n\r\n"
        );
        let preflight = send(&emulator, request.as_bytes()).await;
        assert_eq!(preflight.status, status, "{origin} {path}");
        assert_eq!(preflight.header("access-control-allow-origin"), allowed, "{origin} {path}");
        let headers = format!("Origin: {origin}\r\n");
        let answer = get(&emulator, path, &headers).await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin} {path}");
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        assert!(answer.header("vary").is_some_and(|vary| vary.eq_ignore_ascii_case("origin")));
    }
    let plain = b"OPTIONS /ims/token/v3 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(send(&emulator, plain).await.status, 405);
}

#[tokio::test]
async fn a_browser_at_the_base_url_is_redirected_to_the_page_and_a_client_is_not() {
    let emulator = emulator(integration()).await;
    let browser = get(&emulator, "/", "Accept: text/html,application/xhtml+xml\r\n").await;
    assert_eq!((browser.status, browser.header("location")), (302, Some("/_emulator/")));
    assert_eq!(get(&emulator, "/", "").await.status, 404);
    assert_eq!(get(&emulator, "/", "Accept: application/json\r\n").await.status, 404);
}

#[tokio::test]
async fn a_new_emulator_has_an_integration_that_can_be_used() {
    let emulator = Emulator::start().await.unwrap();
    let file: Value = serde_json::from_str(&emulator.credentials_json()).unwrap();
    assert_eq!(file["ims_url"], emulator.url());
    let credentials = emulator.client_credentials();
    let parameters = [
        ("grant_type", "client_credentials"),
        ("client_id", credentials.client_id.as_str()),
        ("client_secret", file["client_secret"].as_str().unwrap()),
        ("scope", &credentials.scopes.join(",")),
    ];
    assert_eq!(form(&emulator, "/ims/token/v3", &parameters).await.status, 200);
    assert!(!format!("{credentials:?}").contains(file["client_secret"].as_str().unwrap()));
    let bare = builder().start().await.unwrap();
    assert!(bare.client_ids().is_empty());
    let _ = bare.client_credentials();
    assert_eq!(bare.client_ids(), ["emulated-client"]);
}

#[tokio::test]
async fn a_request_is_refused_without_each_parameter_that_the_table_calls_required() {
    let emulator = emulator(user_integration()).await;
    let assertion = jwt(json!({}));
    let token = client_credentials(&emulator, "openid").await.body["access_token"].clone();
    let known = [
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("jwt_token", &*assertion),
        ("grant_type", "client_credentials"),
        ("token", token.as_str().unwrap()),
    ];
    let mut tried = 0;
    for version in EndpointVersion::ALL {
        let is_served_here =
            version.required.iter().all(|name| known.iter().any(|(one, _)| one == name));
        if !version.methods.contains("POST") || version.required.is_empty() || !is_served_here {
            continue;
        }
        for missing in version.required {
            let needed =
                |name: &str| version.required.contains(&name) || version.optional.contains(&name);
            let mut parameters: Vec<_> =
                known.into_iter().filter(|(name, _)| needed(name) && name != missing).collect();
            parameters.push(("scope", "openid"));
            let answer = form(&emulator, version.path, &parameters).await;
            assert!((400..402).contains(&answer.status), "{} {missing} {answer:?}", version.path);
            tried += 1;
        }
    }
    assert!(tried >= 25, "{tried}");
}
