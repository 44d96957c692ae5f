//! What `ims cert check` found: for a person, as JSON, and for Prometheus in its text format, version 0.0.4.

use std::{fmt::Write as _, path::Path};

use anstyle::{AnsiColor, Style};
use ims::{cert::Certificate, claims::NumericDate};
use ims_files::{Existing, Readers};
use serde::Serialize;

use super::{
    certificates::{Checked, Findings},
    targets::Unreadable,
};
use crate::{
    certificate_data::CertificateData,
    failure::Failure,
    files::{draft, put},
    output,
    terminal_text::TerminalText,
    when,
};

#[derive(Serialize)]
struct Report<'a> {
    certificates: Vec<CheckedData>,
    unreadable: Vec<UnreadableData<'a>>,
}

#[derive(Serialize)]
pub(crate) struct CheckedData {
    #[serde(flatten)]
    certificate: CertificateData,
    /// Whether it is valid, and for long enough.
    fine: bool,
}

#[derive(Serialize)]
struct UnreadableData<'a> {
    file: &'a Path,
    reason: &'a str,
}

impl CheckedData {
    fn new(checked: &Checked<Certificate>, now: NumericDate) -> Self {
        let certificate = CertificateData::new(Path::new(&checked.place), &checked.kept, now);
        Self { certificate, fine: checked.is_fine }
    }
}

impl Findings {
    /// The certificates as JSON has them.
    pub(crate) fn data(&self) -> Vec<CheckedData> {
        let now = when::now();
        self.certificates.iter().map(|checked| CheckedData::new(checked, now)).collect()
    }
}

impl<K> Findings<K> {
    /// The rows of the table.
    pub(crate) fn table(&self) -> TerminalText {
        rows(&self.certificates)
    }
}

/// One line of JSON.
pub(super) fn json(findings: &Findings) -> Result<(), Failure> {
    let unreadable = findings.unreadable.iter();
    output::json(&Report {
        certificates: findings.data(),
        unreadable: unreadable
            .map(|unread| UnreadableData { file: &unread.file, reason: &unread.reason })
            .collect(),
    })
}

/// A table, soonest end first, with a bar for the remaining time of each certificate.
pub(super) fn table<K>(findings: &Findings<K>) -> Result<(), Failure> {
    output::write(findings.table())?;
    for Unreadable { file, reason } in &findings.unreadable {
        output::note("unreadable", &format!("{}: {reason}", ims_files::shown(file)));
    }
    output::note("summary", &summary(findings));
    Ok(())
}

/// A row for each certificate: the days and the share of its life that are left, its end, where it is, its subject and, for
/// those who see no colours, what is wrong with it.
fn rows<K>(certificates: &[Checked<K>]) -> TerminalText {
    let (mut rows, mut left, mut rest) = (TerminalText::default(), String::new(), String::new());
    for checked in certificates {
        left.clear();
        rest.clear();
        let (filled, empty) = bar(checked.share_left);
        write!(left, "{:>6} days {filled}{empty}", checked.days_left).expect(TAKES_ALL);
        let Checked { not_after, place, subject, .. } = checked;
        let (space, state) = match (checked.state, checked.is_fine) {
            ("valid", true) => ("", ""),
            ("valid", false) => ("  ", "ends soon"),
            (state, _) => ("  ", state),
        };
        writeln!(rest, "  {not_after}  {place}  {subject}{space}{state}").expect(TAKES_ALL);
        rows = rows.styled(style(checked), &left).with(&rest);
    }
    rows
}

/// How many certificates there are, and how many of them need attention.
fn summary<K>(findings: &Findings<K>) -> String {
    let of_state = |state: &str, is_fine| {
        let certificates = findings.certificates.iter();
        certificates.filter(|it| it.state == state && it.is_fine == is_fine).count()
    };
    let count = findings.certificates.len();
    let mut parts = vec![format!("{count} certificate{}", if count == 1 { "" } else { "s" })];
    for (count, what) in [
        (of_state("expired", false), "expired"),
        (of_state("not yet valid", false), "not yet valid"),
        (of_state("valid", false), "ending soon"),
        (of_state("valid", true), "fine"),
        (findings.unreadable.len(), "unreadable"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    parts.join(", ")
}

fn style<K>(certificate: &Checked<K>) -> Style {
    let color = match (certificate.state, certificate.is_fine) {
        ("valid", true) => AnsiColor::Green,
        ("valid", false) => AnsiColor::Yellow,
        _ => AnsiColor::Red,
    };
    color.on_default()
}

/// The filled and the empty ones of ten places. At least one is filled as long as any time is left.
fn bar(share: f64) -> (&'static str, &'static str) {
    let filled = (0..PLACES).filter(|place| share * f64::from(PLACES) > f64::from(*place)).count();
    let (filled, _) = FILLED.split_at(filled * '█'.len_utf8());
    let (_, empty) = EMPTY.split_at(filled.len());
    (filled, empty)
}

const PLACES: u8 = 10;
const FILLED: &str = "██████████";
/// As long as [`FILLED`] in bytes, too.
const EMPTY: &str = "░░░░░░░░░░";

/// Replaces the file at once, since the collector of text files may read it at any moment.
pub(super) fn write_prometheus(path: &Path, findings: &Findings) -> Result<(), Failure> {
    put(vec![draft(path, Readers::Everyone, &prometheus(findings))?], Existing::Replace)
}

pub(super) fn prometheus(findings: &Findings) -> String {
    let mut text = String::from(
        "# HELP ims_certificate_not_after_timestamp_seconds The last second in which the certificate is valid.\n\
         # TYPE ims_certificate_not_after_timestamp_seconds gauge\n",
    );
    for checked in &findings.certificates {
        writeln!(
            text,
            "ims_certificate_not_after_timestamp_seconds{{file=\"{}\",subject=\"{}\",sha256=\"{}\"}} {}",
            label(&checked.place),
            label(&checked.subject),
            checked.kept.sha256_fingerprint(),
            checked.not_after.as_secs(),
        )
        .expect(TAKES_ALL);
    }
    text.push_str(
        "# HELP ims_certificate_unreadable A file in which no certificate could be read.\n\
         # TYPE ims_certificate_unreadable gauge\n",
    );
    for unread in &findings.unreadable {
        let file = label(&ims_files::shown(&unread.file));
        writeln!(text, "ims_certificate_unreadable{{file=\"{file}\"}} 1").expect(TAKES_ALL);
    }
    text
}

const TAKES_ALL: &str = "writing to a String never fails";

fn label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
