//! What a service can be watched by: lines of tracing, metrics of Prometheus, and events of your own.
//! `cargo run -p ims --features metrics --example metrics_and_tracing`.
//!
//! The emulator is here in place of IMS.

#![expect(clippy::print_stdout, reason = "an example talks to its user")]

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use ims::{Client, Credentials, token::Event};
use ims_emulator::Emulator;
use metrics_exporter_prometheus::PrometheusBuilder;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // Before the first client is built. The program gives the text of `render` to the one that asks at `/metrics`.
    let metrics = PrometheusBuilder::new().install_recorder()?;
    // Targets: ims_token::refresh, ims_token::store, ims_token::keeper.
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();

    let emulator = Emulator::start().await?;
    let credentials = Credentials::from_json(&emulator.credentials_json())?;
    let refreshes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&refreshes);
    // Called by the refresh itself: count or send here, and do not wait.
    let client = Client::builder(&credentials)
        .with_observer(move |event| {
            if matches!(event, Event::Refreshed { .. }) {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        })
        .build()?;
    client.access_token().await?;

    println!("{} refresh", refreshes.load(Ordering::Relaxed));
    for line in
        metrics.render().lines().filter(|line| line.starts_with("ims_token_refreshes_total"))
    {
        println!("{line}");
    }
    let health = client.health().ok_or("this credential has a token")?;
    println!("serving: {}", health.is_serving());
    Ok(())
}
