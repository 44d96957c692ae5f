#![doc = include_str!("../README.md")]

mod certificate_data;
mod clock;
mod commands;
mod completion;
mod failure;
mod files;
mod given_token;
mod help;
mod integration;
mod jq;
mod json_text;
mod listen_address;
mod output;
mod process;
mod prompt;
mod question;
mod service;
mod signing_key;
mod storage;
mod terminal_text;
mod token_in_question;
mod transport;
mod waiting;
mod when;

use std::{env, ffi::OsString, process::ExitCode};

use clap::{
    Args, CommandFactory, FromArgMatches, Parser,
    error::{ContextKind, ContextValue},
};

use commands::{Alone, Command};
use failure::Failure;
use output::Answer;

/// Adobe IMS authentication: keys, certificates, JWTs and access tokens, and a local IMS to try them on.
#[derive(Debug, Parser)]
#[command(name = "ims", version, propagate_version = true, max_term_width = 100, after_help = BELOW_OPTIONS)]
struct Arguments {
    #[command(flatten)]
    global: GlobalOptions,

    #[command(subcommand)]
    command: Command,
}

// A comment for the documentation would become the text of the help.
#[derive(Debug, Args)]
struct GlobalOptions {
    /// Report each request on standard error; -vv adds the names of header fields
    ///
    /// A line has the method, the URL, the status, the time and the debug id. Secrets are not shown.
    #[arg(short, long, global = true, action = clap::ArgAction::Count, display_order = 900)]
    verbose: u8,

    /// Filter JSON with this expression of the jq language: the answer of ims call, or what --json prints
    #[arg(long, global = true, value_name = "FILTER", display_order = 901)]
    jq: Option<String>,
}

const BELOW_OPTIONS: &str = "Examples:
  ims demo                       # every step from a key to a call, offline
  ims init                       # find the credentials in this folder, and give them a name
  ims token                      # print an access token
  ims call URL                   # send a request with a token
  ims doctor -c creds.json       # find out what is wrong
Exit codes: 0 done · 1 the answer is no · 2 usage · 3 try later · 4 a person must act · \
    141 the reader of the output has closed it
Learn more:
  ims COMMAND --help             # options, examples and exit codes of a command
  ims man --out DIR              # the manual pages";

fn main() -> ExitCode {
    process::protect_memory();
    // Without it, the command does its work anyway, unless files may not grow.
    let _ = process::survive_file_size_limit();
    if asks_for_json(env::args_os().skip(1)) {
        terminal_text::expect_json();
    }
    match completion::answer(Arguments::command) {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(error) => return refused(&error),
    }
    let arguments = match parse() {
        Ok(arguments) => arguments,
        Err(error) => return refused(&without_secret(error)),
    };
    transport::set_verbosity(arguments.global.verbose);
    match run(arguments) {
        Ok(answer) => answer.into(),
        Err(failure) => failure.report(),
    }
}

fn run(arguments: Arguments) -> Result<Answer, Failure> {
    let Arguments { global, command } = arguments;
    if let Some(code) = &global.jq {
        if terminal_text::is_json() {
            output::filter_json(code)?;
        } else if !command.is_call() {
            return Err(Failure::usage("--jq filters JSON, which this command prints with --json")
                .hint("add --json"));
        }
    }
    commands::run(command, global.jq.as_deref(), Arguments::command)
}

fn parse() -> Result<Arguments, clap::Error> {
    if let Some(arguments) = parse_alone() {
        return Ok(arguments);
    }
    let mut words: Vec<OsString> = env::args_os().collect();
    // Tools like this one have it as a command.
    if words.len() == 2 && words[1] == "version" {
        words[1] = "--version".into();
    }
    let matches = help::with_groups(Arguments::command()).try_get_matches_from(words)?;
    Arguments::from_arg_matches(&matches)
}

