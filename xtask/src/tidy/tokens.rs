//! Rust source as a list of tokens, so that a rule finds code, and not a comment or a string that mentions it.

use proc_macro2::{Delimiter, Group, LexError, Spacing, TokenStream, TokenTree};

/// A word, a literal, or one character of punctuation.
pub(super) struct Token {
    pub(super) text: String,
    /// Counted from 1.
    pub(super) line: usize,
    /// Whether it belongs to an item under `#[cfg(test)]`, or to a file that is a test.
    pub(super) in_test: bool,
}

/// The tokens of `source`. A doc comment becomes an attribute with a literal; other comments are dropped.
pub(super) fn read(source: &str, is_test: bool) -> Result<Vec<Token>, LexError> {
    let mut tokens = Vec::new();
    flatten(source.parse()?, is_test, &mut tokens);
    Ok(tokens)
}

fn flatten(stream: TokenStream, in_test: bool, tokens: &mut Vec<Token>) {
    // From `#[cfg(test)]` to the end of the item after it.
    let mut in_test_item = false;
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        if is(&tree, '#') && trees.peek().is_some_and(is_cfg_test) {
            in_test_item = true;
        }
        let ends_item = is(&tree, ';') || is_block(&tree);
        push(tree, in_test || in_test_item, tokens);
        in_test_item &= !ends_item;
    }
}

fn push(tree: TokenTree, in_test: bool, tokens: &mut Vec<Token>) {
    let line = tree.span().start().line;
    match tree {
        TokenTree::Group(group) => push_group(&group, in_test, tokens),
        other => tokens.push(Token { text: other.to_string(), line, in_test }),
    }
}

fn push_group(group: &Group, in_test: bool, tokens: &mut Vec<Token>) {
    let (open, close) = match group.delimiter() {
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::None => ("", ""),
    };
    let token = |text: &str, line| Token { text: text.to_owned(), line, in_test };
    tokens.push(token(open, group.span_open().start().line));
    flatten(group.stream(), in_test, tokens);
    tokens.push(token(close, group.span_close().start().line));
}

fn is(tree: &TokenTree, character: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == character && punct.spacing() == Spacing::Alone)
}

fn is_block(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

fn is_cfg_test(tree: &TokenTree) -> bool {
    let TokenTree::Group(group) = tree else { return false };
    let text = group.stream().to_string();
    text.split_whitespace().collect::<String>() == "cfg(test)"
}
