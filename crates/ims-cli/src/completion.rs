//! What a shell completes after an option: the names of contexts, and files by their kind.

use std::{
    env,
    ffi::OsString,
    io::{self, Write},
    path::Path,
};

use clap::{Arg, Command, builder::Str};
use clap_complete::{
    CompleteEnv,
    engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter},
    env::{EnvCompleter, Shells},
};

use ims::{CredentialsError, Discovery, DiscoveryError};

use crate::{files, integration::innermost, storage};

/// The variable by which the script of `ims completions` asks for candidates.
pub(crate) const VARIABLE: &str = "IMS_COMPLETE";

/// Answers the script of a shell, if the script started this process; then the command does nothing else. `whole` defines
/// the whole command line.
///
/// # Errors
/// The shell is not known, or standard output is closed.
pub(crate) fn answer(whole: fn() -> Command) -> clap::error::Result<bool> {
    let builtins = Shells::builtins();
    let shells: Vec<ValuesFirst<'_>> = builtins.iter().map(ValuesFirst).collect();
    let shells: Vec<&dyn EnvCompleter> = shells.iter().map(|shell| shell as _).collect();
    CompleteEnv::with_factory(|| with_completers(whole(), ""))
        .var(VARIABLE)
        .bin("ims")
        .shells(Shells(&shells))
        .try_complete(env::args_os(), env::current_dir().ok().as_deref())
}

/// A shell that is offered no options where a value or a subcommand belongs, before a `-` is typed: a user who chooses
/// between two contexts does not look for `--help`.
struct ValuesFirst<'a>(&'a dyn EnvCompleter);

impl EnvCompleter for ValuesFirst<'_> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn is(&self, name: &str) -> bool {
        self.0.is(name)
    }

    fn write_registration(
        &self,
        variable: &str,
        name: &str,
        bin: &str,
        completer: &str,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        self.0.write_registration(variable, name, bin, completer, to)
    }

    fn write_complete(
        &self,
        command: &mut Command,
        words: Vec<OsString>,
        folder: Option<&Path>,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        // The scripts of bash, zsh and elvish say which word is completed; in others it is the last.
        let index = env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|index| index.parse().ok());
        let word = index.map_or_else(|| words.last(), |index: usize| words.get(index));
        let is_empty = word.is_none_or(|word| word.is_empty());
        let takes_word = takes_word(command, &words);
        let mut written = Vec::new();
        self.0.write_complete(command, words, folder, &mut written)?;
        if !is_empty || !takes_word {
            return to.write_all(&written);
        }
        let text = String::from_utf8_lossy(&written);
        let separator = env::var("_CLAP_IFS").unwrap_or_default();
        let separator = separator.chars().next().unwrap_or('\n');
        let mut values: Vec<&str> = text.split(separator).collect();
        // In the output for every shell, a candidate begins with its value.
        values.retain(|candidate| !candidate.starts_with('-') || *candidate == "-");
        to.write_all(values.join(&separator.to_string()).as_bytes())
    }
}

/// Whether the command that these words name takes a subcommand or a value without an option.
fn takes_word(whole: &Command, words: &[OsString]) -> bool {
    let mut command = whole;
    for word in words.iter().skip(1) {
        command = command.find_subcommand(word).unwrap_or(command);
    }
    command.has_subcommands() || command.get_positionals().next().is_some()
}

/// What the value of an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Context,
    Credential,
    Credentials,
    Key,
    Certificate,
    Module,
    File,
    Folder,
}

fn with_completers(command: Command, parent: &str) -> Command {
    let name = command.get_name().to_owned();
    let command = command.mut_args(|argument| match kind(parent, &name, &argument) {
        Some(Kind::Context) => argument.add(ArgValueCandidates::new(contexts)),
        Some(Kind::Credential) => argument.add(ArgValueCandidates::new(credentials_of_file)),
        Some(kind) => argument.add(ArgValueCompleter::new(paths(kind))),
        None => argument,
    });
    command.mut_subcommands(|subcommand| with_completers(subcommand, &name))
}

/// The kind of an argument of the command `name`, by its own name and that of its value.
fn kind(parent: &str, name: &str, argument: &Arg) -> Option<Kind> {
    let id = argument.get_id().as_str();
    let value = argument.get_value_names().and_then(|names| names.first());
    let value = value.map(Str::as_str).unwrap_or_default();
    let is_named_context = parent == "context" && name != "add" && id == "name";
    Some(match (id, value) {
        ("context" | "contexts", "NAME") => Kind::Context,
        _ if is_named_context => Kind::Context,
        ("credential", "NAME") => Kind::Credential,
        ("credentials", _) => Kind::Credentials,
        ("key", _) => Kind::Key,
        ("file", _) if parent == "key" => Kind::Key,
        ("certificate" | "cert", _) => Kind::Certificate,
        ("files" | "paths", _) if parent == "cert" => Kind::Certificate,
        ("module", _) => Kind::Module,
        (_, "DIR") => Kind::Folder,
        (_, "FILE" | "PATH") => Kind::File,
        _ => return None,
    })
}

