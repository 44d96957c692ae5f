//! Faults on request: errors of an IMS that fails, to test clients with them.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ims_claims::ClientId;
use serde::{Deserialize, Serialize, Serializer};

use crate::endpoint::Endpoint;

/// A failure, although the request may be correct.
///
/// The first three and [`Fault::Html`] answer before the request is checked, like a gateway in front of IMS. The others
/// change the answer to a request that was checked: a `jti` in it counts as used, whether the client reads the answer or
/// not.
///
/// ```
/// use std::time::Duration;
///
/// use ims_emulator::{Fault, FaultRule};
///
/// let emulator = ims_emulator::Emulator::builder()
///     .with_fault(FaultRule::new(Fault::TooManyRequests { retry_after: Some(Duration::from_secs(2)) }).times(1))
///     .with_fault(FaultRule::new(Fault::Truncated).times(1));
/// # let _ = emulator;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// `429`, with `Retry-After` in whole seconds if there is a time.
    TooManyRequests {
        /// When to come again.
        retry_after: Option<Duration>,
    },
    /// `503`, with `Retry-After` in whole seconds if there is a time.
    Unavailable {
        /// When to come again.
        retry_after: Option<Duration>,
    },
    /// `500 internal_error`.
    InternalError,
    /// `502` with a page of HTML, as proxies answer.
    Html,
    /// The correct answer, but late.
    Delay(Duration),
    /// Half of the answer's body, then the end of the connection.
    Truncated,
    /// The end of the connection in place of an answer.
    Disconnected,
    /// The correct answer, with the type `text/plain`.
    WrongContentType,
    /// An answer of 1 MiB.
    Oversized,
}

impl Fault {
    /// The names in scenarios, in the admin API and in verdicts.
    pub(crate) const NAMES: &[&str] = &[
        "too_many_requests",
        "unavailable",
        "internal_error",
        "html",
        "delay",
        "truncated",
        "disconnected",
        "wrong_content_type",
        "oversized",
    ];

    /// The fault's name in scenarios, in the admin API and in verdicts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::Unavailable { .. } => "unavailable",
            Self::InternalError => "internal_error",
            Self::Html => "html",
            Self::Delay(_) => "delay",
            Self::Truncated => "truncated",
            Self::Disconnected => "disconnected",
            Self::WrongContentType => "wrong_content_type",
            Self::Oversized => "oversized",
        }
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Which requests get a fault: all by default.
///
/// ```
/// use std::time::Duration;
///
/// use ims_emulator::{Endpoint, Fault, FaultRule};
///
/// // The first two requests for a token are answered with 503 and Retry-After: 2.
/// let outage = Fault::Unavailable { retry_after: Some(Duration::from_secs(2)) };
/// let rule = FaultRule::new(outage).at(Endpoint::Token).times(2);
/// println!("{rule:?}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Entry")]
pub struct FaultRule {
    fault: Fault,
    endpoint: Option<Endpoint>,
    client_id: Option<ClientId>,
    every: u64,
    times: Option<u64>,
}

impl FaultRule {
    /// `fault` at every request.
    #[must_use]
    pub fn new(fault: Fault) -> Self {
        Self { fault, endpoint: None, client_id: None, every: 1, times: None }
    }

    /// Only at `endpoint`.
    ///
    /// ```
    /// use ims_emulator::{Endpoint, Fault, FaultRule};
    ///
    /// let rule = FaultRule::new(Fault::InternalError).at(Endpoint::ExchangeJwt);
    /// # let _ = rule;
    /// ```
    #[must_use]
    pub fn at(self, endpoint: Endpoint) -> Self {
        Self { endpoint: Some(endpoint), ..self }
    }

