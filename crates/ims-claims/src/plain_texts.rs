//! The payload of a token in the form that IMS gives it: one flat object, without white space or escapes. It is read here in
//! one pass; every other form is left to [`strict_texts`](crate::strict_texts::strict_texts).

use alloc::borrow::Cow;

use crate::strict_texts::Member;

/// What [`strict_texts`](crate::strict_texts::strict_texts) says about `json`, if that is a flat object with at most
/// [`MOST_OTHERS`] members besides those that `place_of` knows, each of them a text, a short whole number, `true`, `false`
/// or `null`.
///
/// `None` does not mean that `json` is invalid: it may have another valid form.
pub(crate) fn plain_texts<const N: usize>(
    json: &str,
    place_of: impl Fn(&str) -> Option<usize>,
) -> Option<[Member<'_>; N]> {
    if has_escape_or_control(json.as_bytes()) {
        return None;
    }
    let mut members = [const { Member::Absent }; N];
    let (mut others, mut others_len) = ([""; MOST_OTHERS], 0);
    let mut reader = Reader { json, place: 0 };
    reader.expect(b'{')?;
    loop {
        let name = reader.text()?;
        reader.expect(b':')?;
        let value = reader.value()?;
        if let Some(place) = place_of(name) {
            if members[place] != Member::Absent {
                return None;
            }
            members[place] = value;
        } else {
            if others[..others_len].contains(&name) {
                return None;
            }
            *others.get_mut(others_len)? = name;
            others_len += 1;
        }
        if reader.expect(b',').is_none() {
            reader.expect(b'}')?;
            return (reader.place == json.len()).then_some(members);
        }
    }
}

/// Reads `json` from `place` on. There is neither a backslash nor a control character in it.
struct Reader<'a> {
    json: &'a str,
    place: usize,
}

impl<'a> Reader<'a> {
    fn next(&self) -> Option<u8> {
        self.json.as_bytes().get(self.place).copied()
    }

    fn expect(&mut self, octet: u8) -> Option<()> {
        if self.next()? != octet {
            return None;
        }
        self.place += 1;
        Some(())
    }

    fn value(&mut self) -> Option<Member<'a>> {
        let length = match self.next()? {
            b'"' => return self.text().map(|text| Member::Text(Cow::Borrowed(text))),
            b'0' => 1,
            b'1'..=b'9' => digits(self.rest()?)?,
            _ => literal(self.rest()?)?,
        };
        self.place += length;
        Some(Member::Other)
    }

    fn text(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let start = self.place;
        let end = start + text_length(self.rest()?)?;
        self.place = end + 1;
        self.json.get(start..end)
    }

    fn rest(&self) -> Option<&'a [u8]> {
        self.json.as_bytes().get(self.place..)
    }
}

/// Whether there is an octet that no text can hold as it is, besides the quotation mark (RFC 8259 §7). All are checked, so
/// that the compiler can take many at a time.
fn has_escape_or_control(octets: &[u8]) -> bool {
    let mut found = 0_u8;
    for octet in octets {
        found |= u8::from(*octet < 0x20) | u8::from(*octet == b'\\');
    }
    found != 0
}

