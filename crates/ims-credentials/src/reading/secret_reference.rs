//! Secrets in another place: in a file, in an environment variable, in the keyring of the desktop, or in the output of a
//! command. A credentials file that names them holds no secret.

use std::{
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use ims_files::can_be_path;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    error::CredentialsError,
    reading::{fields::Fields, read_context::ReadContext, secret_text},
};

/// How long a command may take: a password manager may ask a person first.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// No secret is longer; a private key of 8192 bits has some 6 KiB.
const MAX_OUTPUT: u64 = 64 * 1024;

/// The places, as they are appended to the name of the secret: `client_secret_file` and so on.
pub(crate) const PLACES: [&str; 4] = ["file", "env", "command", "keyring"];

/// A secret, and the member or variable that it comes from.
pub(crate) struct Secret {
    pub(crate) member: String,
    pub(crate) text: Zeroizing<String>,
}

/// The secret that is called `name`, as the member `name` itself or as one of `name_file`, `name_env`, `name_command` and
/// `name_keyring`; `None` if none of them is there. It is never blank.
pub(crate) fn optional(
    fields: &Fields<'_>,
    name: &str,
    at: &ReadContext<'_>,
) -> Result<Option<Secret>, CredentialsError> {
    let mut members: Vec<String> = PLACES.iter().map(|kind| format!("{name}_{kind}")).collect();
    members.insert(0, name.to_owned());
    let mut there = members.into_iter().filter(|member| fields.has(member));
    let (Some(member), second) = (there.next(), there.next()) else { return Ok(None) };
    if let Some(second) = second {
        return Err(CredentialsError::Conflict { first: member, second });
    }
    let text = match member.strip_prefix(name).and_then(|kind| kind.strip_prefix('_')) {
        None => Zeroizing::new(fields.text(name)?.to_owned()),
        Some(kind) => from(kind, fields, &member, at)?,
    };
    let member = fields.path_of(&member);
    secret_text::not_blank(&member, &text)?;
    Ok(Some(Secret { member, text }))
}

/// The secrets of a list: each is the secret itself, or an object with one of `file`, `env`, `command` and `keyring`.
pub(crate) fn list(
    fields: &Fields<'_>,
    name: &str,
    list: &Value,
    at: &ReadContext<'_>,
) -> Result<Vec<Secret>, CredentialsError> {
    let wrong = || fields.wrong_type(name, "a list of strings or objects");
    let mut secrets = Vec::new();
    for (index, element) in list.as_array().ok_or_else(wrong)?.iter().enumerate() {
        let member = format!("{}[{index}]", fields.path_of(name));
        let text = match element {
            Value::String(secret) => Zeroizing::new(secret.clone()),
            Value::Object(object) => of_list(&Fields::new(object).within(&member), at)?,
            Value::Number(_) | Value::Bool(_) => {
                return Err(CredentialsError::NotQuoted { name: member });
            }
            _ => return Err(wrong()),
        };
        secrets.push(Secret { member, text });
    }
    Ok(secrets)
}

