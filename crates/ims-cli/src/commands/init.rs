//! `ims init`: from the files in the folder to the first token.

mod candidates;

use std::path::Path;

use clap::Args;
use ims::{ContextFile, Contexts, KNOWN_METASCOPES, claims::Metascope};

use self::candidates::{Candidate, Found, Location};
use super::doctor;
use crate::{
    failure::Failure,
    integration::IntegrationOptions,
    output::{self, Answer},
    prompt::{self, ask, is_yes, say},
    storage::contexts,
};

/// Find credentials on this machine, give them a name and check them.
///
/// Looks at the files of this folder, the configuration of aio and the environment variables, and says what each one is. On
/// a terminal it asks which one to use and for a name, adds the context, and runs ims doctor. Without a terminal it changes
/// nothing: it says what it found and which commands to run, with exit code 2.
#[derive(Debug, Args)]
#[command(
    after_help = "Example, in the folder with the download of Adobe's Developer Console:\n  ims init"
)]
pub(crate) struct Arguments {}

pub(crate) fn run(_arguments: &Arguments) -> Result<Answer, Failure> {
    let found = Found::look()?;
    for (place, reason) in &found.unusable {
        output::note("not usable", &format!("{place}: {reason}"));
    }
    if found.candidates.is_empty() {
        return Err(nothing_found(&found));
    }
    if !prompt::is_possible() {
        return Err(no_terminal(&found));
    }
    let candidate = choose(&found)?;
    let Location::File { path, credential } = &candidate.place else {
        return in_force(candidate);
    };
    let mut contexts = contexts()?;
    let name = choose_name(&contexts, path)?;
    let mut file = ContextFile::new(path);
    if let Some(credential) = credential {
        file = file.with_credential(credential);
    }
    if candidate.lacks_metascopes {
        file = file.with_metascopes(choose_metascopes()?);
    }
    contexts.add(&name, &file)?;
    if contexts.current() != Some(&name) && is_yes("Use it when no other context is named?", "yes")?
    {
        contexts.switch_to(&name)?;
    }
    contexts.save()?;
    let is_current = contexts.current() == Some(&name);
    output::note(
        "note",
        &format!("the context {name} is added to {}", ims_files::shown(contexts.path())),
    );
    let answer = doctor::run_for(IntegrationOptions::of_context(&name)?);
    let command = candidate.first_command();
    if is_current {
        first_token(command, answer)
    } else {
        first_token(&format!("{command} --context {name}"), answer)
    }
}

/// Environment variables need no name.
fn in_force(candidate: &Candidate) -> Result<Answer, Failure> {
    output::note("note", &format!("{} are used as long as they are set", candidate.place));
    let answer = doctor::run_for(IntegrationOptions::without_options()?);
    first_token(candidate.first_command(), answer)
}

/// Prints which command gets the first token, even if the doctor found a fault.
fn first_token(line: &str, answer: Result<Answer, Failure>) -> Result<Answer, Failure> {
    let is_fine = matches!(answer, Ok(Answer::Yes));
    output::note(if is_fine { "next" } else { "when this is corrected" }, line);
    answer
}

fn choose(found: &Found) -> Result<&Candidate, Failure> {
    for (index, candidate) in found.candidates.iter().enumerate() {
        say(&format!("{:>3}. {candidate}\n", index + 1));
    }
    if let [only] = found.candidates.as_slice() {
        return Ok(only);
    }
    let count = found.candidates.len();
    loop {
        let answer = ask("Which credentials do you want to use?", "1")?;
        let index = answer.parse().ok().and_then(|number: usize| number.checked_sub(1));
        match index.and_then(|index| found.candidates.get(index)) {
            Some(candidate) => return Ok(candidate),
            None => say(&format!("Please type a number from 1 to {count}.\n")),
        }
    }
}

/// The proposed name is that of the file, without the characters that a name cannot have.
fn choose_name(contexts: &Contexts, path: &Path) -> Result<String, Failure> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let stem = match stem.trim_matches('-') {
        "" => "default",
        stem => stem,
    };
    let taken = contexts.names();
    let mut proposal = stem.to_owned();
    let mut number = 2;
    while taken.contains(&proposal.as_str()) {
        proposal = format!("{stem}-{number}");
        number += 1;
    }
    loop {
        let name = ask("Which name do you want to give them?", &proposal)?;
        if taken.contains(&name.as_str()) {
            say(&format!("There is a context {name} already.\n"));
        } else if name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
            return Ok(name);
        } else {
            say("Please use only letters, digits, - and _.\n");
        }
    }
}

/// Asks which metascopes the integration has in the Developer Console, whose download leaves them out, as other forms do.
fn choose_metascopes() -> Result<Vec<Metascope>, Failure> {
    say("These credentials do not say which metascopes the integration has:\n");
    for (index, (code, api)) in KNOWN_METASCOPES.iter().enumerate() {
        say(&format!("{:>3}. {code:<30} {api}\n", index + 1));
    }
    loop {
        // Nothing is proposed: it would be a guess.
        let answer = ask("Which does it have? Numbers or codes, with commas between them:", "")?;
        let words = answer.split([',', ' ']).filter(|word| !word.is_empty());
        let chosen: Option<Vec<Metascope>> = words.map(metascope).collect();
        match chosen {
            Some(chosen) if !chosen.is_empty() => return Ok(chosen),
            _ => say("Please type numbers of the list, or codes such as ent_user_sdk.\n"),
        }
    }
}

/// One of the list by its number, or any by its code: all codes that are known have a `_`.
fn metascope(word: &str) -> Option<Metascope> {
    let Ok(number) = word.parse::<usize>() else {
        return word.parse().ok().filter(|_| word.contains('_'));
    };
    let (code, _) = KNOWN_METASCOPES.get(number.checked_sub(1)?)?;
    code.parse().ok()
}

fn no_terminal(found: &Found) -> Failure {
    let failure = Failure::usage("there is no terminal to ask on, so nothing is changed");
    let failure = found.candidates.iter().fold(failure, |failure, candidate| {
        failure.hint(format!("{candidate}: {}", candidate.command_line()))
    });
    let failure = if found.candidates.iter().any(|it| it.lacks_metascopes) {
        let known = KNOWN_METASCOPES.iter().map(|(code, api)| format!("{code} ({api})"));
        failure.hint(format!("CODE is one of {}", known.collect::<Vec<_>>().join(", ")))
    } else {
        failure
    };
    let command = match found.candidates.as_slice() {
        [only] => only.first_command(),
        _ => "ims token",
    };
    failure.hint(format!("then: ims doctor && {command}"))
}

fn nothing_found(found: &Found) -> Failure {
    if !found.unusable.is_empty() {
        return Failure::usage("none of the credentials here can be used as they are")
            .hint("correct the problems above, and run ims init again");
    }
    Failure::usage("there are no credentials in this folder or in the environment variables")
        .hint("put the download of Adobe's Developer Console here (Credentials, Download JSON), and run ims init again")
        .hint("to see how everything works without credentials, run: ims demo")
}
