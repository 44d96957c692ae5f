//! `ims man`: the manual pages.

use std::{fs, io, path::PathBuf};

use clap::{Args, Command};
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use crate::{failure::Failure, help, output::Answer};

/// Write the manual pages.
///
/// Writes the manual pages, one for each command, into a folder: ims.1, ims-token.1, ims-cert-new.1 and so on.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples, for packages and to read one page:\n  ims man --out /usr/share/man/man1\n  man /usr/share/man/man1/ims-token.1"
)]
pub(crate) struct Arguments {
    /// The folder, which must exist; pages with the same names are replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes the pages of `whole`, the definition of the whole command line.
pub(crate) fn run(arguments: &Arguments, whole: Command) -> Result<Answer, Failure> {
    let folder = &arguments.out;
    // The pages of `ims help help` and the like say nothing.
    let mut command = help::without_marks(whole.disable_help_subcommand(true));
    command.build();
    for page in pages(&command, &[]) {
        let path = folder.join(format!("{}.1", page.name));
        fs::write(&path, page.text).map_err(|error| {
            Failure::person(format!("{} cannot be written to", ims_files::shown(folder)))
                .because(error)
        })?;
    }
    Ok(Answer::Yes)
}

/// One manual page.
struct Page {
    name: String,
    text: Vec<u8>,
}

/// The page of `command` and those of all commands below it.
fn pages(command: &Command, above: &[String]) -> Vec<Page> {
    let name = page_name(command);
    let text = page(command, above).expect("writing to memory never fails");
    let mut all = vec![Page { name: name.clone(), text }];
    let above = [above, &[name]].concat();
    for subcommand in command.get_subcommands() {
        all.extend(pages(subcommand, &above));
    }
    all
}

fn page_name(command: &Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

fn page(command: &Command, above: &[String]) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone()).manual("ims");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if command.get_arguments().any(|argument| !argument.is_hide_set()) {
        man.render_options_section(&mut text)?;
    }
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    let below_options = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let mut roff = Roff::new();
    add_exit_status(&mut roff, &below_options);
    add_rows(&mut roff, "ENVIRONMENT", &environment(command));
    add_rows(&mut roff, "FILES", &files(command));
    add_examples(&mut roff, &below_options);
    add_see_also(&mut roff, command, above);
    roff.to_writer(&mut text)?;
    Ok(text)
}

/// The exit codes in the help of the command, or else those of all commands.
fn add_exit_status(roff: &mut Roff, below_options: &str) {
    let sections = help::sections(below_options);
    let own = sections.into_iter().find(|section| section.heading.starts_with("Exit codes"));
    let lines = match own {
        Some(section) => section.lines,
        None => EXIT_STATUS.iter().map(ToString::to_string).collect(),
    };
    let mut rows = Vec::new();
    for line in &lines {
        if let Some((code, meaning)) = line.trim().split_once(' ') {
            rows.push((code, meaning.trim()));
        } else if let Some((_, said)) = rows.last_mut() {
            // Text without a code goes with the one before.
            *said = line.trim();
        }
    }
    add_rows(roff, "EXIT STATUS", &rows);
}

const EXIT_STATUS: [&str; 7] = [
    "0 done",
    "1 the answer is no",
    "2 the arguments are not valid",
    "3 try again later",
    "4 a person must act",
    "130 interrupted",
    "141 the reader of the output has closed it",
];

fn add_rows(roff: &mut Roff, heading: &str, rows: &[(&str, &str)]) {
    if rows.is_empty() {
        return;
    }
    roff.control("SH", [heading]);
    for (name, meaning) in rows {
        roff.control("TP", []);
        roff.text([bold(*name)]);
        roff.text([roman(*meaning)]);
    }
}

fn add_examples(roff: &mut Roff, below_options: &str) {
    let mut has_heading = false;
    for section in help::sections(below_options) {
        if section.heading.starts_with("Exit codes") {
            continue;
        }
        if section.heading.starts_with("Example") && !has_heading {
            roff.control("SH", ["EXAMPLES"]);
            has_heading = true;
        } else if !section.heading.is_empty() {
            roff.control("SH", [section.heading.to_uppercase().as_str()]);
        }
        if section.heading.is_empty() {
            roff.control("PP", []);
            roff.text([roman(section.lines.join(" "))]);
            continue;
        }
        // The lines are not wrapped, because people copy them.
        roff.control("nf", []);
        for line in section.lines {
            roff.text([roman(line.trim_start())]);
        }
        roff.control("fi", []);
    }
}