    /// Only at requests that name `client_id`.
    ///
    /// ```
    /// use ims_emulator::{Fault, FaultRule};
    ///
    /// // The other integrations are answered as always.
    /// let rule = FaultRule::new(Fault::Disconnected).of("my-client".parse()?);
    /// # let _ = rule;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of(self, client_id: ClientId) -> Self {
        Self { client_id: Some(client_id), ..self }
    }

    /// Only at every `n`-th of these requests; 0 counts as 1.
    ///
    /// ```
    /// use ims_emulator::{Fault, FaultRule};
    ///
    /// // Every third answer is a page of HTML.
    /// let rule = FaultRule::new(Fault::Html).every(3);
    /// # let _ = rule;
    /// ```
    #[must_use]
    pub fn every(self, n: u64) -> Self {
        Self { every: n.max(1), ..self }
    }

    /// At most `n` times.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use ims_emulator::{Fault, FaultRule};
    ///
    /// // One late answer, and then none.
    /// let rule = FaultRule::new(Fault::Delay(Duration::from_secs(3))).times(1);
    /// # let _ = rule;
    /// ```
    #[must_use]
    pub fn times(self, n: u64) -> Self {
        Self { times: Some(n), ..self }
    }

    fn concerns(&self, endpoint: Endpoint, client_id: Option<&str>) -> bool {
        self.endpoint.is_none_or(|at| at == endpoint)
            && self.client_id.as_ref().is_none_or(|of| Some(of.as_str()) == client_id)
    }
}

impl fmt::Display for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.fault.name())?;
        match self.fault {
            Fault::TooManyRequests { retry_after: Some(time) }
            | Fault::Unavailable { retry_after: Some(time) } => {
                write!(f, ", Retry-After {} s", time.as_secs())?;
            }
            Fault::Delay(time) => write!(f, " of {} ms", time.as_millis())?,
            _ => {}
        }
        if let Some(endpoint) = self.endpoint {
            f.write_str(", at ")?;
            endpoint.serialize(&mut *f)?;
        }
        if let Some(client_id) = &self.client_id {
            write!(f, ", for {client_id}")?;
        }
        if self.every > 1 {
            write!(f, ", every {} requests", self.every)?;
        }
        match self.times {
            Some(1) => f.write_str(", once"),
            Some(times) => write!(f, ", at most {times} times"),
            None => Ok(()),
        }
    }
}

/// A rule as scenarios and the admin API write it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fault: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<Endpoint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<ClientId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    every: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
}

impl Serialize for FaultRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (mut retry_after, mut delay) = (None, None);
        match self.fault {
            Fault::TooManyRequests { retry_after: after }
            | Fault::Unavailable { retry_after: after } => retry_after = after,
            Fault::Delay(by) => delay = Some(by),
            _ => {}
        }
        let delay_ms = delay.map(|delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX));
        let entry = Entry {
            fault: self.fault.name().to_owned(),
            retry_after_seconds: retry_after.map(|time| time.as_secs()),
            delay_ms,
            endpoint: self.endpoint,
            client_id: self.client_id.clone(),
            every: Some(self.every).filter(|every| *every > 1),
            times: self.times,
        };
        entry.serialize(serializer)
    }
}

impl TryFrom<Entry> for FaultRule {
    type Error = &'static str;

    fn try_from(entry: Entry) -> Result<Self, Self::Error> {
        let retry_after = entry.retry_after_seconds.map(Duration::from_secs);
        let fault = match entry.fault.as_str() {
            "too_many_requests" => Fault::TooManyRequests { retry_after },
            "unavailable" => Fault::Unavailable { retry_after },
            "internal_error" => Fault::InternalError,
            "html" => Fault::Html,
            "delay" => {
                Fault::Delay(Duration::from_millis(entry.delay_ms.ok_or("delay_ms is missing")?))
            }
            "truncated" => Fault::Truncated,
            "disconnected" => Fault::Disconnected,
            "wrong_content_type" => Fault::WrongContentType,
            "oversized" => Fault::Oversized,
            _ => return Err("there is no such fault"),
        };
        let every = entry.every.unwrap_or(1).max(1);
        let Entry { endpoint, client_id, times, .. } = entry;
        Ok(Self { fault, endpoint, client_id, every, times })
    }
}

/// The active rules, and how many requests each has matched.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Active>>);

/// An active rule.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Active {
    /// The number with which it is removed.
    pub(crate) number: u64,
    #[serde(flatten)]
    pub(crate) rule: FaultRule,
    /// How many requests it concerned.
    pub(crate) met: u64,
    /// How many of them got the fault.
    pub(crate) given: u64,
}

impl Faults {
    pub(crate) fn add(&self, rule: FaultRule) {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = rules.last().map_or(1, |last| last.number + 1);
        rules.push(Active { number, rule, met: 0, given: 0 });
    }

