//! JSON for people: the same text over several lines. Numbers and the order of members stay as they came.

/// `json`, which has to be JSON, with a line for each member and element, and two spaces for each level.
pub(crate) fn indented(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let (mut level, mut in_string, mut is_escaped) = (0_usize, false, false);
    let mut characters = json.chars().filter(|c| !c.is_ascii_control()).peekable();
    while let Some(c) = characters.next() {
        if in_string {
            text.push(c);
            in_string = is_escaped || c != '"';
            is_escaped = !is_escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                text.push(c);
            }
            '{' | '[' => {
                text.push(c);
                while characters.next_if(|c| *c == ' ').is_some() {}
                // Empty arrays and objects stay in one line.
                if let Some(end) = characters.next_if(|c| matches!(c, '}' | ']')) {
                    text.push(end);
                } else {
                    level += 1;
                    break_line(&mut text, level);
                }
            }
            '}' | ']' => {
                level = level.saturating_sub(1);
                break_line(&mut text, level);
                text.push(c);
            }
            ',' => {
                text.push(c);
                break_line(&mut text, level);
            }
            ':' => text.push_str(": "),
            ' ' => {}
            c => text.push(c),
        }
    }
    text
}

fn break_line(text: &mut String, level: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", level));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_member_gets_its_line_and_nothing_else_changes() {
        let json = r#"{"z":1.0,"a":[1, {"b":"x, {\"y\": [1]}\\"}],"n":12345678901234567890,"e":[ ],"o":{}}"#;
        let expected = r#"{
  "z": 1.0,
  "a": [
    1,
    {
      "b": "x, {\"y\": [1]}\\"
    }
  ],
  "n": 12345678901234567890,
  "e": [],
  "o": {}
}"#;
        assert_eq!(indented(json), expected);
        assert_eq!(indented(expected), expected);
        for json in ["1", "\"a b\"", "null", "[]"] {
            assert_eq!(indented(json), json);
        }
    }
}
