//! Closures that are bound to a name and used once: the reader meets the name before its use, and its use without its body.

use super::{
    finding::Finding,
    tokens::Token,
    tree::{File, Tree},
};

/// Every such closure in source files and examples, outside of tests.
pub(super) fn used_once(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| covers(file)) {
        for at in 0..file.tokens.len() {
            let tokens = &file.tokens[at..];
            if let Some(name) = named_closure(tokens)
                && uses(&tokens[3..], name) == 1
            {
                let message = format!(
                    "the closure `{name}` is used once: write it there, or make it a function"
                );
                findings.push(Finding::new(&file.path, tokens[0].line, message));
            }
        }
    }
    findings
}

fn covers(file: &File) -> bool {
    let is_shown = file.path.contains("/src/") || file.path.contains("/examples/");
    is_shown && !file.is_test()
}

/// The name in `let NAME = |…|` or `let NAME = move |…|` at the beginning of `tokens`.
fn named_closure(tokens: &[Token]) -> Option<&str> {
    let [first, name, equals, rest @ ..] = tokens else {
        return None;
    };
    if first.text != "let" || equals.text != "=" || first.in_test {
        return None;
    }
    let start = rest.iter().find(|token| !["async", "move"].contains(&token.text.as_str()))?;
    (start.text == "|").then_some(name.text.as_str())
}

/// How often `name` occurs up to the end of the block that it is in.
fn uses(tokens: &[Token], name: &str) -> usize {
    let (mut depth, mut count, mut before) = (0_usize, 0, "");
    for token in tokens {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" if depth == 0 => break,
            "}" => depth -= 1,
            // A member or a method of this name is something else.
            text if text == name && before != "." => count += 1,
            _ => {}
        }
        before = &token.text;
    }
    count
}
