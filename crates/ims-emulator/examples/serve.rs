//! Serves one integration until it is killed: `cargo run -p ims-emulator --example serve -- certificate_pub.crt [FOLDER]`.
//!
//! With a folder, it also serves HTTPS and is a CONNECT proxy, with the certificate authority in that folder.
//! The first line on standard output is the base URL, each verdict goes to standard error.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to its user")]

use std::{env, error::Error, fs, future, time::SystemTime};

use ims_claims::Metascope;
use ims_emulator::{Certificate, CertificateAuthority, Emulator, Integration};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args_os().nth(1).ok_or("name a certificate file")?;
    let integration = Integration::new(
        "example-client".parse()?,
        "EXAMPLE@AdobeOrg".parse()?,
        "EXAMPLE@techacct.adobe.com".parse()?,
    )
    .with_client_secret("example-secret")
    .with_certificates(Certificate::read_all(&fs::read(file)?)?)
    .with_metascopes([Metascope::ENT_DATASERVICES_SDK])
    .with_scopes(["openid", "AdobeID"]);
    let builder = Emulator::builder().with_integration(integration).with_observer(|verdict| {
        // Standard error has no buffer: a verdict is put together first and written at once.
        let lines = format!("{verdict}\n\n");
        eprint!("{lines}");
    });
    let emulator = match env::args_os().nth(2) {
        None => builder.start().await?,
        Some(folder) => {
            let authority = CertificateAuthority::open(folder.as_ref(), SystemTime::now())?;
            builder.with_certificate_authority(authority).start().await?
        }
    };
    println!("{}", emulator.url());
    future::pending().await
}
