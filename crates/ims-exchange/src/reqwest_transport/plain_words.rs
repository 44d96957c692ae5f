//! What the network libraries say, in plain words.

use std::error::Error;

use rustls::CertificateError;

/// The cause of an error of the network, in one line and in plain words: the innermost error, without the layers of the HTTP
/// library around it and without the numbers of the operating system.
///
/// ```
/// use std::io;
///
/// let error = io::Error::from(io::ErrorKind::ConnectionRefused);
/// assert_eq!(ims_exchange::plain_words(&error), "connection refused");
/// ```
#[must_use]
pub fn plain_words(error: &(dyn Error + 'static)) -> String {
    let Some(cause) = causes(error).last() else { return "no reason is known".to_owned() };
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return of_tls(error);
    }
    let text = cause.to_string();
    if let Some((_, words)) = HTTP_WORDS.iter().find(|(phrase, _)| text.starts_with(phrase)) {
        return (*words).to_owned();
    }
    let text = text.split(" (os error ").next().unwrap_or_default();
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return "no reason is known".to_owned() };
    let is_word = letters.clone().next().is_some_and(char::is_lowercase);
    if is_word { first.to_lowercase().chain(letters).collect() } else { text.to_owned() }
}

/// An error and all its sources. An [`io::Error`](std::io::Error) hides what it wraps from `source`.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<std::io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    })
}

fn of_tls(error: &rustls::Error) -> String {
    use rustls::Error as E;
    match error {
        E::InvalidCertificate(error) => format!("the certificate of the server {}", fault(error)),
        E::NoCertificatesPresented => "the server shows no certificate".to_owned(),
        E::AlertReceived(alert) => format!("the server ends the TLS handshake ({alert:?})"),
        E::InvalidMessage(_)
        | E::InappropriateMessage { .. }
        | E::InappropriateHandshakeMessage { .. } => "the server does not use TLS".to_owned(),
        E::PeerIncompatible(_) | E::NoApplicationProtocol => {
            "the server supports no safe version of TLS (1.2 or 1.3)".to_owned()
        }
        error => error.to_string(),
    }
}

/// What is wrong with the certificate of `whose`, if that is the cause.
pub(super) fn of_certificate(whose: &str, error: &(dyn Error + 'static)) -> String {
    match causes(error).last().and_then(|cause| cause.downcast_ref()) {
        Some(rustls::Error::InvalidCertificate(error)) => {
            format!("the certificate of {whose} {}", fault(error))
        }
        _ => format!("{whose}: {}", plain_words(error)),
    }
}

/// What is wrong with a certificate, after "the certificate of …".
fn fault(error: &CertificateError) -> String {
    use CertificateError as E;
    let words = match error {
        E::UnknownIssuer => "is by an authority that this machine does not trust",
        E::Expired | E::ExpiredContext { .. } => "has expired, by the clock of this machine",
        E::NotValidYet | E::NotValidYetContext { .. } => {
            "is not valid yet, by the clock of this machine"
        }
        E::NotValidForName | E::NotValidForNameContext { .. } => "is for another host",
        E::Revoked => "was revoked",
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => "is not for servers",
        E::BadEncoding => "is damaged",
        E::BadSignature => "is not signed by its authority",
        // webpki's error for a certificate that signs itself, for which rustls has no variant.
        E::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "is that of an authority, not of a server"
        }
        E::Other(other) => return format!("is refused ({other})"),
        error => return format!("is refused ({error:?})"),
    };
    words.to_owned()
}

/// The texts of hyper 1 and tokio-rustls, which have no types for them, and what is meant.
const HTTP_WORDS: &[(&str, &str)] = &[
    ("invalid HTTP", "the answer is not HTTP"),
    ("invalid content-length", "the answer is not HTTP"),
    ("unexpected transfer-encoding", "the answer is not HTTP"),
    ("message head is too large", "the head of the answer is too long"),
    ("connection closed before message completed", "it was closed before the answer came"),
    ("received unexpected message from connection", "something was sent that no one had asked for"),
    ("end of file before message length reached", "the answer was cut off"),
    ("unexpected EOF during chunk", "the answer was cut off"),
    (
        "peer closed connection without sending TLS close_notify",
        "it was closed before the answer came",
    ),
    ("tls handshake eof", "the server ends the TLS handshake"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io, sync::Arc};

    #[test]
    fn the_words_of_libraries_become_plain_words() {
        let tls = |error| io::Error::other(rustls::Error::InvalidCertificate(error));
        let of_tls = |error| io::Error::other(error);
        let other = rustls::OtherError(Arc::new(io::Error::other("UnsupportedCriticalExtension")));
        let of_authority = rustls::OtherError(Arc::new(io::Error::other("CaUsedAsEndEntity")));
        #[rustfmt::skip]
        let table = [
            (tls(CertificateError::UnknownIssuer),                      "the certificate of the server is by an authority that this machine does not trust"),
            (tls(CertificateError::Expired),                            "the certificate of the server has expired, by the clock of this machine"),
            (tls(CertificateError::NotValidForName),                    "the certificate of the server is for another host"),
            (tls(CertificateError::Other(of_authority)),                "the certificate of the server is that of an authority, not of a server"),
            (tls(CertificateError::Other(other)),                       "the certificate of the server is refused (UnsupportedCriticalExtension)"),
            (tls(CertificateError::NotValidYet),                        "the certificate of the server is not valid yet, by the clock of this machine"),
            (tls(CertificateError::Revoked),                            "the certificate of the server was revoked"),
            (tls(CertificateError::InvalidPurpose),                     "the certificate of the server is not for servers"),
            (tls(CertificateError::BadEncoding),                        "the certificate of the server is damaged"),
            (tls(CertificateError::BadSignature),                       "the certificate of the server is not signed by its authority"),
            (of_tls(rustls::Error::NoCertificatesPresented),            "the server shows no certificate"),
            (of_tls(rustls::Error::NoApplicationProtocol),              "the server supports no safe version of TLS (1.2 or 1.3)"),
            (tls(CertificateError::UnhandledCriticalExtension),         "the certificate of the server is refused (UnhandledCriticalExtension)"),
            (io::Error::other(rustls::Error::AlertReceived(rustls::AlertDescription::HandshakeFailure)), "the server ends the TLS handshake (HandshakeFailure)"),
            (io::Error::other(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)), "the server does not use TLS"),
            (io::Error::from_raw_os_error(111),                         "connection refused"),
            (io::Error::new(io::ErrorKind::UnexpectedEof, "tls handshake eof"), "the server ends the TLS handshake"),
            (io::Error::other("invalid HTTP version parsed"),           "the answer is not HTTP"),
            (io::Error::other("DNS is away"),                           "DNS is away"),
            (io::Error::other(""),                                      "no reason is known"),
        ];
        for (error, words) in table {
            assert_eq!(plain_words(&error), words, "{error:?}");
        }
    }

    #[test]
    fn a_certificate_that_is_not_trusted_is_that_of_a_proxy_or_of_a_host() {
        let untrusted = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        #[rustfmt::skip]
        let table = [
            ("the proxy p:1", io::Error::other(untrusted),                               "the certificate of the proxy p:1 is by an authority that this machine does not trust"),
            ("ims.example",   io::Error::other(rustls::Error::NoCertificatesPresented),  "ims.example: the server shows no certificate"),
        ];
        for (whose, error, words) in table {
            assert_eq!(of_certificate(whose, &error), words);
        }
    }
}