fn of_list(
    element: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<Zeroizing<String>, CredentialsError> {
    element.only(&PLACES)?;
    let there: Vec<&str> = PLACES.into_iter().filter(|kind| element.has(kind)).collect();
    match there[..] {
        [] => Err(element.missing("file")),
        [kind] => from(kind, element, kind, at),
        [first, second, ..] => Err(CredentialsError::Conflict {
            first: element.path_of(first),
            second: element.path_of(second),
        }),
    }
}

fn from(
    kind: &str,
    fields: &Fields<'_>,
    member: &str,
    at: &ReadContext<'_>,
) -> Result<Zeroizing<String>, CredentialsError> {
    let name = fields.path_of(member);
    // Before anything is opened or run.
    at.check_reference(&name)?;
    match kind {
        "file" => {
            let path = fields.path(member, at.folder)?.ok_or_else(|| fields.missing(member))?;
            line(&at.read_private(&name, &path)?)
                .ok_or_else(|| CredentialsError::NotText.in_file(&path))
        }
        "env" => {
            let variable = fields.text(member)?;
            if !is_variable_name(variable) {
                return Err(fields.wrong_type(member, "the name of an environment variable"));
            }
            let value = (at.variable)(variable).filter(|text| !text.is_empty());
            let Some(value) = value.map(Zeroizing::new) else {
                return Err(CredentialsError::Missing { name: variable.to_owned() });
            };
            // Shells do the same with the output of a command, and most of these secrets come from commands.
            Ok(Zeroizing::new(value.trim_end_matches(['\r', '\n']).to_owned()))
        }
        "command" => from_command(fields, member, at),
        _ => from_own_keyring(&name, fields.text(member)?),
    }
}

/// The text of a secret without the end of its line.
fn line(contents: &[u8]) -> Option<Zeroizing<String>> {
    let text = std::str::from_utf8(contents).ok()?;
    Some(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Whether an error may repeat `text` as the name of a variable: a secret in its place would be shown.
fn is_variable_name(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// What a command prints on its standard output. It is a list of words, the program first, and no shell reads it. What it
/// prints on standard error goes where ours goes.
fn from_command(
    fields: &Fields<'_>,
    member: &str,
    at: &ReadContext<'_>,
) -> Result<Zeroizing<String>, CredentialsError> {
    at.check_trusted()?;
    let words = fields.value(member).and_then(Value::as_array);
    let words: Option<Vec<&str>> =
        words.and_then(|words| words.iter().map(Value::as_str).collect());
    let Some([program, arguments @ ..]) = words.as_deref() else {
        return Err(fields.wrong_type(member, "a list of words, the program first"));
    };
    let failed = |reason| CredentialsError::Command { name: fields.path_of(member), reason };
    let mut command = command(program, arguments, at.folder);
    let output = run(&mut command, COMMAND_TIMEOUT).map_err(failed)?;
    match line(&output) {
        Some(text) if !text.is_empty() => Ok(text),
        // What it printed is not repeated: it may be half of a secret.
        _ => Err(failed("it printed no text")),
    }
}

/// A relative path of a program begins at the folder of the credentials file; a name alone is searched in `PATH`.
fn command(program: &str, arguments: &[&str], folder: &Path) -> Command {
    let mut command = if Path::new(program).components().count() > 1 && can_be_path(program) {
        Command::new(folder.join(program))
    } else {
        Command::new(program)
    };
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// What the command prints. The deadline is for its output and for its end, since a program that closes its output may still
/// run.
fn run(command: &mut Command, timeout: Duration) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let is_own_group = lead_own_group(command);
    let mut child = command.spawn().map_err(|_| "it cannot be started")?;
    let output = finish_in_time(&mut child, timeout);
    if output.is_err() {
        if is_own_group {
            end_group(&child);
        }
        // It may have ended by itself in the meantime.
        let _ = child.kill();
        let _ = child.wait();
    }
    output
}

/// Makes the command the leader of a process group, so that what it starts can be ended with it.
///
/// On a terminal it stays in ours: a password manager that asks a person would be stopped when it reads from the terminal
/// (POSIX, General Terminal Interface, §11.1.4).
fn lead_own_group(command: &mut Command) -> bool {
    #[cfg(not(unix))]
    {
        let _ = command;
        false
    }
    #[cfg(unix)]
    {
        let has_terminal = std::fs::File::open("/dev/tty").is_ok();
        if !has_terminal {
            std::os::unix::process::CommandExt::process_group(command, 0);
        }
        !has_terminal
    }
}

#[cfg(unix)]
fn end_group(leader: &Child) {
    use rustix::process::{Pid, Signal, kill_process_group};

    if let Some(group) = i32::try_from(leader.id()).ok().and_then(Pid::from_raw) {
        // All of them may have ended by themselves.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn end_group(_leader: &Child) {}

fn finish_in_time(
    child: &mut Child,
    timeout: Duration,
) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    const POLL_INTERVAL: Duration = Duration::from_millis(10);
    let output = read_on_thread(child)?;
    let mut read = None;
    let mut waited = Duration::ZERO;
    loop {
        if read.is_none() {
            read = output.try_recv().ok();
        }
        // The pipe is no longer read, so a program that prints too much may wait forever.
        if matches!(&read, Some(Ok(bytes)) if bytes.len() as u64 > MAX_OUTPUT) {
            return Err("it printed too much");
        }
        let status = child.try_wait().map_err(|_| "it is not known how it ended")?;
        if let (Some(_), Some(status)) = (&read, status) {
            if !status.success() {
                return Err("it failed");
            }
            break;
        }
        if waited >= timeout {
            return Err("it took too long");
        }
        thread::sleep(POLL_INTERVAL);
        waited += POLL_INTERVAL;
    }
    match read {
        Some(Ok(bytes)) => Ok(bytes),
        _ => Err("its output cannot be read"),
    }
}

/// Reads on a thread, since a pipe has no deadline.
fn read_on_thread(
    child: &mut Child,
) -> Result<mpsc::Receiver<std::io::Result<Zeroizing<Vec<u8>>>>, &'static str> {
    let pipe = child.stdout.take().ok_or("it has no standard output")?;
    let (sender, receiver) = mpsc::channel();
    let read = move || {
        let mut output = Zeroizing::new(Vec::with_capacity(4096));
        let read = pipe.take(MAX_OUTPUT + 1).read_to_end(&mut output);
        // After the timeout, the result is not used.
        let _ = sender.send(read.map(|_| output));
    };
    let thread = thread::Builder::new().name("ims".to_owned()).spawn(read);
    thread.map_err(|_| "the system cannot start another thread")?;
    Ok(receiver)
}

/// The environment variables that members name as the place of a secret.
pub(crate) fn variables(fields: &Fields<'_>) -> Vec<String> {
    let mut names = Vec::new();
    fields.visit(&mut |member, value| {
        if let Some(name) = value.as_str()
            && (member == "env" || member.ends_with("_env"))
            && is_variable_name(name)
        {
            names.push(name.to_owned());
        }
    });
    names
}

/// The secret that the keyring of the desktop keeps under the name `entry` for programs of ours.
fn from_own_keyring(member: &str, entry: &str) -> Result<Zeroizing<String>, CredentialsError> {
    #[cfg(feature = "keyring")]
    let service = crate::keyring::SERVICE;
    // Without it, no service is asked.
    #[cfg(not(feature = "keyring"))]
    let service = "";
    from_keyring(member, service, entry)
}

/// The secret that the keyring of the desktop keeps for a service and a user. It is reached with the feature `keyring` only.
pub(crate) fn from_keyring(
    member: &str,
    service: &str,
    user: &str,
) -> Result<Zeroizing<String>, CredentialsError> {
    #[cfg(not(feature = "keyring"))]
    {
        let _ = (member, service, user);
        Err(CredentialsError::MissingFeature { feature: "keyring", what: "the keyring" })
    }
    #[cfg(feature = "keyring")]
    {
        use secrecy::ExposeSecret;

        let secret = crate::keyring::load_of(service, user)
            .map_err(|problem| CredentialsError::Keyring { name: member.to_owned(), problem })?;
        match secret {
            Some(secret) => Ok(Zeroizing::new(secret.expose_secret().to_owned())),
            None => Err(CredentialsError::NotInKeyring { name: member.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_command_that_never_ends_is_ended() {
        let mut endless = command("tail", &["-f", "/dev/null"], Path::new(""));
        let result = run(&mut endless, Duration::from_millis(20));
        assert_eq!(result.err(), Some("it took too long"));
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_closes_its_output_and_runs_on_is_ended_with_all_that_it_started() {
        let folder = tempfile::TempDir::new().unwrap();
        let script = "sleep 600 & echo $! > pid; echo secret; exec >&-; sleep 600";
        let mut lingering = Command::new("sh");
        lingering.args(["-c", script]).current_dir(folder.path());
        lingering.stdin(Stdio::null()).stdout(Stdio::piped());
        let result = run(&mut lingering, Duration::from_millis(500));
        assert_eq!(result.err(), Some("it took too long"));
        if std::fs::File::open("/dev/tty").is_ok() {
            return; // On a terminal, only the command itself is ended.
        }
        let pid = std::fs::read_to_string(folder.path().join("pid")).unwrap();
        let state = |pid: &str| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.rsplit(')').next().unwrap_or_default().trim().chars().next()
        };
        // The process is gone, or its exit status has not been read yet.
        for _ in 0..100 {
            if matches!(state(pid.trim()), None | Some('Z')) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("{pid} still runs");
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_ends_in_time_gives_its_output_and_a_failed_one_none() {
        let sh = |script: &str| {
            let mut sh = command("sh", &["-c", script], Path::new(""));
            run(&mut sh, Duration::from_secs(20)).map(|output| output.to_vec())
        };
        assert_eq!(sh("echo secret"), Ok(b"secret\n".to_vec()));
        assert_eq!(sh("echo secret; exit 1"), Err("it failed"));
        assert_eq!(sh("yes"), Err("it printed too much"));
    }

    #[test]
    fn only_what_looks_like_the_name_of_a_variable_is_shown() {
        for (text, is_name) in [
            ("CI_SECRET_2", true),
            ("_X", true),
            ("p8e-canary", false),
            ("lower", false),
            ("2A", false),
            ("", false),
        ] {
            assert_eq!(is_variable_name(text), is_name, "{text}");
        }
    }
}