/// The arguments of the command that is named first, if they are right. All other commands, and the texts of the help, take
/// longer to build than many commands run, so they are built only when they are shown.
fn parse_alone() -> Option<Arguments> {
    let mut words = env::args_os().skip(1).map(OsString::into_string);
    let name = words.next()?.ok()?;
    let second = words.next().and_then(Result::ok);
    let alone = Alone::named(&name, second.as_deref())?;
    let command = clap::Command::new("ims").version(env!("CARGO_PKG_VERSION"));
    let command = GlobalOptions::augment_args(command.propagate_version(true));
    let matches = command.subcommand(alone.parser()).try_get_matches().ok()?;
    let global = GlobalOptions::from_arg_matches(&matches).ok()?;
    let command = alone.read(matches.subcommand_matches(&name)?).ok()?;
    Some(Arguments { global, command })
}

/// Whether a command is asked for JSON, whatever is wrong with the other arguments. Arguments after `--`, or of the program
/// that `ims exec` runs, are not for this command.
fn asks_for_json(arguments: impl Iterator<Item = OsString>) -> bool {
    let own: Vec<OsString> = arguments.take_while(|argument| argument != "--").collect();
    let command = own.iter().find(|argument| !argument.to_string_lossy().starts_with('-'));
    command.is_none_or(|command| command != "exec")
        && own.iter().any(|argument| argument == "--json")
}