    /// The active rules, in the order in which they are tried.
    pub(crate) fn all(&self) -> Vec<Active> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Removes one rule; `false` if there is none of this number.
    pub(crate) fn remove(&self, number: u64) -> bool {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = rules.len();
        rules.retain(|active| active.number != number);
        rules.len() < count
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The fault of this request: that of the first rule that selects it.
    pub(crate) fn next(&self, endpoint: Endpoint, client_id: Option<&str>) -> Option<Fault> {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut concerned =
            rules.iter_mut().filter(|active| active.rule.concerns(endpoint, client_id));
        concerned.find_map(Active::meet)
    }
}

impl Active {
    fn meet(&mut self) -> Option<Fault> {
        self.met += 1;
        let is_due = self.met.is_multiple_of(self.rule.every)
            && self.rule.times.is_none_or(|times| self.given < times);
        self.given += u64::from(is_due);
        is_due.then_some(self.rule.fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(rule: FaultRule, requests: usize) -> String {
        let faults = Faults::default();
        faults.add(rule);
        let next = |_| faults.next(Endpoint::Token, Some("client")).map_or('.', |_| 'x');
        (0..requests).map(next).collect()
    }

    #[test]
    fn a_rule_concerns_the_requests_it_names() {
        let html = || FaultRule::new(Fault::Html);
        #[rustfmt::skip]
        let table = [
            (html(),                                "xxxxxx"),
            (html().every(0),                       "xxxxxx"),
            (html().every(3),                       "..x..x"),
            (html().times(2),                       "xx...."),
            (html().every(2).times(1),              ".x...."),
            (html().at(Endpoint::Token),            "xxxxxx"),
            (html().at(Endpoint::Keys),             "......"),
            (html().of("client".parse().unwrap()),  "xxxxxx"),
            (html().of("other".parse().unwrap()),   "......"),
        ];
        for (rule, expected) in table {
            assert_eq!(given(rule.clone(), 6), expected, "{rule:?}");
        }
    }

    #[test]
    fn a_rule_in_words_says_what_it_does_and_where_and_is_written_as_it_is_read() {
        #[rustfmt::skip]
        let table = [
            (r#"{"fault":"html"}"#,                                                      "html"),
            (r#"{"fault":"unavailable","retry_after_seconds":2}"#,                       "unavailable, Retry-After 2 s"),
            (r#"{"fault":"too_many_requests","retry_after_seconds":7,"times":1}"#,       "too_many_requests, Retry-After 7 s, once"),
            (r#"{"fault":"unavailable","times":2}"#,                                     "unavailable, at most 2 times"),
            (r#"{"fault":"delay","delay_ms":1500,"every":3}"#,                           "delay of 1500 ms, every 3 requests"),
            (r#"{"fault":"html","endpoint":"keys","client_id":"client","times":4}"#,     "html, at keys, for client, at most 4 times"),
        ];
        for (json, words) in table {
            let rule: FaultRule = serde_json::from_str(json).unwrap();
            assert_eq!(rule.to_string(), words);
            assert_eq!(serde_json::to_string(&rule).unwrap(), json);
        }
        let name = serde_json::to_string(&Fault::Disconnected).unwrap();
        assert_eq!(name, r#""disconnected""#);
    }

    #[test]
    fn every_fault_can_be_written_down() {
        #[rustfmt::skip]
        let table = [
            (r#"{"fault":"too_many_requests","retry_after_seconds":2}"#, Fault::TooManyRequests { retry_after: Some(Duration::from_secs(2)) }),
            (r#"{"fault":"unavailable"}"#,        Fault::Unavailable { retry_after: None }),
            (r#"{"fault":"internal_error"}"#,     Fault::InternalError),
            (r#"{"fault":"html"}"#,               Fault::Html),
            (r#"{"fault":"delay","delay_ms":5}"#, Fault::Delay(Duration::from_millis(5))),
            (r#"{"fault":"truncated"}"#,          Fault::Truncated),
            (r#"{"fault":"disconnected"}"#,       Fault::Disconnected),
            (r#"{"fault":"wrong_content_type"}"#, Fault::WrongContentType),
            (r#"{"fault":"oversized"}"#,          Fault::Oversized),
        ];
        for (json, fault) in table {
            let rule: FaultRule = serde_json::from_str(json).unwrap();
            assert_eq!(rule, FaultRule::new(fault), "{json}");
            assert!(json.contains(fault.name()), "{json}");
        }
        for json in [r#"{"fault":"no_such"}"#, r#"{"fault":"delay"}"#, r#"{"fault":"html","x":1}"#]
        {
            assert!(serde_json::from_str::<FaultRule>(json).is_err(), "{json}");
        }
    }
}
