//! The texts of a JSON object's members, borrowed from the document where they have no escapes. The document is checked as
//! [`strict_object`](crate::strict_object) checks it, and nothing else of it is kept.

use alloc::{borrow::Cow, vec::Vec};
use core::{cell::Cell, fmt};

use serde_core::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::{error::JwtError, strict_json::MAX_DEPTH};

/// What a member holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Member<'a> {
    Absent,
    Text(Cow<'a, str>),
    /// Something else than a text.
    Other,
}

impl<'a> Member<'a> {
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent | Self::Other => None,
        }
    }
}

/// The wanted members of the object that `json` is: one object in UTF-8, no member named twice, at most 16 levels. `place_of`
/// says for a name at which place it is wanted, if at all: one place for each name.
pub(crate) fn strict_texts<'a, const N: usize>(
    json: &'a [u8],
    part: &'static str,
    place_of: impl Fn(&str) -> Option<usize>,
) -> Result<[Member<'a>; N], JwtError> {
    let json = core::str::from_utf8(json).map_err(|_| JwtError::NotAnObject { part })?;
    let fault = Cell::new(JwtError::NotAnObject { part });
    let check = Check { levels_left: MAX_DEPTH, part, fault: &fault };
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let members =
        deserializer.deserialize_map(Object { check, place_of }).map_err(|_| fault.get())?;
    deserializer.end().map_err(|_| JwtError::NotAnObject { part })?;
    Ok(members)
}

/// The outermost object.
struct Object<'f, const N: usize, F> {
    check: Check<'f>,
    place_of: F,
}

impl<'de, const N: usize, F: Fn(&str) -> Option<usize>> Visitor<'de> for Object<'_, N, F> {
    type Value = [Member<'de>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let inner = self.check.inner()?;
        let mut members = [const { Member::Absent }; N];
        let mut is_repeated = false;
        // Names of other members, to find repeated ones. A repeated wanted member is found at its place in `members`.
        let mut others = Vec::with_capacity(USUAL_MEMBERS);
        while let Some(name) = object.next_key_seed(Name)? {
            let Some(place) = (self.place_of)(&name) else {
                object.next_value_seed(inner)?;
                others.push(name);
                continue;
            };
            let member = object.next_value_seed(Keep(inner))?;
            is_repeated |= !matches!(members[place], Member::Absent);
            members[place] = member;
        }
        if is_repeated || has_repetition(others) {
            return Err(self.check.repeated());
        }
        Ok(members)
    }
}

/// The name of a member.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.into()))
    }
}

/// Checks a value, and keeps it if it is a text.
struct Keep<'f>(Check<'f>);

impl<'de> DeserializeSeed<'de> for Keep<'_> {
    type Value = Member<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keep<'_> {
    type Value = Member<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Owned(text.into())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        self.0.visit_seq(elements).map(|()| Member::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        self.0.visit_map(members).map(|()| Member::Other)
    }
}

/// Checks a value and keeps nothing. serde's errors are texts only, so the reason of a refusal is left in `fault`.
#[derive(Clone, Copy)]
struct Check<'f> {
    levels_left: u8,
    part: &'static str,
    fault: &'f Cell<JwtError>,
}

impl Check<'_> {
    fn inner<E: de::Error>(self) -> Result<Self, E> {
        let Some(levels_left) = self.levels_left.checked_sub(1) else {
            self.fault.set(JwtError::TooDeep { part: self.part });
            return Err(E::custom("nested too deeply"));
        };
        Ok(Self { levels_left, ..self })
    }

    fn repeated<E: de::Error>(self) -> E {
        self.fault.set(JwtError::DuplicateMember { part: self.part });
        E::custom("a member is named twice")
    }
}

impl<'de> DeserializeSeed<'de> for Check<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Check<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while elements.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        let mut seen = Vec::new();
        while let Some(name) = object.next_key_seed(Name)? {
            object.next_value_seed(inner)?;
            seen.push(name);
        }
        if has_repetition(seen) { Err(self.repeated()) } else { Ok(()) }
    }
}