/// Says why the arguments are refused, or shows the help that was asked for.
fn refused(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && terminal_text::is_json() {
        return usage(&error.render().to_string()).report();
    }
    // Standard output may be closed; the exit code stays.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}

/// The text of the parser as a failure: its first paragraph, and its tips as remedies.
fn usage(text: &str) -> Failure {
    let mut lines = text.lines().map(str::trim);
    let message: Vec<&str> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    let message = message.join(" ");
    let mut failure = Failure::usage(message.strip_prefix("error: ").unwrap_or(&message));
    for tip in lines.filter_map(|line| line.strip_prefix("tip: ")) {
        failure = failure.hint(tip);
    }
    failure
}

/// A PKCS#11 URI may be refused because of the PIN in it, a base URL for its password, and a document or a token because it
/// is not an option. The refusal repeats none of them.
fn without_secret(mut error: clap::Error) -> clap::Error {
    let names_url = error
        .get(ContextKind::InvalidArg)
        .is_some_and(|argument| argument.to_string().contains("<URL>"));
    let kinds = [
        ContextKind::InvalidValue,
        ContextKind::InvalidArg,
        ContextKind::InvalidSubcommand,
        ContextKind::TrailingArg,
    ];
    for kind in kinds {
        let Some(ContextValue::String(told)) = error.get(kind) else { continue };
        let is_url = told.contains("://") || kind == ContextKind::InvalidValue && names_url;
        if let Some(masked) = masked(told, is_url) {
            error.insert(kind, ContextValue::String(masked));
            // It would say how to give the same text as a value.
            error.remove(ContextKind::Suggested);
        }
    }
    error
}

/// What to print instead of `told`, if that may be secret.
fn masked(told: &str, is_url: bool) -> Option<String> {
    if told.to_ascii_lowercase().contains("pin-value") {
        return Some("pkcs11:…".to_owned());
    }
    if is_url && told.contains('@') {
        return Some("https://…@…".to_owned());
    }
    if is_url && let Some((base, _)) = told.split_once(['?', '#']) {
        return Some(format!("{base}?…"));
    }
    let scheme = told.split_once("://").map(|(scheme, _)| scheme);
    let begins_as_url =
        scheme.is_some_and(|scheme| scheme.bytes().all(|b| b.is_ascii_alphabetic()));
    // An option as it was typed, or the name that the help gives to the argument.
    let is_name = told.starts_with(['-', '<'])
        && told.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_ <>|.[]".contains(&b));
    let word = told.trim_start_matches('-');
    let is_text = ims_files::shown(word) == word;
    let is_option = is_name && is_text && !told.contains("-----") && !told.contains("</");
    let is_text = is_text && !told.starts_with('-');
    let is_shown = begins_as_url || is_option || is_text;
    (!is_shown).then(|| "…".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn json_is_asked_for_by_an_option_of_this_command_alone() {
        #[rustfmt::skip]
        let table = [
            ("token --json",                 true),
            ("token --json --no-such",       true),
            ("-v token -c x --json",         true),
            ("token -c x",                   false),
            ("token -- --json",              false),
            ("exec -c x program --json",     false),
            ("-v exec program --json",       false),
            ("--json",                       true),
        ];
        for (arguments, expected) in table {
            let given = arguments.split_whitespace().map(OsString::from);
            assert_eq!(asks_for_json(given), expected, "{arguments}");
        }
    }

    #[test]
    fn no_option_takes_a_secret_but_only_the_name_of_its_file() {
        let mut commands = vec![Arguments::command()];
        let mut options = 0;
        while let Some(command) = commands.pop() {
            for option in command.get_arguments().filter(|it| it.get_action().takes_values()) {
                let name = option.get_id().as_str();
                let names_a_secret =
                    ["secret", "pass", "pin", "bearer"].iter().any(|word| name.contains(word));
                let takes = option.get_value_names().unwrap_or_default();
                let is_file = takes.iter().all(|takes| takes.contains("FILE"));
                assert!(!names_a_secret || is_file, "{} --{name}", command.get_name());
                options += 1;
            }
            commands.extend(command.get_subcommands().cloned());
        }
        assert!(options > 50, "only {options} options were checked");
    }

    #[test]
    fn a_uri_that_is_refused_for_its_pin_is_not_repeated() {
        let uri = "pkcs11:token=ims;object=key?pin-value=canary";
        for arguments in [
            &["ims", "hsm", "keys", uri][..],
            &["ims", "hsm", "generate", uri],
            &["ims", "cert", "new", "--out", ".", "--signer", uri],
            &["ims", "cert", "csr", "--signer", uri],
            &["ims", "keys", uri],
        ] {
            let error = Arguments::try_parse_from(arguments).unwrap_err();
            let told = without_secret(error).to_string();
            assert!(told.contains("pkcs11:…") && !told.contains("canary"), "{arguments:?}: {told}");
        }
    }

    #[test]
    fn a_base_url_that_is_refused_for_its_password_is_not_repeated() {
        for url in ["https://user:canary@host", "https://canary@host/x", "user:canary@host"] {
            for arguments in [
                &["ims", "token", "--url", url][..],
                &["ims", "doctor", "--url", url],
                &["ims", "keys", "--url", url],
                &["ims", "context", "add", "name", "--url", url],
            ] {
                let error = Arguments::try_parse_from(arguments).unwrap_err();
                let told = without_secret(error).to_string();
                assert!(
                    told.contains("https://…@…") && !told.contains("canary"),
                    "{arguments:?}: {told}"
                );
            }
        }
    }

    #[test]
    fn a_document_or_a_token_in_the_wrong_place_is_not_repeated() {
        let token = "eyJhbGciOiJSUzI1NiJ9.canary.c2ln";
        for text in [
            r#"{"client_secret":"canary"}"#,
            "client_secret=canary",
            "client_secret: canary",
            "-----BEGIN PRIVATE KEY-----canary",
            "p8e-canaryABCDEFGHIJKLMNOP",
            token,
            "user:canary@host",
            r#"{"ims_url":"https://host","client_secret":"canary"}"#,
        ] {
            for arguments in [
                &["ims", text][..],
                &["ims", "keys", text],
                &["ims", "cert", text],
                &["ims", "validate", "file", text],
                &["ims", "emulator", "--listen", text],
                &["ims", "token", "--url", text],
                &["ims", "jwt", "sign", "--lifetime", text],
            ] {
                let error = Arguments::try_parse_from(arguments).unwrap_err();
                let told = without_secret(error).to_string();
                assert!(!told.contains("canary"), "{arguments:?}: {told}");
            }
        }
        for url in ["https://host/?token=canary", "https://host/#canary"] {
            let error = Arguments::try_parse_from(["ims", "keys", "--url", url]).unwrap_err();
            let told = without_secret(error).to_string();
            assert!(told.contains("https://host/?…") && !told.contains("canary"), "{told}");
        }
    }

    #[test]
    fn an_example_fits_into_the_width_of_the_help_and_can_be_copied() {
        let mut commands = vec![Arguments::command()];
        let mut examples = 0;
        while let Some(command) = commands.pop() {
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for example in text.lines().filter(|line| line.starts_with("  ")) {
                assert!(example.chars().count() <= 100, "{}: {example}", command.get_name());
                examples += 1;
            }
            commands.extend(command.get_subcommands().cloned());
        }
        assert!(examples > 20, "only {examples} examples were checked");
    }
}
