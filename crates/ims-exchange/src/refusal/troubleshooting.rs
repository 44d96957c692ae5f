//! The part of `docs/troubleshooting.md` that lists all reasons is made from the tables here, so that it is never out of date.
//!
//! `IMS_BLESS=1 cargo test -p ims-exchange --all-features troubleshooting` writes it.

use std::{
    fmt::{Display, Write as _},
    fs,
};

use super::{
    Lack,
    foreign::Foreign,
    reason::{Action, Reason},
    table::{self, Row},
};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/troubleshooting.md");
const BEGIN: &str = "<!-- The reasons, made from the code. -->\n";
const END: &str = "<!-- The end of the reasons. -->\n";

#[rustfmt::skip]
const REASONS: &[Reason] = &[
    Reason::WrongSecret, Reason::SecretMissing, Reason::UnknownClient, Reason::ClientInvalid, Reason::ClientMismatch,
    Reason::ExchangeNotAllowed, Reason::AssertionExpired, Reason::AssertionMalformed, Reason::AssertionInvalid, Reason::CertificateUnknown,
    Reason::IdentityUnknown, Reason::JtiRequired, Reason::JtiReused, Reason::JtiInvalid, Reason::MetascopeUnknown,
    Reason::MetascopeNotGranted, Reason::NoMetascope, Reason::ScopeNotGranted, Reason::NoScope, Reason::MigratedOrFailing,
    Reason::GrantNotAllowed, Reason::ParameterInvalid, Reason::ResourceUnknown, Reason::RegistrationInvalid,
    Reason::CodeInvalid, Reason::RefreshTokenInvalid, Reason::AccessTokenInvalid, Reason::PermissionMissing,
    Reason::NotFound, Reason::Throttled, Reason::TemporaryFailure, Reason::NotIms, Reason::Other,
];

#[test]
fn the_page_has_every_reason_as_the_tables_have_it() {
    let page = fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (shown, after) = rest.split_once(END).unwrap();
    let made = sections();
    if option_env!("IMS_BLESS").is_some() {
        fs::write(PAGE, format!("{before}{BEGIN}{made}{END}{after}")).unwrap();
        return;
    }
    assert!(shown == made, "the page is not as the tables: write it with IMS_BLESS=1");
}

#[test]
fn no_reason_is_left_out() {
    // The number of the last variant, since a variant added after it would not be in the list.
    assert_eq!(REASONS.len(), Reason::Other as usize + 1);
    for (index, reason) in REASONS.iter().enumerate() {
        assert_eq!(*reason as usize, index, "{reason}");
    }
}

fn sections() -> String {
    let mut text = String::new();
    for reason in REASONS {
        let _ = write!(
            text,
            "\n### `{}`\n\n{}. {}.\n",
            reason.as_str(),
            sentence(*reason),
            help(*reason)
        );
        let _ = writeln!(text, "\n{}", answer_of_ims(*reason));
        if !reason.causes().is_empty() {
            text.push_str("\n| cause | what to do |\n|---|---|\n");
        }
        for cause in reason.causes() {
            let _ = writeln!(text, "| {} | {} |", cause.what, cause.remedy);
        }
    }
    text + "\n"
}

fn sentence(reason: Reason) -> String {
    let text = reason.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn help(reason: Reason) -> &'static str {
    match reason.action() {
        Action::Wait => "Waiting can help",
        Action::SignAgain => "A new assertion can help",
        Action::ObtainToken => "A new access token helps",
        Action::SignIn => "The person has to sign in again",
        Action::AskPerson => "Trying again does not help",
        Action::Report => "Look at what answered",
    }
}

/// What a reader sees of the answer that has this reason.
fn answer_of_ims(reason: Reason) -> String {
    match reason {
        Reason::SecretMissing => {
            let wrong = Reason::WrongSecret.as_str();
            format!("IMS says the same as to a [wrong secret](#{wrong}), and no secret was sent.")
        }
        Reason::Throttled => "IMS says `429`.".to_owned(),
        Reason::TemporaryFailure => "IMS says `5xx` or `408`.".to_owned(),
        Reason::NotIms => {
            let foreign = [
                Foreign::Page,
                Foreign::Redirect(Some("login.example.com".to_owned())),
                Foreign::ProxyLogin,
                Foreign::NothingHere,
                Foreign::MediaType("application/xml".to_owned()),
            ];
            format!("The error says what answered instead of IMS: {}.", quoted(&foreign))
        }
        Reason::Other => {
            let lacks = [Lack::Everything, Lack::Json, Lack::Members, Lack::Lifetime];
            format!(
                "The error says “{reason}”, or what is wrong with a success: {}.",
                quoted(&lacks)
            )
        }
        _ => says(reason).join(" "),
    }
}

fn quoted(texts: &[impl Display]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| format!("“{text}”")).collect();
    texts.join(", ")
}

/// A sentence about the answer of IMS to any request, and one for each kind of credential with another answer, from the rows
/// of the table.
fn says(reason: Reason) -> Vec<String> {
    let mut to_anything = Vec::new();
    for rows in [table::CLIENT, table::COMMON] {
        to_anything.extend(rows.iter().filter(|row| row.reason == reason).map(answer));
    }
    let mut sentences = Vec::new();
    if !to_anything.is_empty() {
        sentences.push(format!("IMS says {}.", to_anything.join(", or ")));
    }
    for (sent, rows) in table::BY_WHAT_WAS_SENT {
        let answers = rows.iter().filter(|row| row.reason == reason).map(answer);
        let others: Vec<String> = answers.filter(|it| !to_anything.contains(it)).collect();
        if !others.is_empty() {
            sentences.push(format!("To {sent}, IMS says {}.", others.join(", or ")));
        }
    }
    sentences
}

fn answer(row: &Row) -> String {
    let status = if row.status == 0 { String::new() } else { format!("{} ", row.status) };
    let answer = format!("`{}`", format!("{status}{}", row.code).trim());
    if row.phrases.is_empty() {
        return answer;
    }
    let phrases: Vec<String> = row.phrases.iter().map(|it| format!("“{}”", it.trim())).collect();
    format!("{answer} with {}", phrases.join(" or "))
}
