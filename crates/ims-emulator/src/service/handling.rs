//! How a request becomes an answer and a verdict.

use std::borrow::Cow;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response,
    header::{
        ACCEPT, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
        ACCESS_CONTROL_REQUEST_METHOD, DATE, ORIGIN, VARY,
    },
    request::Parts,
};
use hyper::body::Incoming;

use super::{RequestId, Service};
use crate::{
    about_organization, about_user, admin, admin_consent,
    answer::{Answer, AnswerBody, BrokenOff},
    authorize,
    call::{Call, Scheme},
    checks::{Checks, shown},
    client_secrets,
    clock::http_date,
    discovery, echo,
    endpoint::Endpoint,
    endpoint_table::{Content, EndpointVersion},
    exchange::Exchange,
    exchange_jwt,
    fault::Fault,
    grants, host, logout,
    parameters::{self, Parameters},
    refusal::Refusal,
    register, shown_request, token_state,
    verdict::Verdict,
};

/// A request as it came in.
struct IncomingRequest {
    parts: Parts,
    body: Incoming,
    scheme: Scheme,
    now_ms: u64,
    debug_id: String,
}

/// The result of reading a request.
enum Read {
    /// It has to be examined.
    Call(Box<Call>),
    /// It is answered already.
    Answered(Answer),
}

