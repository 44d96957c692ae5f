//! The commands of a shell block, and what each of them prints.

/// A command of a `console` block, and what the page shows below it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// The number of the command's line, counted from 1.
    pub(super) line: usize,
    pub(super) command: String,
    pub(super) output: String,
}

/// The commands of a `console` block whose first line is `line`. A command starts with `$ `; lines that end with `\` or
/// start with `> ` continue it.
pub(super) fn commands(text: &str, line: usize) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    let mut is_continued = false;
    for (index, text) in text.lines().enumerate() {
        if let Some(command) = text.strip_prefix("$ ") {
            let (command, output) = (format!("{command}\n"), String::new());
            commands.push(Shown { line: line + index, command, output });
            is_continued = text.ends_with('\\');
            continue;
        }
        let Some(last) = commands.last_mut() else {
            continue;
        };
        let continuation = text.strip_prefix("> ").filter(|_| last.output.is_empty());
        if is_continued || continuation.is_some() {
            last.command.push_str(continuation.unwrap_or(text));
            last.command.push('\n');
            is_continued = text.ends_with('\\');
            continue;
        }
        last.output.push_str(text);
        last.output.push('\n');
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_block_has_commands_with_their_output() {
        let text = "$ ims token \\\n    -c a.json\neyJ…\n$ cat > b <<END\n> x\n> END\n$ false\n$ echo $?\n1\n\n";
        let shown: Vec<_> =
            commands(text, 10).into_iter().map(|it| (it.line, it.command, it.output)).collect();
        let expected = [
            (10, "ims token \\\n    -c a.json\n", "eyJ…\n"),
            (13, "cat > b <<END\nx\nEND\n", ""),
            (16, "false\n", ""),
            (17, "echo $?\n", "1\n\n"),
        ];
        let expected: Vec<_> =
            expected.map(|(line, a, b)| (line, a.to_owned(), b.to_owned())).into();
        assert_eq!(shown, expected);
    }
}
