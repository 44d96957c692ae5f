//! The parameters of a request: from its query and its body, urlencoded or multipart, as clients send them.

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, header::CONTENT_TYPE};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};

use crate::{limits::Limits, refusal::Refusal};

/// Names and values, in the order in which they were sent. Values may be secret, so there is no `Debug`.
#[derive(Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the query and then the body. An empty body is not read.
    pub(crate) async fn read(
        query: Option<&str>,
        headers: &HeaderMap,
        body: Incoming,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let body = whole(body, limits).await?;
        let mut parameters = Self::from_urlencoded(query.unwrap_or_default().as_bytes())?;
        if !body.is_empty() {
            parameters.0.extend(Self::from_body(headers, body).await?.0);
        }
        parameters.refuse_two_values()?;
        Ok(parameters)
    }

    async fn from_body(headers: &HeaderMap, body: Bytes) -> Result<Self, Refusal> {
        let content_type =
            headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
        let essence = content_type.map(|text| text.split(';').next().unwrap_or_default().trim());
        match essence.map(str::to_ascii_lowercase).as_deref() {
            Some("application/x-www-form-urlencoded") => Self::from_urlencoded(&body),
            Some("multipart/form-data") => {
                Self::from_multipart(content_type.unwrap_or_default(), body).await
            }
            _ => Err(Refusal::BodyMalformed),
        }
    }

    fn from_urlencoded(text: &[u8]) -> Result<Self, Refusal> {
        // The decoder puts U+FFFD in place of what is not UTF-8, which no one sends on purpose.
        let pairs = form_urlencoded::parse(text).into_owned();
        let pairs: Vec<_> = pairs.take(MAX_PARAMETERS + 1).collect();
        let is_text = |text: &String| !text.contains('\u{fffd}');
        let is_readable = pairs.iter().all(|(name, value)| is_text(name) && is_text(value));
        if is_readable && pairs.len() <= MAX_PARAMETERS {
            Ok(Self(pairs))
        } else {
            Err(Refusal::BodyMalformed)
        }
    }

    async fn from_multipart(content_type: &str, body: Bytes) -> Result<Self, Refusal> {
        let boundary = multer::parse_boundary(content_type).map_err(|_| Refusal::BodyMalformed)?;
        let body = stream::iter([Ok::<_, std::convert::Infallible>(body)]);
        let mut parts = multer::Multipart::new(body, boundary);
        let mut pairs = Vec::new();
        while let Some(part) = parts.next_field().await.map_err(|_| Refusal::BodyMalformed)? {
            let name = part.name().ok_or(Refusal::BodyMalformed)?.to_owned();
            let value = part.bytes().await.map_err(|_| Refusal::BodyMalformed)?;
            let value = String::from_utf8(value.into()).map_err(|_| Refusal::BodyMalformed)?;
            if pairs.len() == MAX_PARAMETERS {
                return Err(Refusal::BodyMalformed);
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// One parameter has one value (RFC 6749 §3.2); only `resource` may be repeated (RFC 8707 §2).
    fn refuse_two_values(&self) -> Result<(), Refusal> {
        for (name, value) in &self.0 {
            if name != "resource" && self.get_any(name) != Some(value) {
                return Err(Refusal::ParameterTwice);
            }
        }
        Ok(())
    }

    fn get_any(&self, name: &str) -> Option<&String> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value)
    }

    /// All names and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of `name`; an empty one counts as none (RFC 6749 §3.2).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.get_any(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// More parameters than any request to IMS has.
const MAX_PARAMETERS: usize = 64;

/// The whole body, if it is short enough and comes in time. A body whose Content-Length is too long is not read at all.
pub(crate) async fn whole(body: Incoming, limits: &Limits) -> Result<Bytes, Refusal> {
    if body.size_hint().lower() > limits.body_bytes as u64 {
        return Err(Refusal::BodyTooLarge);
    }
    let collected = Limited::new(body, limits.body_bytes).collect();
    match tokio::time::timeout(limits.body_timeout, collected).await {
        Err(_) => Err(Refusal::BodyTooSlow),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::BodyTooLarge),
        Ok(Err(_)) => Err(Refusal::BodyMalformed),
        Ok(Ok(body)) => Ok(body.to_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    async fn read(content_type: &'static str, body: &str) -> Result<Parameters, Refusal> {
        let headers =
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
        let parameters = Parameters::from_body(&headers, Bytes::from(body.to_owned())).await?;
        parameters.refuse_two_values()?;
        Ok(parameters)
    }

    /// What form-data 4 for Node and the `FormData` of browsers send.
    fn multipart(value: &str) -> String {
        format!("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{value}\r\n--b--\r\n")
    }

    #[tokio::test]
    async fn the_two_forms_of_a_body_read_alike() {
        for (content_type, body) in [
            ("application/x-www-form-urlencoded", "a=x%20%2B+y".to_owned()),
            ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", "a=x+%2b%20y".to_owned()),
            ("multipart/form-data; boundary=b", multipart("x + y")),
            ("multipart/form-data;boundary=\"b\"", multipart("x + y")),
        ] {
            let parameters = read(content_type, &body).await.ok().unwrap();
            assert_eq!(parameters.get("a"), Some("x + y"), "{content_type}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_for_certain_is_refused() {
        let many = "a=1&".repeat(MAX_PARAMETERS + 1);
        let urlencoded = "application/x-www-form-urlencoded";
        #[rustfmt::skip]
        let table = [
            ("application/json",                 "{}",            Refusal::BodyMalformed),
            ("",                                 "a=1",           Refusal::BodyMalformed),
            ("multipart/form-data",              "a=1",           Refusal::BodyMalformed),
            ("multipart/form-data; boundary=b",  "--b\r\nContent", Refusal::BodyMalformed),
            ("multipart/form-data; boundary=b",  "--b\r\n\r\nx\r\n--b--", Refusal::BodyMalformed),
            (urlencoded,                         "a=%ff",         Refusal::BodyMalformed),
            (urlencoded,                         &many,           Refusal::BodyMalformed),
            (urlencoded,                         "a=1&a=2",       Refusal::ParameterTwice),
        ];
        for (content_type, body, refusal) in table {
            assert_eq!(
                read(content_type, body).await.err(),
                Some(refusal),
                "{content_type} {body}"
            );
        }
    }

    #[tokio::test]
    async fn a_resource_may_be_repeated_and_an_empty_value_is_none() {
        let body = "resource=x&resource=y&scope=&a=1&a=1";
        let parameters = read("application/x-www-form-urlencoded", body).await.ok().unwrap();
        assert_eq!((parameters.get("scope"), parameters.get("a")), (None, Some("1")));
    }

    proptest! {
        #[test]
        fn what_a_client_encodes_is_what_is_read(value in "\\PC{1,40}") {
            prop_assume!(!value.contains('\u{fffd}'));
            let body = form_urlencoded::Serializer::new(String::new()).append_pair("a", &value).finish();
            let parameters = Parameters::from_urlencoded(body.as_bytes()).ok().unwrap();
            prop_assert_eq!(parameters.get("a"), Some(value.as_str()));
        }

        #[test]
        fn no_body_makes_it_panic(body in "(--b\r\n|[a=&%\r\n;:\"-]|Content-Disposition: form-data; name=|\\PC){0,60}") {
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            let _ = runtime.block_on(read("multipart/form-data; boundary=b", &body));
            let _ = runtime.block_on(read("application/x-www-form-urlencoded", &body));
        }
    }
}