/// How an endpoint examines a request and answers it.
type Examination = fn(&mut Exchange<'_>) -> Result<Answer, Refusal>;

impl Service {
    /// Answers one request, and records why it is answered so.
    pub(crate) async fn handle(
        &self,
        request: Request<Incoming>,
        scheme: Scheme,
    ) -> Result<Response<AnswerBody>, BrokenOff> {
        let (parts, body) = request.into_parts();
        if parts.uri.path().starts_with(admin::PREFIX) {
            let answer = admin::answer(self, parts, body).await;
            return Ok(answer.into_response(None));
        }
        let RequestId { number, now_ms, debug_id } = self.next_request_id();
        let version = EndpointVersion::at(parts.uri.path());
        let allowed_origin = self.allowed_origin(&parts.headers, version);
        let method = shown_method(&parts.method);
        let path = match version {
            Some(version) if version.path == parts.uri.path() => version.path.into(),
            _ => shown(parts.uri.path().to_owned().into()),
        };
        let mut checks = Checks::new();
        let mut fault = None;
        let (mut parameters, mut jwt) = (Vec::new(), None);
        let incoming = IncomingRequest { parts, body, scheme, now_ms, debug_id: debug_id.clone() };
        let outcome = match self.read(incoming, version, &mut checks).await {
            Ok(Read::Call(call)) => {
                let endpoint = call.version.endpoint;
                (parameters, jwt) = shown_request::of(&call);
                fault = self.faults.next(endpoint, call.client_id_of_any_kind().as_deref());
                self.answer(endpoint, &call, fault, &mut checks).await
            }
            Ok(Read::Answered(answer)) => Ok(answer),
            Err(refusal) => Err(refusal),
        };
        let refusal = match &outcome {
            Err(refusal) => Some(*refusal),
            Ok(answer) => answer.refusal,
        };
        let error = refusal.map(|refusal| self.error(refusal));
        let mut answer = match outcome {
            Ok(answer) => answer,
            Err(refusal) => Answer::refused(refusal, self.error(refusal), version),
        };
        if let Some(fault) = fault {
            answer = answer.changed_by(fault);
        }
        let (mut checks, client_id) = checks.into_parts();
        self.mask_secrets(&mut checks, &mut parameters, &mut jwt);
        let is_disconnected = matches!(fault, Some(Fault::Disconnected));
        let status = answer.status.as_u16();
        let mut response = answer.into_response(Some(&debug_id));
        self.journal.record(Verdict {
            number,
            received_at_ms: now_ms,
            method,
            path,
            endpoint: version.map(|version| version.endpoint),
            client_id,
            parameters,
            jwt,
            checks,
            refusal,
            fault,
            status,
            error,
            remedy: refusal.map(Refusal::remedy),
            debug_id,
        });
        if is_disconnected {
            return Err(BrokenOff);
        }
        let headers = response.headers_mut();
        headers.insert(DATE, http_date(now_ms));
        headers.append(VARY, HeaderValue::from_name(ORIGIN));
        if let Some(origin) = allowed_origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            let exposed = HeaderValue::from_static("x-debug-id, retry-after, date");
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
        Ok(response)
    }

    fn error(&self, refusal: Refusal) -> &'static str {
        if self.rules.answers_as_observed { refusal.observed_error() } else { refusal.error() }
    }

    /// Which pages may read the answer (Fetch Standard, CORS): all pages at the endpoints that are the same for all
    /// clients, otherwise those of an integration.
    fn allowed_origin(
        &self,
        headers: &HeaderMap,
        version: Option<&EndpointVersion>,
    ) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        match version?.endpoint {
            Endpoint::Keys | Endpoint::Discovery => Some(HeaderValue::from_static("*")),
            _ => self.is_known_origin(origin.to_str().ok()?).then(|| origin.clone()),
        }
    }

    fn is_known_origin(&self, origin: &str) -> bool {
        self.integrations().iter().any(|registered| registered.integration.allows_origin(origin))
    }

    /// Reads a request as far as every endpoint needs it.
    async fn read(
        &self,
        incoming: IncomingRequest,
        version: Option<&'static EndpointVersion>,
        checks: &mut Checks,
    ) -> Result<Read, Refusal> {
        let IncomingRequest { parts, body, scheme, now_ms, debug_id } = incoming;
        let authority = host::authority(&parts.uri, &parts.headers);
        let authority = checks
            .given("host is this emulator", authority.filter(|host| self.hosts.allow(host)))
            .expected("a loopback name, an address, an IMS host of Adobe's, or an allowed name")
            .or(Refusal::HostElsewhere)?;
        if is_person_at_root(&parts) {
            checks.note("path is /", true, "", "a browser is redirected to the emulator's page");
            return Ok(Read::Answered(Answer::redirect(admin::PREFIX)));
        }
        let version = checks
            .given("path is served", version)
            .expected("the path of an endpoint")
            .or(Refusal::NotFound)?;
        if let Some(preflight) = self.preflight(&parts, version, checks) {
            return preflight.map(Read::Answered);
        }
        checks
            .that("method is served", version.serves(&parts.method))
            .expected(version.methods)
            .actual(format_args!("{}", parts.method))
            .or(Refusal::MethodNotAllowed)?;
        let Parts { method, uri, headers, .. } = parts;
        let (mut parameters, mut json) = (Parameters::default(), Bytes::new());
        let _reading = self.bodies.acquire().await;
        match version.content {
            Content::Nothing => {}
            Content::Parameters => {
                let read = Parameters::read(uri.query(), &headers, body, &self.limits);
                let read = self.unless_ending(read).await;
                let expected =
                    "a body of at most 64 KiB, urlencoded or multipart, each parameter once";
                parameters = received("parameters can be read", expected, read, checks)?;
            }
            Content::Json => {
                let read = self.unless_ending(parameters::whole(body, &self.limits)).await;
                json = received("body can be read", "at most 64 KiB", read, checks)?;
            }
        }
        let path = uri.path();
        let path = path.strip_suffix('/').unwrap_or(path).to_owned();
        Ok(Read::Call(Box::new(Call {
            version,
            method,
            path,
            headers,
            parameters,
            json,
            scheme,
            authority,
            now_ms,
            debug_id,
        })))
    }

    /// The answer to a browser that asks whether a page may send a request (Fetch Standard, CORS-preflight).
    fn preflight(
        &self,
        parts: &Parts,
        version: &'static EndpointVersion,
        checks: &mut Checks,
    ) -> Option<Result<Answer, Refusal>> {
        let origin = parts.headers.get(ORIGIN)?;
        let asks = parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if parts.method != Method::OPTIONS || !asks {
            return None;
        }
        let is_allowed = self.allowed_origin(&parts.headers, Some(version)).is_some();
        let origin = String::from_utf8_lossy(origin.as_bytes()).into_owned();
        let outcome = checks
            .that("origin is one of an integration", is_allowed)
            .expected("the origin of a redirect URI, or one of allowed_origins")
            .actual(origin)
            .or(Refusal::OriginUnknown);
        Some(outcome.map(|()| Answer::preflight(version.methods)))
    }

    /// Checks a request that was read, unless a fault answers it.
    async fn answer(
        &self,
        endpoint: Endpoint,
        call: &Call,
        fault: Option<Fault>,
        checks: &mut Checks,
    ) -> Result<Answer, Refusal> {
        match fault {
            Some(Fault::TooManyRequests { .. }) => return Err(Refusal::TooManyRequests),
            Some(Fault::Unavailable { .. } | Fault::Html) => return Err(Refusal::Unavailable),
            Some(Fault::InternalError) => return Err(Refusal::InternalError),
            Some(Fault::Delay(delay)) => tokio::time::sleep(delay).await,
            _ => {}
        }
        // The first key takes a while to make, so only those that need one wait for it.
        let examine: Examination = match endpoint {
            Endpoint::Discovery => return Ok(discovery::answer(call)),
            Endpoint::Keys => return Ok(Answer::ok_json(self.keys().await.key_set())),
            Endpoint::Register => register::answer,
            Endpoint::ExchangeJwt => exchange_jwt::answer,
            Endpoint::Token => grants::answer,
            Endpoint::ValidateToken => token_state::validate,
            Endpoint::Authorize => authorize::answer,
            Endpoint::InvalidateToken => token_state::invalidate,
            Endpoint::Revoke => token_state::revoke,
            Endpoint::Logout => logout::answer,
            Endpoint::UserInfo => about_user::info,
            Endpoint::Profile => about_user::profile,
            Endpoint::AccountCluster => about_user::account_cluster,
            Endpoint::AdminProfile => about_user::admin_profile,
            Endpoint::Organizations => about_organization::organizations,
            Endpoint::Organization => about_organization::organization,
            Endpoint::GroupMembers => about_organization::group_members,
            Endpoint::ProductContexts => about_organization::product_contexts,
            Endpoint::AdminOrganizations => about_organization::admin_organizations,
            Endpoint::ClientSecrets => client_secrets::answer,
            Endpoint::ClientSecret => client_secrets::delete,
            Endpoint::AdminConsent => admin_consent::answer,
            Endpoint::Echo => echo::answer,
        };
        let keys = self.keys().await;
        examine(&mut Exchange::new(self, call, &keys, checks))
    }
}

/// The method as a verdict has it; nearly always one of these two.
fn shown_method(method: &Method) -> Cow<'static, str> {
    match *method {
        Method::GET => "GET".into(),
        Method::POST => "POST".into(),
        _ => shown(method.to_string().into()),
    }
}

/// Whether a person has opened the base URL in a browser.
fn is_person_at_root(parts: &Parts) -> bool {
    let accept = parts.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    parts.method == Method::GET
        && parts.uri.path() == "/"
        && accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The result of reading a body.
fn received<T>(
    name: &'static str,
    expected: &'static str,
    read: Result<T, Refusal>,
    checks: &mut Checks,
) -> Result<T, Refusal> {
    let (read, refusal) = match read {
        Ok(read) => (Some(read), Refusal::BodyMalformed),
        Err(refusal) => (None, refusal),
    };
    checks.given(name, read).expected(expected).or(refusal)
}
