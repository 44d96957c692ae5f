//! Durations in texts for people.

use core::{fmt, time::Duration};

/// A duration as people write it: `350 ms`, `7 s`, `2 min 5 s`, `3 h 20 min`, `2 days 4 h`.
///
/// Two units at most. A part of a second counts as a whole one, since a caller that comes too early has to wait again.
///
/// ```
/// use core::time::Duration;
/// use ims_claims::DurationText;
///
/// assert_eq!(DurationText(Duration::from_secs(125)).to_string(), "2 min 5 s");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DurationText(pub Duration);

impl fmt::Display for DurationText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        if 0 < millis && millis < 1_000 {
            return write!(f, "{millis} ms");
        }
        let seconds = millis.div_ceil(1_000);
        let days = seconds / 86_400;
        let day = if days == 1 { "day" } else { "days" };
        let units = [
            (days, day),
            (seconds / 3_600 % 24, "h"),
            (seconds / 60 % 60, "min"),
            (seconds % 60, "s"),
        ];
        let Some(first) = units.iter().position(|(count, _)| *count > 0) else {
            return f.write_str("0 s");
        };
        let (count, unit) = units[first];
        write!(f, "{count} {unit}")?;
        match units.get(first + 1) {
            Some((count, unit)) if *count > 0 => write!(f, " {count} {unit}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_duration_is_written_in_at_most_two_units() {
        #[rustfmt::skip]
        let table = [
            (0,                    "0 s"),
            (1,                    "1 ms"),
            (999,                  "999 ms"),
            (1_000,                "1 s"),
            (1_001,                "2 s"),
            (59_999,               "1 min"),
            (125_000,              "2 min 5 s"),
            (3_600_000,            "1 h"),
            (3_605_000,            "1 h"),
            (12_000_000,           "3 h 20 min"),
            (86_400_000,           "1 day"),
            (187_200_000,          "2 days 4 h"),
            (u64::MAX,             "213503982334 days 14 h"),
        ];
        for (millis, text) in table {
            assert_eq!(DurationText(Duration::from_millis(millis)).to_string(), text, "{millis}");
        }
        assert!(DurationText(Duration::MAX).to_string().ends_with(" h"));
    }
}