/// How many octets there are before the first quotation mark.
fn text_length(octets: &[u8]) -> Option<usize> {
    let (chunks, remainder) = octets.as_chunks::<8>();
    for (number, chunk) in chunks.iter().enumerate() {
        let octets = u64::from_le_bytes(*chunk) ^ (EACH * u64::from(b'"'));
        // The highest bit of each octet that is zero. A borrow can set that of a later octet too, but the first is right.
        let found = octets.wrapping_sub(EACH) & !octets & (EACH << 7);
        if found != 0 {
            return Some(number * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let place = remainder.iter().position(|octet| *octet == b'"')?;
    Some(chunks.len() * 8 + place)
}

fn literal(octets: &[u8]) -> Option<usize> {
    let literals: [&[u8]; 3] = [b"true", b"false", b"null"];
    literals.into_iter().find(|literal| octets.starts_with(literal)).map(<[u8]>::len)
}

/// How many digits there are in front, if they make a number that fits into 64 bits.
fn digits(octets: &[u8]) -> Option<usize> {
    let length = octets.iter().position(|octet| !octet.is_ascii_digit())?;
    (length < 19).then_some(length)
}

/// A one in each octet.
const EACH: u64 = 0x0101_0101_0101_0101;

/// How many other members are read. An access token has half a dozen.
const MOST_OTHERS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strict_texts::strict_texts;
    use alloc::{format, string::String, vec::Vec};
    use proptest::prelude::*;

    fn read(json: &str) -> Option<[Member<'_>; 2]> {
        plain_texts(json, place_of)
    }

    fn place_of(name: &str) -> Option<usize> {
        ["a", "wanted"].iter().position(|wanted| *wanted == name)
    }

    #[test]
    fn the_form_that_ims_gives_its_tokens_is_read() {
        let json = r#"{"id":"1_2_ue1","a":"x","n":0,"m":123456789012345678,"wanted":7,"é":"é","t":true,"f":false,"z":null}"#;
        let text = Member::Text(Cow::Borrowed("x"));
        assert_eq!(read(json), Some([text, Member::Other]));
    }

    #[test]
    fn every_other_form_is_left_to_the_reader_of_all() {
        for json in [
            "",
            "{",
            "{}",
            "[]",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{"a":1}}"#,
            r#"{"a":1} "#,
            r#"{ "a":1}"#,
            r#"{"a": 1}"#,
            r#"{"a":1;"b":2}"#,
            r#"{"a":01}"#,
            r#"{"a":-1}"#,
            r#"{"a":1.5}"#,
            r#"{"a":1e5}"#,
            r#"{"a":1234567890123456789}"#,
            r#"{"a":nul}"#,
            r#"{"a":nulll}"#,
            r#"{"a":[]}"#,
            r#"{"a":{}}"#,
            r#"{"a":"b"#,
            r#"{"a":"\n"}"#,
            "{\"a\":\"\n\"}",
            "{\"a\":\"0123456\u{1f}\"}",
            r#"{"a":"1","a":"2"}"#,
            r#"{"b":"1","b":"2"}"#,
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn too_many_members_are_left_to_the_reader_of_all() {
        let with_others = |count: usize| {
            let members: Vec<String> = (0..count).map(|number| format!("\"{number}\":0")).collect();
            format!("{{{},\"a\":\"x\"}}", members.join(","))
        };
        assert!(read(&with_others(MOST_OTHERS)).is_some());
        assert!(read(&with_others(MOST_OTHERS + 1)).is_none());
    }

    #[test]
    fn the_end_of_a_text_is_found_at_each_place() {
        for length in 1..20 {
            for place in 0..length {
                for octet in 0..=u8::MAX {
                    // Its neighbours differ from what is searched for by one bit.
                    let mut octets = alloc::vec![b'"' ^ 1; length];
                    octets[place] = octet;
                    let is_found = text_length(&octets) == Some(place);
                    assert_eq!(is_found, octet == b'"', "{octet} at {place} of {length}");
                    let is_special = octet < 0x20 || octet == b'\\';
                    assert_eq!(has_escape_or_control(&octets), is_special, "{octet}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_the_reader_of_all_reads(
            json in r#"\{"(a|b|wanted|é)":("[ -~é]{0,20}"|0|[0-9]{1,20}|true|null|-1|\[\])(,"(a|b|wanted|é|c\\n)":("[ -~\x00-\x1f]{0,20}"|[0-9]{1,3}|false)){0,3}\}?"#,
        ) {
            if let Some(members) = read(&json) {
                prop_assert_eq!(strict_texts(json.as_bytes(), "payload", place_of), Ok(members));
            }
        }

        #[test]
        fn an_object_of_plain_texts_is_read_here(
            texts in proptest::collection::btree_map("[a-z]{2,9}", "[A-Za-z0-9@._, é-]{0,40}", 1..12),
        ) {
            let json = serde_json::to_string(&texts)?;
            prop_assert!(read(&json).is_some(), "{}", json);
        }
    }
}