fn add_see_also(roff: &mut Roff, command: &Command, above: &[String]) {
    let mut names: Vec<String> = above.to_vec();
    if above.is_empty() {
        names.extend(command.get_subcommands().map(page_name));
    } else {
        names.extend(command.get_subcommands().map(page_name));
        names.extend(related(command.get_name()).iter().map(|name| format!("ims-{name}")));
    }
    names.retain(|name| *name != page_name(command));
    roff.control("SH", ["SEE ALSO"]);
    let names: Vec<String> = names.iter().map(|name| format!("{name}(1)")).collect();
    roff.text([roman(names.join(", "))]);
    roff.control("PP", []);
    roff.text([roman(REPOSITORY)]);
}

/// The other commands of the same group.
fn related(name: &str) -> &'static [&'static str] {
    let group = help::GROUPS.iter().find(|(_, names)| names.contains(&name));
    group.map_or(&[], |(_, names)| names)
}

const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

fn takes(command: &Command, option: &str) -> bool {
    command.get_arguments().any(|argument| argument.get_id() == option)
}

/// The variables that matter to a command.
fn environment(command: &Command) -> Vec<(&'static str, &'static str)> {
    let mut rows = Vec::new();
    if takes(command, "credentials") {
        rows.extend(CREDENTIALS_VARIABLES);
    }
    if takes(command, "pin_file") || takes(command, "credentials") {
        rows.push(("IMS_PKCS11_PIN", "The PIN of a hardware security module."));
    }
    if takes(command, "ims_url") {
        rows.extend(NETWORK_VARIABLES);
    }
    if command.get_name() == "login" {
        rows.push(("BROWSER", "The program that opens the address of the sign-in."));
    }
    rows.push(("NO_COLOR", "If it is set, there are no colours."));
    rows
}

const CREDENTIALS_VARIABLES: [(&str, &str); 6] = [
    ("IMS_CREDENTIALS", "A file of credentials, or the document itself."),
    ("IMS_CONTEXT", "The name of a context."),
    (
        "IMS_CLIENT_ID, IMS_CLIENT_SECRET, IMS_ORG_ID, IMS_SCOPES, ...",
        "The members of credentials one by one. Those of Adobe's own tools are known, too.",
    ),
    ("IMS_PRIVATE_KEY_PASSPHRASE", "The pass phrase of the private key in IMS_PRIVATE_KEY."),
    ("IMS_URL", "Base URL of IMS, instead of that in the credentials."),
    ("IMS_CACHE_DIR", "The folder in which commands store access tokens for each other."),
];

const NETWORK_VARIABLES: [(&str, &str); 3] = [
    ("HTTPS_PROXY, ALL_PROXY", "The proxy for https."),
    ("NO_PROXY", "Hosts that are reached without the proxy."),
    ("SSL_CERT_FILE, SSL_CERT_DIR", "Certificates of authorities, instead of those of the system."),
];

/// The files of a command, except those that its options name.
fn files(command: &Command) -> Vec<(&'static str, &'static str)> {
    let is_about_contexts = page_name(command).starts_with("ims-context");
    let mut rows = Vec::new();
    if takes(command, "credentials") || is_about_contexts || command.get_name() == "ims" {
        rows.push(("~/.config/ims/config.toml", "The contexts (XDG_CONFIG_HOME)."));
    }
    if takes(command, "credentials") || page_name(command).starts_with("ims-cache") {
        rows.push(("~/.cache/ims/", "Access tokens, in files that only their owner can read."));
    }
    if takes(command, "credentials") && takes(command, "ims_url") {
        let meaning = "Refresh tokens of sign-ins, where the system has no keyring.";
        rows.push(("~/.local/share/ims/sign-ins/", meaning));
    }
    if command.get_name() == "secret" || page_name(command).starts_with("ims-secret-") {
        rows.push((
            "~/.cache/ims/client-secrets/",
            "When client secrets were made, for ims status.",
        ));
        rows.push(("*.rotation.json", "The state of a rotation, next to the file of credentials."));
    }
    // For a group of commands, this is in the pages of its commands.
    if rows.is_empty() {
        rows.extend(command.get_subcommands().flat_map(files));
    }
    rows.sort_unstable();
    rows.dedup();
    if rows.is_empty() {
        rows.push(("Arguments", "No files but those that the arguments name."));
    }
    rows
}
