//! A service with axum: it verifies the tokens of its callers, and calls an API with its own token.
//! `cargo run -p ims --features verify --example axum_service`.
//!
//! The emulator is here in place of IMS, and its `/echo` in place of the API.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::{error::Error, time::SystemTime};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    routing::get,
};
use ims::{
    Client, Credentials,
    exchange::{ReqwestTransport, SharedTransport},
    verify::{Authority, Fault, NotVerified, Requirements, TokenVerifier, VerifiedToken},
};
use ims_emulator::Emulator;
use tokio::{net::TcpListener, sync::oneshot};

/// All of these are cheap to clone, and clones share their tokens, keys and connections.
#[derive(Clone)]
struct App {
    client: Client,
    verifier: TokenVerifier,
    http: reqwest::Client,
    api: String,
}

fn router(app: App) -> Router {
    Router::new().route("/assets", get(assets)).route("/health", get(health)).with_state(app)
}

/// Answers callers with a valid token, and asks the API for them.
async fn assets(State(app): State<App>, headers: HeaderMap) -> Result<String, StatusCode> {
    let caller = caller(&app.verifier, &headers).await?;
    let answer = async {
        // The token is in memory while it is fresh, so this waits only if there is none.
        let headers = app.client.headers().await.map_err(|error| error.to_string())?;
        let answer = app.http.get(&app.api).headers(headers).send().await;
        answer.and_then(reqwest::Response::error_for_status).map_err(|error| error.to_string())
    };
    match answer.await {
        Ok(_) => Ok(format!("assets for {}", caller.client_id())),
        Err(error) => {
            println!("the API is not available: {error}");
            Err(StatusCode::BAD_GATEWAY)
        }
    }
}

/// Who calls, or the status to answer with (RFC 6750 §3.1).
async fn caller(
    verifier: &TokenVerifier,
    headers: &HeaderMap,
) -> Result<VerifiedToken, StatusCode> {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer "));
    let token = token.ok_or(StatusCode::UNAUTHORIZED)?;
    match verifier.verify(token, SystemTime::now().into()).await {
        Ok(token) => Ok(token),
        Err(NotVerified::Bad(Fault::ScopeMissing { .. })) => Err(StatusCode::FORBIDDEN),
        Err(NotVerified::Bad(_) | NotVerified::KeyNotPublished) => Err(StatusCode::UNAUTHORIZED),
        Err(_) => Err(StatusCode::SERVICE_UNAVAILABLE),
    }
}

/// For a load balancer: whether the service has a token for its calls.
async fn health(State(app): State<App>) -> StatusCode {
    match app.client.health() {
        Some(health) if health.is_serving() => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let ims = Emulator::start().await?;
    let credentials = Credentials::from_json(&ims.credentials_json())?;
    let environment = credentials.environment().clone();
    let client = Client::new(&credentials)?;
    // Gets the token before the first caller comes, and keeps it fresh until this guard is dropped.
    let keeper = client.keeper().ok_or("an API key alone has no token")?;
    let _guard = keeper.keep_fresh();
    let requirements = Requirements::of_clients([client.client_id().clone()]);
    let transport = SharedTransport::new(ReqwestTransport::new(&environment)?);
    let verifier =
        TokenVerifier::new(environment, transport, Authority::PublishedKeys, requirements);
    let app =
        App { client: client.clone(), verifier, http: http()?, api: format!("{}/echo", ims.url()) };

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let (stop, stopped) = oneshot::channel::<()>();
    // Requests that have begun are answered before the service ends. A program waits for `ctrl_c` here.
    let server = axum::serve(listener, router(app)).with_graceful_shutdown(async {
        let _ = stopped.await;
    });
    let server = tokio::spawn(server.into_future());

    let token = client.access_token().await?;
    for bearer in [token.expose_secret(), "another"] {
        let answer = http()?.get(format!("{url}/assets")).bearer_auth(bearer).send().await?;
        println!("/assets {}", answer.status());
    }
    println!("/health {}", http()?.get(format!("{url}/health")).send().await?.status());
    let _ = stop.send(());
    server.await??;
    println!("the service has ended");
    Ok(())
}

/// A client for this machine. One for Adobe's APIs uses the CA certificates of the system, and a proxy if there is one.
fn http() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().no_proxy().tls_certs_only([]).build()
}