/// The names of the contexts. A file that cannot be read has none: completion must not print errors.
fn contexts() -> Vec<CompletionCandidate> {
    let Ok(contexts) = storage::contexts() else { return Vec::new() };
    contexts.names().into_iter().map(CompletionCandidate::new).collect()
}

/// The names of the credentials in the file that the line names, or in what is used without one. A name that no credential
/// has is refused with all names, before a secret is read or a command is run.
fn credentials_of_file() -> Vec<CompletionCandidate> {
    let mut discovery = Discovery::new().with_credential("\u{1}");
    if let Some(file) = file_in(env::args_os()) {
        discovery = discovery.with_given(file);
    }
    let Err(DiscoveryError::Credentials(error)) = discovery.find() else { return Vec::new() };
    let CredentialsError::NoneSelected { names } = innermost(&error) else { return Vec::new() };
    names.split(", ").filter(|name| !name.is_empty()).map(CompletionCandidate::new).collect()
}

/// The file after `-c` or `--credentials`.
fn file_in(arguments: impl Iterator<Item = OsString>) -> Option<OsString> {
    let mut arguments = arguments.skip_while(|argument| argument != "--").skip(1);
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        if text == "-c" || text == "--credentials" {
            return arguments.next();
        }
        let joined = text.strip_prefix("--credentials=").or_else(|| text.strip_prefix("-c"));
        if let Some(file) = joined.filter(|file| !file.is_empty()) {
            return Some(file.into());
        }
    }
    None
}

/// Files of this kind, and the folders on the way to them. No file is opened: reading credentials can run a command.
fn paths(kind: Kind) -> PathCompleter {
    match kind {
        Kind::Folder => PathCompleter::dir(),
        Kind::File | Kind::Context | Kind::Credential => PathCompleter::file().stdio(),
        Kind::Key | Kind::Certificate | Kind::Module => {
            PathCompleter::any().filter(move |path| path.is_file() && is_of_kind(path, kind))
        }
        Kind::Credentials => {
            let completer = PathCompleter::any().stdio();
            completer.filter(move |path| path.is_file() && is_of_kind(path, kind))
        }
    }
}

fn is_of_kind(path: &Path, kind: Kind) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase());
    let name = name.unwrap_or_default();
    let endings: &[&str] = match kind {
        Kind::Credentials => return files::can_be_credentials(&name),
        Kind::Key => &["key", "pem", "der", "p8", "p12", "pfx"],
        Kind::Certificate => &["crt", "cer", "pem", "der", "p12", "pfx", "json", "toml"],
        Kind::Module => &["so", "dylib", "dll"],
        Kind::File | Kind::Folder | Kind::Context | Kind::Credential => return true,
    };
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    endings.contains(&ending)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn files_are_known_by_their_names() {
        #[rustfmt::skip]
        let table = [
            ("creds.json",          Kind::Credentials, true),
            (".env",                Kind::Credentials, true),
            ("a/.env.production",   Kind::Credentials, true),
            (".aio",                Kind::Credentials, true),
            ("Creds.YAML",          Kind::Credentials, true),
            ("private.key",         Kind::Credentials, false),
            ("Makefile",            Kind::Credentials, false),
            ("private.key",         Kind::Key,         true),
            ("keystore.p12",        Kind::Key,         true),
            ("certificate_pub.crt", Kind::Key,         false),
            ("certificate_pub.crt", Kind::Certificate, true),
            ("creds.json",          Kind::Certificate, true),
            ("softhsm2.so",         Kind::Module,      true),
            ("anything",            Kind::File,        true),
        ];
        for (name, kind, expected) in table {
            assert_eq!(is_of_kind(Path::new(name), kind), expected, "{name} {kind:?}");
        }
    }

    #[test]
    fn each_option_that_takes_a_file_a_folder_or_a_context_completes_it() {
        let mut commands = vec![(String::new(), crate::Arguments::command())];
        let mut completed = 0;
        while let Some((parent, command)) = commands.pop() {
            for argument in command.get_arguments() {
                let value = argument.get_value_names().unwrap_or_default().first();
                let value = value.map(Str::as_str).unwrap_or_default();
                let kind = kind(&parent, command.get_name(), argument);
                let is_path = ["FILE", "DIR", "PATH", "FILE|DIR|PATTERN"].contains(&value);
                let place = format!("{} {}", command.get_name(), argument.get_id());
                assert_eq!(
                    kind.is_some_and(|kind| !matches!(kind, Kind::Context | Kind::Credential)),
                    is_path || ["CERT", "KEY"].contains(&value),
                    "{place}"
                );
                completed += usize::from(kind.is_some());
            }
            let name = command.get_name().to_owned();
            commands.extend(command.get_subcommands().map(|it| (name.clone(), it.clone())));
        }
        assert!(completed > 60, "{completed}");
    }
}
