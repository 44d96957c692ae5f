//! The next page of an answer: the relation `next` of its `Link` header field (RFC 8288).

use http::{HeaderMap, header::LINK};
use reqwest_middleware::reqwest::Url;

use crate::failure::Failure;

/// The pages that were asked for, so that none is asked for twice.
#[derive(Debug, Default)]
pub(super) struct Pages(Vec<Url>);

impl Pages {
    /// The page after that at `url`, which answered with `headers`. A page of another origin gets no token, and the answer
    /// would be incomplete without it, so that is an error.
    pub(super) fn next(&mut self, url: &Url, headers: &HeaderMap) -> Result<Option<Url>, Failure> {
        self.0.push(url.clone());
        let mut links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        let Some(reference) = links.find_map(next_reference) else { return Ok(None) };
        let next = url.join(reference).map_err(|error| {
            Failure::person("the next page has no address that can be read").because(error)
        })?;
        if next.origin() != url.origin() {
            let origin = next.origin().ascii_serialization();
            let message = format!("the next page is at {origin}, which gets no token");
            return Err(Failure::person(message).hint("what was printed is not all"));
        }
        if self.0.contains(&next) {
            return Err(Failure::person("the pages of the API lead back to an earlier one")
                .hint("what was printed may not be all"));
        }
        Ok(Some(next))
    }
}

/// The target of the first link of the relation `next` in `value`.
fn next_reference(value: &str) -> Option<&str> {
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('<') {
        let (reference, parameters) = after.split_once('>')?;
        let (own, after) = split_unquoted(parameters, ',');
        let mut others = own;
        while !others.is_empty() {
            let (parameter, after) = split_unquoted(others, ';');
            if is_next(parameter) {
                return Some(reference.trim());
            }
            others = after;
        }
        rest = after;
    }
    None
}

/// What comes before and after the first `separator` that is in no quotation marks.
fn split_unquoted(text: &str, separator: char) -> (&str, &str) {
    let mut in_quotes = false;
    for (index, c) in text.char_indices() {
        if c == '"' {
            in_quotes = !in_quotes;
        } else if c == separator && !in_quotes {
            return (&text[..index], &text[index + c.len_utf8()..]);
        }
    }
    (text, "")
}

/// Whether a parameter is `rel` with `next` among its relation types, which are compared without regard to case.
fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let mut types = value.trim().trim_matches('"').split_ascii_whitespace();
    name.trim().eq_ignore_ascii_case("rel") && types.any(|it| it.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_relation_next_is_found_in_whatever_form_it_is_written() {
        #[rustfmt::skip]
        let table = [
            (r#"</items?page=2>; rel="next""#,                                      Some("/items?page=2")),
            (r#"<https://a/1>; rel="prev", <https://a/3>; rel="next""#,             Some("https://a/3")),
            ("<https://a/2>;rel=next",                                              Some("https://a/2")),
            (r#"<a?x=1,2>; title="a, b; rel=next"; rel="last", <b>; rel="Next x""#, Some("b")),
            (r#"<a>; rel="nextish""#,                                               None),
            (r#"<a>; rev="next""#,                                                  None),
            ("rel=next",                                                            None),
            ("<a",                                                                  None),
            ("",                                                                    None),
        ];
        for (value, expected) in table {
            assert_eq!(next_reference(value), expected, "{value}");
        }
    }

    #[test]
    fn no_page_of_another_origin_is_asked_for_and_none_twice() {
        let first: Url = "https://api.example/items".parse().unwrap();
        let link = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(LINK, value.parse().unwrap());
            headers
        };
        for value in [
            "<https://evil.example/items>; rel=next",
            "<//evil.example/items>; rel=next",
            "<http://api.example/items>; rel=next",
            "<https://api.example:444/items>; rel=next",
        ] {
            assert!(Pages::default().next(&first, &link(value)).is_err(), "{value}");
        }
        let mut pages = Pages::default();
        let second = pages.next(&first, &link("<?page=2>; rel=next")).unwrap().unwrap();
        assert_eq!(second.as_str(), "https://api.example/items?page=2");
        assert!(pages.next(&second, &link("</items>; rel=next")).is_err());
        assert_eq!(Pages::default().next(&first, &HeaderMap::new()).unwrap(), None);
    }
}