/// Whether one of the names is there twice.
fn has_repetition(mut names: Vec<Cow<'_, str>>) -> bool {
    if names.len() <= USUAL_MEMBERS {
        return (1..names.len()).any(|place| names[..place].contains(&names[place]));
    }
    // An attacker can send thousands, and comparing each with each would take seconds.
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

/// An access token has a dozen members.
const USUAL_MEMBERS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strict_json::strict_object;
    use alloc::{format, string::String};
    use proptest::prelude::*;

    fn one_of<const N: usize>(names: [&str; N]) -> impl Fn(&str) -> Option<usize> {
        move |name| names.iter().position(|wanted| *wanted == name)
    }

    #[test]
    fn texts_are_borrowed_unless_they_have_escapes() {
        let json = br#"{"a":"plain","b":"esc\u0061ped","c":1,"d":{"a":"inner"},"\u0065":"name"}"#;
        let [plain, escaped, number, named, absent] =
            strict_texts(json, "payload", one_of(["a", "b", "c", "e", "f"])).unwrap();
        assert!(matches!(&plain, Member::Text(Cow::Borrowed("plain"))));
        assert!(matches!(&escaped, Member::Text(Cow::Owned(text)) if text == "escaped"));
        assert_eq!((number, absent), (Member::Other, Member::Absent));
        assert_eq!(named.text().as_deref(), Some("name"));
    }

    #[test]
    fn a_name_among_thousands_is_found_twice() {
        let members: Vec<String> = (0..5_000).map(|number| format!("\"{number}\":0")).collect();
        let members = members.join(",");
        let twice = format!("{{{members},\"17\":0}}");
        let once = format!("{{{members},\"x\":0}}");
        let read = |json: &str| strict_texts(json.as_bytes(), "payload", |_| None).map(|[]| ());
        assert_eq!(read(&twice), Err(JwtError::DuplicateMember { part: "payload" }));
        assert_eq!(read(&once), Ok(()));
    }

    fn same_as_strict_object(json: &[u8]) {
        let [a, b] = match strict_texts(json, "payload", one_of(["a", "b"])) {
            Ok(texts) => texts.map(Member::text),
            Err(_) => return assert!(strict_object(json, "payload").is_err(), "{json:?}"),
        };
        let object = strict_object(json, "payload").unwrap();
        let text = |name: &str| object.get(name).and_then(|value| value.as_str());
        assert_eq!((a.as_deref(), b.as_deref()), (text("a"), text("b")));
    }

    #[test]
    fn what_strict_object_refuses_is_refused() {
        for json in [
            "",
            "[]",
            "null",
            "{",
            "{}{}",
            "{} x",
            "{\"a\":NaN}",
            "{'a':1}",
            r#"{"a":[{"b":1,"b":2}]}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":"x","a":"y"}"#,
            "{\"a\":1e999}",
            "{1:2}",
            "\u{feff}{}",
        ] {
            let read = strict_texts::<1>(json.as_bytes(), "payload", one_of(["a"]));
            assert!(read.is_err(), "{json}");
            same_as_strict_object(json.as_bytes());
        }
        for levels in [15, 16, 17, 18] {
            let json = format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
            let json_outside = json.replace("\"a\"", "\"z\"");
            same_as_strict_object(json.as_bytes());
            same_as_strict_object(json_outside.as_bytes());
            let read = strict_texts::<1>(json.as_bytes(), "payload", one_of(["a"]));
            assert_eq!(read.is_ok(), levels <= 16);
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_strict_object_reads(
            json in r#"\{"[ab]":("x"|"\\u0062"|1|\[1,\{\}\]|\{"a":1,"[ab]":null\})(,"[a-c]":("y"|true|-1.5|\{\}))?\}?"#,
        ) {
            same_as_strict_object(json.as_bytes());
        }
    }
}
