//! Prints one line for each file given, with what its first certificate says or why there is none:
//! `cargo run --example inspect -- FILE…`, or file names on standard input, one on each line.

use std::{env, fs, io};

use ims_cert::{CertError, CertificateFile};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let files = if arguments.is_empty() {
        io::stdin().lines().collect::<Result<_, _>>()?
    } else {
        arguments
    };
    for file in files {
        match inspect(&fs::read(&file)?) {
            Ok(line) => print(&format!("{file}: {line}")),
            Err(error) => print(&format!("{file}: error: {error}")),
        }
    }
    Ok(())
}

fn inspect(file: &[u8]) -> Result<String, CertError> {
    let file = CertificateFile::from_bytes(file)?;
    let certificate = &file.certificates()[0];
    let validity = certificate.validity();
    Ok(format!(
        "serial={} from={} to={} sha256={} key={} signed={} subject={}",
        certificate.serial_number(),
        validity.not_before().as_secs(),
        validity.not_after().as_secs(),
        certificate.sha256_fingerprint(),
        certificate.key_algorithm(),
        certificate.signature_algorithm(),
        certificate.subject(),
    ))
}

#[expect(clippy::print_stdout, reason = "printing is what this example is for")]
fn print(line: &str) {
    println!("{line}");
}
