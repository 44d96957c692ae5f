//! The pages for the browser. A page shows only the result, and loads nothing from any host.

use http::{
    Response, StatusCode,
    header::{
        ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS,
    },
};
use http_body_util::Full;
use hyper::body::Bytes;
use ims::exchange::Nonce;

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// The person is signed in.
    Done,
    /// The person is not signed in, and this sign-in cannot change that.
    Failed,
    /// The redirect is not that of this sign-in, which continues.
    AnotherSignIn,
    /// The redirect came before.
    Twice,
    /// No page is at this path.
    NotFound,
    /// A redirect is a GET.
    WrongMethod,
    /// The browser sent the name of another host.
    WrongHost,
}

impl Page {
    fn status(self) -> StatusCode {
        match self {
            Self::Done => StatusCode::OK,
            Self::Failed | Self::AnotherSignIn => StatusCode::BAD_REQUEST,
            Self::Twice => StatusCode::CONFLICT,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::WrongHost => StatusCode::MISDIRECTED_REQUEST,
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Done => {
                ("You are signed in", "You can close this window and go back to the terminal.")
            }
            Self::Failed => ("You are not signed in", "The terminal says why."),
            Self::AnotherSignIn => {
                ("This is another sign-in", "The terminal still waits for the right one.")
            }
            Self::Twice => ("This sign-in has been answered", "The terminal says how it ended."),
            Self::NotFound | Self::WrongMethod | Self::WrongHost => {
                ("There is nothing here", "The terminal waits for a sign-in.")
            }
        }
    }

    /// The page as an answer. Its script removes the code from the address, and so from the history.
    pub(super) fn response(self) -> Response<Full<Bytes>> {
        let nonce = Nonce::generate();
        let nonce = nonce.as_str();
        let (title, text) = self.words();
        let html = format!(
            "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n\
             <meta name=viewport content=\"width=device-width\">\n<link rel=icon href=\"data:,\">\n\
             <title>{title}</title>\n<style nonce=\"{nonce}\">{STYLE}</style>\n\
             <script nonce=\"{nonce}\">history.replaceState(null,\"\",\"/\")</script>\n\
             <main>\n<h1>{title}</h1>\n<p>{text}\n</main>\n</html>\n"
        );
        let policy = format!(
            "default-src 'none'; img-src data:; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        let mut response = Response::builder()
            .status(self.status())
            .header(CONTENT_TYPE, "text/html; charset=utf-8")
            .header(CONTENT_SECURITY_POLICY, policy)
            .header(REFERRER_POLICY, "no-referrer")
            .header(CACHE_CONTROL, "no-store")
            .header(X_CONTENT_TYPE_OPTIONS, "nosniff");
        if self == Self::WrongMethod {
            response = response.header(ALLOW, "GET");
        }
        let response = response.body(Full::new(html.into()));
        response.expect("a nonce is base64url, which every header field can carry")
    }
}

const STYLE: &str = "\
:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}\
main{max-width:40rem;margin:4rem auto;padding:0 1rem}";
