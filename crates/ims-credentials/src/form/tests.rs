//! The table of forms in `docs/credentials.md`, with a sample of each, is made from the table here, and each sample is read.
//! So no form is without a row, no sample is out of date, and the number of forms in the READMEs is that of the table.
//!
//! `IMS_BLESS=1 cargo test -p ims-credentials --all-features the_page` writes the page.

use std::{fmt::Write as _, fs};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use tempfile::TempDir;

use self::table::{Documented, FORMS, ID, Kind, OWN};
use super::RULES;
use crate::{credential::Credential, credentials::Credentials};

mod table;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/credentials.md");
const BEGIN_TABLE: &str = "<!-- The forms, made from the code. -->\n";
const END_TABLE: &str = "<!-- The end of the forms. -->\n";
const BEGIN_SAMPLES: &str = "<!-- The samples, made from the code. -->\n";
const END_SAMPLES: &str = "<!-- The end of the samples. -->\n";

#[test]
fn the_page_has_every_form_as_the_table_has_it() {
    // A package that is published has no documents.
    let Ok(page) = fs::read_to_string(PAGE) else { return };
    let (before, rest) = page.split_once(BEGIN_TABLE).unwrap();
    let (shown_table, rest) = rest.split_once(END_TABLE).unwrap();
    let (between, rest) = rest.split_once(BEGIN_SAMPLES).unwrap();
    let (shown_samples, after) = rest.split_once(END_SAMPLES).unwrap();
    let (table, samples) = (table(), samples());
    if option_env!("IMS_BLESS").is_some() {
        let page = format!(
            "{before}{BEGIN_TABLE}{table}{END_TABLE}{between}{BEGIN_SAMPLES}{samples}{END_SAMPLES}{after}"
        );
        fs::write(PAGE, page).unwrap();
        return;
    }
    assert!(shown_table == table && shown_samples == samples, "write the page with IMS_BLESS=1");
}

#[test]
fn every_text_with_the_number_of_forms_has_that_of_the_table() {
    let said = format!("{} other forms", FORMS.len());
    for page in ["README.md", "docs/credentials.md", "crates/ims/README.md"] {
        let path = format!("{}/../../{page}", env!("CARGO_MANIFEST_DIR"));
        let Ok(text) = fs::read_to_string(path) else { return };
        assert!(text.contains(&said), "{page} does not say: {said}");
    }
}

#[test]
fn each_rule_has_a_row_by_the_member_that_it_recognises() {
    let mut forms: Vec<&Documented> = FORMS.iter().collect();
    forms.extend(OWN);
    for rule in RULES {
        let member = format!("`{}`", rule.member);
        let is_there =
            forms.iter().any(|it| it.form == rule.form && it.recognized.contains(&member));
        assert!(is_there, "{member} of {:?} is in no row", rule.form);
    }
}

#[cfg(feature = "formats")]
#[test]
fn each_sample_is_read_as_what_its_row_says() {
    for documented in FORMS.iter().chain(OWN) {
        let folder = TempDir::new().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
                .unwrap();
            path
        };
        write("private.key", ims_testkit::keys::FIRST);
        write("client.secret", "p8e-secret");
        write("certificate_pub.crt", ims_testkit::certificates::FIRST);
        let path = write(documented.file, &completed(documented.sample));
        let credentials = Credentials::from_file(path);
        let credentials =
            credentials.unwrap_or_else(|error| panic!("{}: {error}", documented.title));
        let kind = match credentials.credential() {
            Credential::ServerToServer(_) => Kind::ServerToServer,
            Credential::ServiceAccount(_) => Kind::ServiceAccount,
            Credential::User(_) => Kind::Person,
            Credential::ApiKey(_) => Kind::ApiKey,
            Credential::Token(_) => Kind::Token,
        };
        let expected = (documented.form, documented.kind);
        assert_eq!((credentials.form(), kind), expected, "{}", documented.title);
    }
}

/// The sample with a whole key and a whole token in place of the three dots.
fn completed(sample: &str) -> String {
    let body: Vec<&str> =
        ims_testkit::keys::FIRST.lines().filter(|line| !line.starts_with('-')).collect();
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let payload = format!(
        r#"{{"type":"access_token","client_id":"{ID}","created_at":"1550001138000","expires_in":"86400000"}}"#
    );
    let token = format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#), part(&payload), part("signature"));
    sample
        .replace("\\n…\\n", &format!("\\n{}\\n", body.join("\\n")))
        .replace("MIIE…", &body.concat())
        .replace("eyJ…", &token)
}

fn table() -> String {
    let mut text = "| form | language | recognised by | result |\n|---|---|---|---|\n".to_owned();
    for it in FORMS {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            it.title, it.languages, it.recognized, it.result
        );
    }
    text
}

fn samples() -> String {
    let mut text = String::new();
    for it in FORMS {
        let language = match it.file.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "json" => "json",
            "yml" | "yaml" => "yaml",
            "ini" | "config" => "ini",
            _ => "text",
        };
        let _ = write!(text, "\n### {}\n\n```{language}\n{}\n```\n", heading(it.title), it.sample);
    }
    text
}

/// A heading without the marks of a table.
fn heading(title: &str) -> String {
    let mut letters = title.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
