//! The report for programs.

use std::time::Duration;

use serde_core::{Serialize, Serializer, ser::SerializeMap};

use crate::report::{ImsAnswer, Report};

/// An object with `reason`, `message` and, if they are known, `ims`, `remedies` and `retry_after` (whole seconds, rounded
/// up).
impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("reason", self.reason())?;
        object.serialize_entry("message", self.message())?;
        if let Some(ims) = self.ims() {
            object.serialize_entry("ims", ims)?;
        }
        if !self.remedies().is_empty() {
            object.serialize_entry("remedies", self.remedies())?;
        }
        if let Some(wait) = self.retry_after() {
            object.serialize_entry("retry_after", &whole_seconds(wait))?;
        }
        object.end()
    }
}

/// An object with `status`, `code`, `description` and `debug_id`. What IMS did not say is `null`.
impl Serialize for ImsAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(4))?;
        object.serialize_entry("status", &self.status)?;
        object.serialize_entry("code", &self.code)?;
        object.serialize_entry("description", &self.description)?;
        object.serialize_entry("debug_id", &self.debug_id)?;
        object.end()
    }
}

/// Seconds, rounded up: a caller that comes too early has to wait again.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use crate::report::Next;

    use super::*;

    #[test]
    fn a_report_in_json_has_what_there_is_and_seconds_rounded_up() {
        let report = Report::new("throttled", "IMS has too much to do", Next::Wait);
        let bare = serde_json::to_string(&report).unwrap();
        assert_eq!(bare, r#"{"reason":"throttled","message":"IMS has too much to do"}"#);

        let mut report = report.with_remedies(["wait"]);
        report.0.retry_after = Some(Duration::from_millis(2_500));
        let (status, code) = (Some(429), Some("throttled".to_owned()));
        report.0.ims = Some(ImsAnswer { status, code, description: None, debug_id: None });
        assert_eq!(
            serde_json::to_string(&report).unwrap(),
            r#"{"reason":"throttled","message":"IMS has too much to do","#.to_owned()
                + r#""ims":{"status":429,"code":"throttled","description":null,"debug_id":null},"#
                + r#""remedies":["wait"],"retry_after":3}"#
        );
    }
}
