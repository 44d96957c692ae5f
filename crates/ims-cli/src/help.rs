//! The help of all commands: the commands in groups, and examples and exit codes below headings of the same style.

use std::fmt::Write as _;

use clap::{
    Command,
    builder::{StyledStr, Styles},
};

/// The commands as `ims --help` lists them: in groups by what a person wants to do.
pub(crate) const GROUPS: &[(&str, &[&str])] = &[
    ("Get a token", &["token", "exec", "call", "login", "logout"]),
    ("Credentials", &["init", "status", "doctor", "context", "cache", "secret", "migrate"]),
    ("Keys, certificates and JWTs", &["cert", "key", "hsm", "jwt"]),
    (
        "Ask IMS",
        &[
            "validate",
            "revoke",
            "userinfo",
            "profile",
            "organizations",
            "exchange",
            "register",
            "admin",
            "keys",
            "discovery",
        ],
    ),
    ("Tokens for other programs", &["agent", "proxy"]),
    ("Without Adobe", &["demo", "emulator"]),
    ("Shell", &["completions", "man"]),
];

/// The part of the text below the options that has one heading.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Section {
    /// Without a colon; empty for text without a heading.
    pub(crate) heading: String,
    pub(crate) lines: Vec<String>,
}

/// Puts the commands into groups, and gives the headings of all commands the same style.
pub(crate) fn with_groups(command: Command) -> Command {
    let command = without_marks(command);
    let styles = command.get_styles().clone();
    let header = styles.get_header();
    let mut template = "{about-with-newline}\n{usage-heading} {usage}\n".to_owned();
    let mut listed = vec!["help"];
    for (heading, names) in GROUPS {
        write!(template, "\n{header}{heading}:{header:#}\n").expect(TAKES_ALL);
        for name in *names {
            add_row(&mut template, &styles, &command, name);
            listed.push(name);
        }
    }
    let others = command.get_subcommands().map(Command::get_name);
    let others: Vec<&str> = others.filter(|name| !listed.contains(name)).collect();
    if !others.is_empty() {
        write!(template, "\n{header}More:{header:#}\n").expect(TAKES_ALL);
    }
    for name in others {
        add_row(&mut template, &styles, &command, name);
    }
    write!(template, "\n{header}Options:{header:#}\n{{options}}{{after-help}}").expect(TAKES_ALL);
    with_styled_sections(command.help_template(template), &styles)
}

fn add_row(text: &mut String, styles: &Styles, command: &Command, name: &str) {
    let Some(subcommand) = command.find_subcommand(name) else { return };
    let literal = styles.get_literal();
    let about = subcommand.get_about().map(ToString::to_string).unwrap_or_default();
    let padding = NAME_WIDTH.saturating_sub(name.len());
    writeln!(text, "  {literal}{name}{literal:#}{:padding$}{about}", "").expect(TAKES_ALL);
}

/// The same command without the Markdown in the documentation of its options.
pub(crate) fn without_marks(command: Command) -> Command {
    let mut command = command;
    if let Some(about) = command.get_about().map(unmarked) {
        command = command.about(about);
    }
    if let Some(about) = command.get_long_about().map(unmarked) {
        command = command.long_about(about);
    }
    let command = command.mut_args(|argument| {
        let mut argument = argument;
        if let Some(help) = argument.get_help().map(unmarked) {
            argument = argument.help(help);
        }
        match argument.get_long_help().map(unmarked) {
            Some(help) => argument.long_help(help),
            None => argument,
        }
    });
    command.mut_subcommands(without_marks)
}

fn unmarked(text: &StyledStr) -> String {
    text.to_string().replace('`', "")
}

fn with_styled_sections(command: Command, styles: &Styles) -> Command {
    let mut command = command;
    if let Some(text) = command.get_after_help().map(ToString::to_string) {
        command = command.after_help(styled(&sections(&text), styles));
    }
    command.mut_subcommands(|subcommand| with_styled_sections(subcommand, styles))
}

fn styled(sections: &[Section], styles: &Styles) -> String {
    let header = styles.get_header();
    let mut text = String::new();
    for Section { heading, lines } in sections {
        if !text.is_empty() {
            text.push('\n');
        }
        if !heading.is_empty() {
            writeln!(text, "{header}{heading}:{header:#}").expect(TAKES_ALL);
        }
        for line in lines {
            writeln!(text, "{line}").expect(TAKES_ALL);
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// The sections of the text below the options of a command. A heading is a line that ends with a colon. `Exit codes: 0 done ·
/// 1 no` in one line is a section too, with a line for each code.
pub(crate) fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines() {
        if line.is_empty() {
            continue;
        }
        let is_indented = line.starts_with(' ');
        if let Some(heading) = line.strip_suffix(':').filter(|_| !is_indented) {
            sections.push(Section { heading: heading.to_owned(), lines: Vec::new() });
        } else if let Some((heading, codes)) = line.split_once(": ").filter(|_| is_codes(line)) {
            let lines = codes.split(" · ").map(|code| format!("  {}", code.trim())).collect();
            sections.push(Section { heading: heading.to_owned(), lines });
        } else if let Some(section) = sections.last_mut().filter(|_| is_indented) {
            section.lines.push(line.to_owned());
        } else {
            sections.push(Section { heading: String::new(), lines: vec![line.to_owned()] });
        }
    }
    sections
}

fn is_codes(line: &str) -> bool {
    line.starts_with("Exit codes")
}

/// A command's name and the space after it.
const NAME_WIDTH: usize = 15;

const TAKES_ALL: &str = "writing to a String never fails";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn each_command_is_in_one_group() {
        let command = crate::Arguments::command();
        let mut listed: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        let mut commands: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        listed.sort_unstable();
        commands.sort_unstable();
        assert_eq!(listed, commands);
    }

    #[test]
    fn the_text_below_the_options_is_read_as_sections() {
        let text = "Exit codes, by line: 0 done · 3 later\nExamples:\n  ims a: b\n  ims c:\nMore: see there";
        let section = |heading: &str, lines: &[&str]| Section {
            heading: heading.to_owned(),
            lines: lines.iter().map(ToString::to_string).collect(),
        };
        let expected = [
            section("Exit codes, by line", &["  0 done", "  3 later"]),
            section("Examples", &["  ims a: b", "  ims c:"]),
            section("", &["More: see there"]),
        ];
        assert_eq!(sections(text), expected);
    }

    #[test]
    fn the_lines_of_the_groups_fit_into_a_terminal() {
        let command = crate::Arguments::command();
        for subcommand in command.get_subcommands() {
            let about = subcommand.get_about().map(ToString::to_string).unwrap_or_default();
            let width = about.chars().count() + NAME_WIDTH + 2;
            assert!(width <= 100, "{}: {width}", subcommand.get_name());
            assert!(!about.is_empty(), "{}", subcommand.get_name());
        }
    }
}
