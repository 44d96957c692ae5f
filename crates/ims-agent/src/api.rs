//! The API of the agent: which path is answered how.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use ims::{
    TokenError,
    token::{Clock, SystemClock},
};
use serde_json::{Value, json};

use crate::{
    access::RequestRules,
    agent::Agent,
    answer::{self, Answer, Fault, JSON, answer, no_token},
    context::{Context, TokenAnswer},
    counts::Counts,
    event::Event,
    listener::Listener,
    server::{self, Handler, Limits, RequestBody},
};

/// The longest body: a token has 64 KiB at most.
const LONGEST_BODY: usize = 80 * 1024;

impl Agent {
    /// Answers the requests that come to `listener` until `end` is done, and then those that are being answered.
    pub async fn serve(&self, listener: Listener, limits: Limits, end: impl Future<Output = ()>) {
        server::serve(self, listener, limits, end).await;
    }
}

impl Handler for Agent {
    const CAPABILITY_FIELD: HeaderName = header::AUTHORIZATION;

    fn observe(&self, event: &Event) {
        self.observe(event);
    }

    async fn answer(
        &self,
        rules: &RequestRules,
        request: Request<RequestBody>,
    ) -> Result<Answer, Fault> {
        let headers = request.headers();
        rules.check_host(request.uri(), headers)?;
        rules.check(headers)?;
        // A server that forwards requests would forward this one for anyone. The metadata servers of clouds refuse such
        // requests, too.
        if headers.contains_key(header::FORWARDED) || headers.contains_key("x-forwarded-for") {
            return Err(Fault::FORWARDED);
        }
        let is_get = request.method() == Method::GET;
        let query = request.uri().query().unwrap_or_default();
        let of_a_token = ["context", "min_lifetime"];
        match request.uri().path() {
            "/v1/rejected" if request.method() == Method::POST => self.rejected(request).await,
            "/v1/rejected" => Err(Fault::NOT_POST),
            "/v1/token" | "/v1/headers" | "/v1/health" | "/metrics" if !is_get => {
                Err(Fault::NOT_GET)
            }
            "/v1/token" => self.token(&Parameters::of(query, &of_a_token)?).await,
            "/v1/headers" => {
                let as_text = headers.get(header::ACCEPT).is_some_and(|it| it == "text/plain");
                self.headers(&Parameters::of(query, &of_a_token)?, as_text).await
            }
            "/v1/health" => Parameters::of(query, &[]).map(|_| self.health_answer()),
            "/metrics" => Ok(self.metrics_answer()),
            _ => Err(Fault::PATH),
        }
    }
}

impl Agent {
    async fn token(&self, parameters: &Parameters) -> Result<Answer, Fault> {
        let context = self.find(parameters)?;
        let token = context.token(parameters.min_lifetime()?).await;
        Ok(counted(context, token.map(|token| answer(StatusCode::OK, JSON, token.body.clone()))))
    }

    /// The header fields, and with a token also how long they are valid.
    async fn headers(&self, parameters: &Parameters, as_text: bool) -> Result<Answer, Fault> {
        let context = self.find(parameters)?;
        let fields = fields(context, parameters.min_lifetime()?).await;
        Ok(counted(
            context,
            fields.map(|(fields, token)| {
                if as_text {
                    return answer(StatusCode::OK, TEXT_TYPE, lines(&fields));
                }
                answer::json(StatusCode::OK, &fields_as_json(&fields, token.as_deref()))
            }),
        ))
    }

