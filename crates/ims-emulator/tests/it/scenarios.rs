//! An emulator that a scenario file sets up.

use ims_emulator::Scenario;
use ims_testkit::certificates;
use serde_json::json;

use crate::harness::{CLIENT_ID, CLIENT_SECRET, NOW, builder, exchange, jwt, send};

#[tokio::test]
async fn each_line_of_a_scenario_has_its_effect() {
    let integration = json!({
        "client_id": CLIENT_ID,
        "org_id": "C74F69D7594880280@AdobeOrg",
        "technical_account_id": "6657031C5C095BB40A4@techacct.adobe.com",
        "client_secrets": [CLIENT_SECRET],
        "certificates": [certificates::FIRST],
        "metascopes": ["ent_dataservices_sdk", "/s/ent_user_sdk"],
    });
    let plain = || json!({ "integrations": [integration] });
    let with = |name: &str, value: serde_json::Value| {
        let mut scenario = plain();
        scenario[name] = value;
        scenario
    };
    let integration_with = |name: &str, value: serde_json::Value| {
        let mut scenario = plain();
        scenario["integrations"][0][name] = value;
        scenario
    };
    #[rustfmt::skip]
    let table = [
        (plain(),                                                  json!({}),               (200, "")),
        (integration_with("certificates", json!([certificates::SECOND])),      json!({}),               (400, "invalid_signature")),
        (integration_with("metascopes", json!(["ent_user_sdk"])),              json!({}),               (400, "invalid_scope")),
        (integration_with("client_metascopes", json!(["ent_user_sdk"])),       json!({}),               (400, "invalid_scope")),
        (integration_with("client_secrets", json!([])),                        json!({}),               (401, "invalid_client")),
        (integration_with("requires_jti", json!(true)),                        json!({}),               (400, "invalid_jti")),
        (integration_with("exchange_jwt", json!(false)),                       json!({}),               (401, "invalid_client")),
        (integration_with("migrated", json!(true)),                            json!({}),               (500, "internal_error")),
        (with("answers_as_observed", json!(true)),                 json!({ "iss": "X@AdobeOrg" }), (400, "invalid_token")),
        (with("takes_millisecond_exp", json!(true)),               json!({ "exp": (NOW + 9) * 1000 }), (200, "")),
        (with("clock_offset_seconds", json!(600)),                 json!({}),               (400, "invalid_token")),
        (with("environment", json!("https://ims-na1-stg1.adobelogin.com")), json!({}),      (400, "invalid_client")),
        (with("faults", json!([{ "fault": "unavailable" }])),      json!({}),               (503, "service_unavailable")),
    ];
    for (scenario, changes, error) in table {
        let scenario = scenario.to_string();
        let builder = builder().with_scenario(Scenario::from_json(&scenario).unwrap());
        let emulator = builder.start().await.unwrap();
        let answer = exchange(&emulator, &jwt(changes)).await;
        assert_eq!(answer.error(), error, "{scenario}");
    }
}

#[tokio::test]
async fn a_scenario_names_the_hosts_that_clients_call() {
    let scenario = Scenario::from_toml("hosts = [\"ims-emulator\"]").unwrap();
    let emulator = builder().with_scenario(scenario).start().await.unwrap();
    for (host, status) in [("ims-emulator:8080", 200), ("IMS-Emulator", 200), ("other:8080", 421)] {
        let request =
            format!("GET /ims/keys HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert_eq!(send(&emulator, request.as_bytes()).await.status, status, "{host}");
    }
}
