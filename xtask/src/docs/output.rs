//! Whether a command printed what a page shows.
//!
//! `…` stands for anything within a line, and a line with only `…` for any number of lines. What differs in every run
//! (times, ports, tokens, digests, durations) is compared by its form only, so that a page can show it as it is.

use std::sync::LazyLock;

use regex::Regex;

const ANYTHING: &str = "…";

/// Whether `actual` is what `expected` shows. The blanks at the end of a line do not count.
pub(super) fn matches(expected: &str, actual: &str) -> bool {
    let expected: Vec<String> = expected.trim_end().lines().map(without_what_varies).collect();
    let actual: Vec<String> = actual.trim_end().lines().map(without_what_varies).collect();
    lines_match(&expected, &actual)
}

/// Whether the lines that `expected` shows are a part of `actual`.
pub(super) fn contains(expected: &str, actual: &str) -> bool {
    matches(&format!("{ANYTHING}\n{}\n{ANYTHING}", expected.trim_end()), actual)
}

fn lines_match(expected: &[String], actual: &[String]) -> bool {
    let Some((first, rest)) = expected.split_first() else {
        return actual.is_empty();
    };
    if first.trim() == ANYTHING {
        return (0..=actual.len()).any(|skipped| lines_match(rest, &actual[skipped..]));
    }
    let Some((line, others)) = actual.split_first() else {
        return false;
    };
    line_matches(first, line) && lines_match(rest, others)
}

fn line_matches(expected: &str, actual: &str) -> bool {
    let mut parts = expected.split(ANYTHING);
    let Some(mut rest) = actual.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    true
}

/// What differs in every run, and the word that is compared in its place.
static VARYING: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let table = [
        (r"eyJ[A-Za-z0-9_.-]*…?[A-Za-z0-9_.-]*", "[token]"),
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?UTC|Z)?", "[time]"),
        (r"\b\d{4}-\d\d-\d\d\b", "[date]"),
        (r"([0-9A-Fa-f]{2}:){3,}([0-9A-Fa-f]{2}\b|…)", "[digest]"),
        (r"\b\d\d:\d\d:\d\d\b", "[clock]"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:[port]"),
        (r"\b[0-9a-f]{16}-[0-9a-f]{8}\b", "[id]"),
        (r"\b([0-9a-f]{12,}|[0-9A-F]{16,})\b", "[hex]"),
        (r#""expires_in": ?\d+"#, "[lifetime]"),
        (r"\b1\d{9}(\d{3})?\b", "[seconds]"),
        (r"\b\d+(\.\d+)? ?(ns|µs|ms|s|seconds|minutes|hours|days)\b", "[duration]"),
    ];
    let mut patterns = Vec::new();
    for (pattern, word) in table {
        // The test below reads the table, so that a pattern that does not compile is found there.
        if let Ok(pattern) = Regex::new(pattern) {
            patterns.push((pattern, word));
        }
    }
    patterns
});

fn without_what_varies(line: &str) -> String {
    let mut line = line.trim_end().to_owned();
    for (pattern, word) in VARYING.iter() {
        line = pattern.replace_all(&line, *word).into_owned();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_shows_is_compared_with_what_was_printed() {
        #[rustfmt::skip]
        let table = [
            ("",                                    "",                                       true),
            ("",                                    "a",                                      false),
            ("a\nb",                                "a\nb\n",                                 true),
            ("a\nb",                                "a\nb\nc",                                false),
            ("a\nc",                                "a\nb\nc",                                false),
            ("a\n…\nd",                             "a\nb\nc\nd",                             true),
            ("a\n…\nd",                             "a\nd",                                   true),
            ("a\n…",                                "b",                                      false),
            ("key … is good",                       "key 1 is good",                          true),
            ("key … is good",                       "key 1 is bad",                           false),
            ("a … b … c",                           "a 1 b 2 c",                              true),
            ("a … b … c",                           "a 1 c",                                  false),
            ("…b",                                  "ab",                                     true),
            ("eyJhbGciOi…",                         "eyJ0eXAi.eyJpc3Mi.c2ln",                 true),
            ("http://127.0.0.1:8080/ims",           "http://127.0.0.1:41234/ims",             true),
            ("http://127.0.0.1:8080/ims",           "http://127.0.0.2:8080/ims",              false),
            ("ends 2026-11-28T00:00:00Z (30 days)", "ends 2027-01-01T12:34:56Z (364 days)",   true),
            ("11:52:20 #1 POST",                    "01:00:59 #1 POST",                       true),
            ("11:52:20 #1 POST",                    "01:00:59 #2 POST",                       false),
            ("763d89ce8f50d2e7-00000002",           "0123456789abcdef-00000009",              true),
            ("53:CF:AA:…",                          "01:23:45:67:89",                         true),
            ("exit code 4",                         "exit code 3",                            false),
            ("took 12 ms",                          "took 1.5 ms",                            true),
        ];
        for (expected, actual, is_match) in table {
            assert_eq!(matches(expected, actual), is_match, "{expected:?} and {actual:?}");
        }
    }

    #[test]
    fn a_part_of_what_was_printed_can_be_shown() {
        assert!(contains("b\nc\n", "a\nb\nc\nd\n"));
        assert!(!contains("b\nd", "a\nb\nc\nd\n"));
    }

    #[test]
    fn all_patterns_compile() {
        assert_eq!(VARYING.len(), 11);
    }
}