    /// Records that an API rejected a token, which is given by its fingerprint or as it is.
    async fn rejected(&self, request: Request<RequestBody>) -> Result<Answer, Fault> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let body = Limited::new(request.into_body(), LONGEST_BODY).collect().await;
        let body = body.map_err(|_| Fault::BODY_UNREADABLE)?.to_bytes();
        let body = std::str::from_utf8(&body).map_err(|_| Fault::BODY_UNREADABLE)?;
        let known = ["context", "fingerprint", "token"];
        let parameters = Parameters::of(&format!("{query}&{body}"), &known)?;
        let context = self.find(&parameters)?;
        let is_noted = match (parameters.get("fingerprint"), parameters.get("token")) {
            (Some(fingerprint), None) => context.reject(|answer| answer.fingerprint == fingerprint),
            (None, Some(token)) => {
                let token = token.strip_prefix("Bearer ").unwrap_or(token);
                context.reject(|answer| answer.token.expose_secret() == token)
            }
            _ => return Err(Fault::WHICH_TOKEN),
        };
        // Whether it was the token that the agent has given out last.
        Ok(answer(StatusCode::OK, JSON, format!("{{\"noted\":{is_noted}}}")))
    }

    pub(crate) fn health_answer(&self) -> Answer {
        let health = self.health();
        let is_ok = health["status"] == "ok";
        answer::json(if is_ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &health)
    }

    pub(crate) fn metrics_answer(&self) -> Answer {
        // Prometheus, "Exposition formats".
        answer(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", self.metrics())
    }

    /// The context that is asked for: the only one, if none is named.
    fn find(&self, parameters: &Parameters) -> Result<&Arc<Context>, Fault> {
        match (parameters.get("context"), self.contexts()) {
            (Some(name), _) => self.context(name).ok_or(Fault::UNKNOWN_CONTEXT),
            (None, [only]) => Ok(only),
            (None, _) => Err(Fault::WHICH_CONTEXT),
        }
    }
}

/// The header fields for an API, and the token in them, if there is one.
async fn fields(
    context: &Context,
    min_lifetime: Duration,
) -> Result<(HeaderMap, Option<Arc<TokenAnswer>>), TokenError> {
    let client = context.client();
    if client.keeper().is_none() {
        return Ok((client.headers().await?, None));
    }
    let token = context.token(min_lifetime).await?;
    let mut fields = client.headers().await?;
    // The client may have another one by now, and this is the one that was asked for.
    fields.insert(header::AUTHORIZATION, token.token.authorization().clone());
    Ok((fields, Some(token)))
}

fn counted(context: &Context, outcome: Result<Answer, TokenError>) -> Answer {
    let is_served = outcome.is_ok();
    Counts::add(if is_served { &context.counts.served } else { &context.counts.refused });
    outcome.unwrap_or_else(|error| no_token(&error))
}

fn fields_as_json(fields: &HeaderMap, token: Option<&TokenAnswer>) -> Value {
    let mut shown = json!({ "headers": {} });
    for (name, value) in fields {
        shown["headers"][name.as_str()] = text_of(value).into();
    }
    if let Some(TokenAnswer { token, fingerprint, .. }) = token {
        let ends_at = token.expires_at();
        shown["expires_in"] = ends_at.since(SystemClock.now()).as_secs().into();
        shown["expires_at"] = ends_at.to_string().into();
        shown["fingerprint"] = fingerprint.as_str().into();
    }
    shown
}

/// The fields as `curl --header @-` reads them.
fn lines(fields: &HeaderMap) -> Bytes {
    let mut lines = String::new();
    for (name, value) in fields {
        lines.extend([name.as_str(), ": ", text_of(value), "\n"]);
    }
    lines.into()
}

/// Tokens and identifiers are visible ASCII.
fn text_of(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default()
}

const TEXT_TYPE: &str = "text/plain; charset=utf-8";

/// Parameters of a query or a form. Each one must be known and occur once: otherwise a misspelt one would be ignored.
struct Parameters(BTreeMap<String, String>);

impl Parameters {
    fn of(text: &str, known: &[&str]) -> Result<Self, Fault> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if !known.contains(&name.as_ref()) {
                return Err(Fault::UNKNOWN_PARAMETER);
            }
            if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(Fault::REPEATED_PARAMETER);
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
        // The parser of numbers would accept a sign.
        let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let seconds = digits.and_then(|text| text.parse().ok());
        seconds.map(Duration::from_secs).ok_or(Fault::MIN_LIFETIME)
    }
}
