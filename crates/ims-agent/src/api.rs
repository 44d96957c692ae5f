//! The API of the agent: which path is answered how.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use ims::token::{Clock, SystemClock};
use serde::Serialize;

use crate::{
    activity::ActiveBody,
    agent::Agent,
    answer::{Answer, Fault, JSON, answer, expect_method, json, no_token},
    context::Context,
    counts::Counts,
};

/// The longest body: a token has 64 KiB at most.
const LONGEST_BODY: usize = 80 * 1024;

impl Agent {
    /// Answers one request, whose caller may ask.
    pub(crate) async fn handle(&self, request: Request<ActiveBody<Incoming>>) -> Answer {
        match self.route(request).await {
            Ok(answer) => answer,
            Err(fault) => fault.answer(),
        }
    }

    async fn route(&self, request: Request<ActiveBody<Incoming>>) -> Result<Answer, Fault> {
        let headers = request.headers();
        // A server of another purpose that passes requests on would pass this one on for anyone (as the metadata servers of
        // clouds refuse it).
        if headers.contains_key(header::FORWARDED) || headers.contains_key("x-forwarded-for") {
            return Err(FORWARDED);
        }
        let method = request.method();
        match request.uri().path() {
            "/v1/token" => {
                expect_method(method, &Method::GET, "GET")?;
                let parameters =
                    Parameters::of(request.uri().query(), &["context", "min_lifetime"])?;
                Ok(self.token(&parameters).await?)
            }
            "/v1/headers" => {
                expect_method(method, &Method::GET, "GET")?;
                let parameters =
                    Parameters::of(request.uri().query(), &["context", "min_lifetime"])?;
                let as_text = request.headers().get(header::ACCEPT).is_some_and(|it| it == TEXT);
                Ok(self.headers(&parameters, as_text).await?)
            }
            "/v1/rejected" => {
                expect_method(method, &Method::POST, "POST")?;
                self.rejected(request).await
            }
            "/v1/health" => {
                expect_method(method, &Method::GET, "GET")?;
                Parameters::of(request.uri().query(), &[])?;
                Ok(self.health_answer())
            }
            "/metrics" => {
                expect_method(method, &Method::GET, "GET")?;
                Ok(self.metrics_answer())
            }
            _ => Err(NO_SUCH_PATH),
        }
    }

    async fn token(&self, parameters: &Parameters) -> Result<Answer, Fault> {
        let context = self.find(parameters)?;
        match context.token_answer(parameters.min_lifetime()?).await {
            Ok(body) => {
                Counts::add(&context.counts.served);
                Ok(answer(StatusCode::OK, JSON, body))
            }
            Err(error) => {
                Counts::add(&context.counts.refused);
                Ok(no_token(&error))
            }
        }
    }

    /// The header fields, and with a token also how long they are good.
    async fn headers(&self, parameters: &Parameters, as_text: bool) -> Result<Answer, Fault> {
        let context = self.find(parameters)?;
        let client = context.client();
        let token = match client.keeper() {
            Some(_) => Some(context.token(parameters.min_lifetime()?).await),
            None => None,
        };
        let token = match token.transpose() {
            Ok(token) => token,
            Err(error) => {
                Counts::add(&context.counts.refused);
                return Ok(no_token(&error));
            }
        };
        // The token may be another than the one that the client has by now, and is the one that was asked for.
        let fields = client.headers().await;
        let mut fields = match fields {
            Ok(fields) => fields,
            Err(error) => return Ok(no_token(&error)),
        };
        if let Some(token) = &token {
            fields.insert(header::AUTHORIZATION, token.authorization().clone());
        }
        Counts::add(&context.counts.served);
        if as_text {
            return Ok(answer(StatusCode::OK, TEXT_TYPE, lines(&fields)));
        }
        let now = SystemClock.now();
        Ok(json(
            StatusCode::OK,
            &HeadersBody {
                headers: texts(&fields),
                expires_in: token.as_ref().map(|token| token.expires_at().since(now).as_secs()),
                expires_at: token.as_ref().map(|token| token.expires_at().to_string()),
                fingerprint: token.as_ref().map(|token| context.fingerprint(token)),
            },
        ))
    }

