//! How a request becomes an answer and a verdict.

use bytes::Bytes;
use http::{Request, Response, header::DATE, request::Parts};
use hyper::body::Incoming;

use super::{RequestId, Service};
use crate::{
    about_user, admin,
    answer::{Answer, AnswerBody, BrokenOff},
    authorize,
    call::{Call, Scheme},
    checks::{Checks, shown},
    clock::http_date,
    discovery, echo,
    endpoint::{Content, Endpoint},
    exchange::Exchange,
    exchange_jwt,
    fault::Fault,
    grants, host, logout,
    parameters::{self, Parameters},
    refusal::Refusal,
    register, token_state,
    verdict::Verdict,
};

impl Service {
    /// Answers one request, and writes down why it is answered so.
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
        let endpoint = Endpoint::at(parts.uri.path());
        let method = shown(parts.method.to_string().into()).into_owned();
        let path = shown(parts.uri.path().to_owned().into()).into_owned();
        let mut checks = Checks::default();
        let mut fault = None;
        let incoming = IncomingRequest { parts, body, scheme, now_ms, debug_id: debug_id.clone() };
        let outcome = match self.read(incoming, endpoint, &mut checks).await {
            Ok((endpoint, call)) => {
                fault = self.faults.strike(endpoint, call.named_client().as_deref());
                self.answer(endpoint, &call, fault, &mut checks).await
            }
            Err(refusal) => Err(refusal),
        };
        let refusal = match &outcome {
            Err(refusal) => Some(*refusal),
            Ok(answer) => answer.refusal,
        };
        let error = refusal.map(|refusal| self.error(refusal));
        let answer = outcome
            .unwrap_or_else(|refusal| Answer::refused(refusal, self.error(refusal), endpoint));
        let answer = if let Some(fault) = fault { answer.spoilt_by(fault) } else { answer };
        let (mut checks, client_id) = checks.into_parts();
        self.mask_secrets(&mut checks);
        self.journal.record(Verdict {
            number,
            received_at_ms: now_ms,
            method,
            path,
            endpoint,
            client_id,
            checks,
            refusal,
            fault,
            status: answer.status.as_u16(),
            error,
            remedy: refusal.map(Refusal::remedy),
            debug_id: debug_id.clone(),
        });
        if let Some(Fault::Disconnected) = fault {
            return Err(BrokenOff);
        }
        let mut response = answer.into_response(Some(&debug_id));
        response.headers_mut().insert(DATE, http_date(now_ms));
        Ok(response)
    }

    fn error(&self, refusal: Refusal) -> &'static str {
        if self.rules.answers_as_observed { refusal.observed_error() } else { refusal.error() }
    }

    /// Reads a request as far as every endpoint needs it.
    async fn read(
        &self,
        incoming: IncomingRequest,
        endpoint: Option<Endpoint>,
        checks: &mut Checks,
    ) -> Result<(Endpoint, Call), Refusal> {
        let IncomingRequest { parts, body, scheme, now_ms, debug_id } = incoming;
        let authority = host::authority(&parts.uri, &parts.headers);
        let authority = checks
            .given(
                "host is this emulator",
                authority.filter(|authority| self.hosts.allow(authority)),
            )
            .expected("a loopback name, an address, an IMS host of Adobe's, or an allowed name")
            .or(Refusal::HostElsewhere)?;
        let endpoint = checks
            .given("path is served", endpoint)
            .expected("the path of an endpoint")
            .or(Refusal::NotFound)?;
        checks
            .that("method is served", endpoint.serves(&parts.method))
            .expected(endpoint.methods())
            .actual(parts.method.to_string())
            .or(Refusal::MethodNotAllowed)?;
        let Parts { method, uri, headers, .. } = parts;
        let (mut parameters, mut json) = (Parameters::default(), Bytes::new());
        match endpoint.content() {
            Content::Nothing => {}
            Content::Parameters => {
                let read = Parameters::read(uri.query(), &headers, body, &self.limits).await;
                let expected =
                    "a body of at most 64 KiB, urlencoded or multipart, each parameter once";
                parameters = received("parameters can be read", expected, read, checks)?;
            }
            Content::Json => {
                let read = parameters::whole(body, &self.limits).await;
                json = received("body can be read", "at most 64 KiB", read, checks)?;
            }
        }
        let path = uri.path();
        let path = path.strip_suffix('/').unwrap_or(path).to_owned();
        let call =
            Call { method, path, headers, parameters, json, scheme, authority, now_ms, debug_id };
        Ok((endpoint, call))
    }

    /// Examines a request that was read, unless a fault comes in place of that.
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
            Endpoint::Organizations => about_user::organizations,
            Endpoint::AdminProfile => about_user::admin_profile,
            Endpoint::AdminOrganizations => about_user::admin_organizations,
            Endpoint::Echo => echo::answer,
        };
        let keys = self.keys().await;
        examine(&mut Exchange::new(self, call, &keys, checks))
    }
}

/// How an endpoint examines a request and answers it.
type Examination = fn(&mut Exchange<'_>) -> Result<Answer, Refusal>;

/// What has come of reading a body.
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

/// A request as it came in.
struct IncomingRequest {
    parts: Parts,
    body: Incoming,
    scheme: Scheme,
    now_ms: u64,
    debug_id: String,
}