    /// Takes note of a token that an API rejected, by its name or itself.
    async fn rejected(&self, request: Request<ActiveBody<Incoming>>) -> Result<Answer, Fault> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let body = Limited::new(request.into_body(), LONGEST_BODY).collect().await;
        let body = body.map_err(|_| BODY_UNREADABLE)?.to_bytes();
        let body = std::str::from_utf8(&body).map_err(|_| BODY_UNREADABLE)?;
        let separator = if query.is_empty() || body.is_empty() { "" } else { "&" };
        let parameters = format!("{query}{separator}{body}");
        let parameters = Parameters::of(Some(&parameters), &["context", "fingerprint", "token"])?;
        let context = self.find(&parameters)?;
        let is_noted = match (parameters.get("fingerprint"), parameters.get("token")) {
            (Some(fingerprint), None) => context.reject(|answer| answer.fingerprint == fingerprint),
            (None, Some(token)) => {
                let token = token.strip_prefix("Bearer ").unwrap_or(token);
                context.reject(|answer| answer.token.expose_secret() == token)
            }
            _ => return Err(WHICH_TOKEN),
        };
        Ok(json(StatusCode::OK, &RejectedBody { noted: is_noted }))
    }

    /// The context that is asked for: the only one, if none is named.
    fn find(&self, parameters: &Parameters) -> Result<&Arc<Context>, Fault> {
        match (parameters.get("context"), self.contexts()) {
            (Some(name), contexts) => {
                contexts.iter().find(|context| *context.name == *name).ok_or(UNKNOWN_CONTEXT)
            }
            (None, [only]) => Ok(only),
            (None, _) => Err(WHICH_CONTEXT),
        }
    }
}

/// Parameters of a query or a form. Each is known and there once: what is misspelt would be passed over otherwise.
struct Parameters(BTreeMap<String, String>);

impl Parameters {
    fn of(text: Option<&str>, known: &[&str]) -> Result<Self, Fault> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text.unwrap_or_default().as_bytes()) {
            if !known.contains(&name.as_ref()) {
                return Err(UNKNOWN_PARAMETER);
            }
            if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(REPEATED_PARAMETER);
            }
        }
        Ok(Self(parameters))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Seconds; zero if it is not there.
    fn min_lifetime(&self) -> Result<Duration, Fault> {
        let Some(text) = self.get("min_lifetime") else { return Ok(Duration::ZERO) };
        // The parser of numbers would take a sign.
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = text.parse().ok().filter(|_| is_number);
        seconds.map(Duration::from_secs).ok_or(MIN_LIFETIME)
    }
}

#[derive(Serialize)]
struct HeadersBody<'a> {
    headers: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

#[derive(Serialize)]
struct RejectedBody {
    /// Whether it was the token that the agent has given out last.
    noted: bool,
}

fn texts(fields: &HeaderMap) -> BTreeMap<&str, &str> {
    let mut texts = BTreeMap::new();
    for (name, value) in fields {
        texts.insert(name.as_str(), text_of(value));
    }
    texts
}

/// The fields as `curl --header @-` reads them.
fn lines(fields: &HeaderMap) -> Bytes {
    let mut lines = String::new();
    for (name, value) in fields {
        lines.push_str(name.as_str());
        lines.push_str(": ");
        lines.push_str(text_of(value));
        lines.push('\n');
    }
    lines.into()
}

/// Tokens and identifiers are visible ASCII.
fn text_of(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default()
}

const TEXT: &str = "text/plain";
const TEXT_TYPE: &str = "text/plain; charset=utf-8";

const FORWARDED: Fault = Fault::new(
    StatusCode::FORBIDDEN,
    "forwarded",
    "the request was passed on by a server, and the agent is for programs of this machine",
);
const NO_SUCH_PATH: Fault = Fault::new(
    StatusCode::NOT_FOUND,
    "path_unknown",
    "the paths are /v1/token, /v1/headers, /v1/rejected, /v1/health and /metrics",
);
const UNKNOWN_PARAMETER: Fault =
    Fault::new(StatusCode::BAD_REQUEST, "parameter_unknown", "this path has no such parameter");
const REPEATED_PARAMETER: Fault =
    Fault::new(StatusCode::BAD_REQUEST, "parameter_repeated", "a parameter is there twice");
const MIN_LIFETIME: Fault = Fault::new(
    StatusCode::BAD_REQUEST,
    "parameter_malformed",
    "min_lifetime is a whole number of seconds",
);
const UNKNOWN_CONTEXT: Fault =
    Fault::new(StatusCode::NOT_FOUND, "context_unknown", "the agent serves no such context");
const WHICH_CONTEXT: Fault = Fault::new(
    StatusCode::BAD_REQUEST,
    "context_missing",
    "the agent serves several contexts: name one with the parameter context",
);
const BODY_UNREADABLE: Fault =
    Fault::new(StatusCode::BAD_REQUEST, "body_unreadable", "the body is too long or no form");
const WHICH_TOKEN: Fault = Fault::new(
    StatusCode::BAD_REQUEST,
    "token_missing",
    "name the token with one of the parameters fingerprint and token",
);
