//! Hosts of base URLs: which texts name one, in their one form, and which of them are this machine itself.
//!
//! The rules are those of RFC 3986 §3.2.2, and those of the URL Standard (§3.5, host parsing) where that would
//! read a text as another host than it seems to be: the HTTP library reads URLs by the URL Standard.

use alloc::{format, string::String, vec::Vec};
use core::net::{Ipv4Addr, Ipv6Addr};

/// A host name or address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    /// In lower case, an IPv6 address in brackets and in the form of RFC 5952.
    pub(crate) text: String,
    /// Whether it is this machine itself: `127.0.0.0/8`, `[::1]` or `localhost`.
    pub(crate) is_loopback: bool,
}

impl Host {
    /// Reads a host, or says why `text` is not one.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        if let Some(address) = text.strip_prefix('[') {
            return Self::read_ipv6(address);
        }
        let text = text.to_ascii_lowercase();
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self { text, is_loopback: address.is_loopback() });
        }
        expect_host_name(&text)?;
        let is_loopback = text == "localhost";
        Ok(Self { text, is_loopback })
    }

    /// Reads what follows the opening bracket.
    fn read_ipv6(text: &str) -> Result<Self, &'static str> {
        let address = text.strip_suffix(']').and_then(|address| address.parse::<Ipv6Addr>().ok());
        let address = address.ok_or("its host begins with a bracket and is not an IPv6 address")?;
        // A mapped IPv4 address (`::ffff:127.0.0.1`) is reached where the IPv4 address is.
        let is_loopback = address.to_canonical().is_loopback();
        Ok(Self { text: format!("[{address}]"), is_loopback })
    }
}

/// Accepts a host name in lower case (RFC 1123 §2.1, with the underscore that resolvers accept).
fn expect_host_name(host: &str) -> Result<(), &'static str> {
    if host.is_empty() {
        return Err("its host is missing");
    }
    if !host.is_ascii() {
        return Err("its host is not ASCII: an international domain name is written with \"xn--\"");
    }
    if ends_in_a_number(host) {
        return Err("its host ends in a number, which some programs read as an IPv4 address");
    }
    if host.len() > 253 || !host.split('.').all(is_label) {
        return Err("its host is neither a host name nor an IP address");
    }
    if host.split('.').any(is_false_punycode) {
        return Err("its host has a label that begins with \"xn--\" and is not Punycode");
    }
    Ok(())
}

/// The URL Standard's "ends in a number": such a host is read as an IPv4 address or refused, in whatever form
/// the number is, so that `0x7f000001`, `127.1` and `2130706433` are all 127.0.0.1.
fn ends_in_a_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    let is_decimal = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
    let is_hexadecimal =
        last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    is_decimal || is_hexadecimal
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether `label` says that it is an internationalized label (RFC 5890 §2.3.1) and cannot be one.
fn is_false_punycode(label: &str) -> bool {
    let Some(encoded) = label.strip_prefix("xn--") else { return false };
    let Some(decoded) = decode_punycode(encoded) else { return true };
    // A label of ASCII alone has no "xn--". Capital letters are not allowed in one that has it (RFC 5891 §4.2).
    if decoded.is_ascii() || decoded.chars().any(char::is_uppercase) {
        return true;
    }
    // Neither are control characters, formatting characters, unassigned code points and a combining mark at the
    // beginning (RFC 5891 §4.2.3.2, RFC 5892 §2.6). They are what `escape_debug` escapes.
    !decoded.escape_debug().eq(decoded.chars())
}

/// Decodes what follows `xn--` (RFC 3492 §6.2), `None` if it is not Punycode.
fn decode_punycode(encoded: &str) -> Option<String> {
    let (basic, digits) = match encoded.rfind('-') {
        Some(position) if position > 0 => (&encoded[..position], &encoded[position + 1..]),
        _ => ("", encoded),
    };
    let mut decoded: Vec<char> = basic.chars().collect();
    let mut code_point = INITIAL_N;
    let mut position = 0_u32;
    let mut bias = INITIAL_BIAS;
    let mut digits = digits.bytes().peekable();
    while digits.peek().is_some() {
        let delta = read_delta(&mut digits, bias)?;
        let length = u32::try_from(decoded.len() + 1).ok()?;
        // Only before the first insertion is the position zero.
        bias = adapt(delta, length, position == 0);
        position = position.checked_add(delta)?;
        code_point = code_point.checked_add(position / length)?;
        position %= length;
        decoded.insert(usize::try_from(position).ok()?, char::from_u32(code_point)?);
        position += 1;
    }
    Some(decoded.into_iter().collect())
}

/// Reads one generalized variable-length integer (RFC 3492 §3.3).
fn read_delta(digits: &mut impl Iterator<Item = u8>, bias: u32) -> Option<u32> {
    let mut delta = 0_u32;
    let mut weight = 1_u32;
    let mut k = BASE;
    loop {
        let digit = match digits.next()? {
            letter @ b'a'..=b'z' => u32::from(letter - b'a'),
            number @ b'0'..=b'9' => u32::from(number - b'0') + 26,
            _ => return None,
        };
        delta = delta.checked_add(digit.checked_mul(weight)?)?;
        let threshold = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
        if digit < threshold {
            return Some(delta);
        }
        weight = weight.checked_mul(BASE - threshold)?;
        k += BASE;
    }
}

/// Bias adaptation (RFC 3492 §6.1).
fn adapt(delta: u32, length: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / DAMP } else { delta / 2 };
    delta += delta / length;
    let mut k = 0;
    while delta > (BASE - T_MIN) * T_MAX / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}

// The parameters of Punycode (RFC 3492 §5).
const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_N: u32 = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    #[test]
    fn only_names_of_this_machine_are_local() {
        #[rustfmt::skip]
        let table = [
            ("localhost",             true),
            ("LocalHost",             true),
            ("127.0.0.1",             true),
            ("127.255.255.254",       true),
            ("[::1]",                 true),
            ("[0:0:0:0:0:0:0:1]",     true),
            ("[::ffff:127.0.0.1]",    true),
            ("126.255.255.255",       false),
            ("128.0.0.1",             false),
            ("0.0.0.0",               false),
            ("[::]",                  false),
            ("[::2]",                 false),
            ("[::ffff:10.0.0.1]",     false),
            ("localhost.example",     false),
            ("localhosts",            false),
            ("127.0.0.1.example",     false),
            ("ims-na1.adobelogin.com", false),
        ];
        for (text, is_loopback) in table {
            assert_eq!(Host::read(text).map(|host| host.is_loopback), Ok(is_loopback), "{text}");
        }
    }

    #[test]
    fn an_address_of_ipv6_has_one_form() {
        for text in ["[2001:db8::1]", "[2001:DB8:0:0::1]", "[2001:0db8:0000:0:0:0:0:0001]"] {
            assert_eq!(Host::read(text).unwrap().text, "[2001:db8::1]");
        }
    }

    #[test]
    fn a_text_that_is_not_a_host_is_refused_with_the_reason() {
        let number = "its host ends in a number, which some programs read as an IPv4 address";
        let neither = "its host is neither a host name nor an IP address";
        let bracket = "its host begins with a bracket and is not an IPv6 address";
        let punycode = "its host has a label that begins with \"xn--\" and is not Punycode";
        let long_label = "a".repeat(64);
        let long_host = ["a".repeat(63).as_str(); 4].join(".");
        #[rustfmt::skip]
        let table = [
            ("",                    "its host is missing"),
            ("127.1",               number),
            ("2130706433",          number),
            ("0x7f000001",          number),
            ("0X7F000001",          number),
            ("0x7f.1",              number),
            ("127.0.0.0x1",         number),
            ("127.0.0.0x",          number),
            ("0177.0.0.1",          number),
            ("127.0.0.1.1",         number),
            ("256.0.0.1",           number),
            ("example.1",           number),
            ("-a.example",          neither),
            ("a-.example",          neither),
            ("a..b",                neither),
            ("127.0.0.1.",          neither),
            ("a b",                 neither),
            ("a\\b",                neither),
            ("%31%32%37.0.0.1",     number),
            (&long_label,           neither),
            (&long_host,            neither),
            ("[127.0.0.1]",         bracket),
            ("[::1",                bracket),
            ("[::1%eth0]",          bracket),
            ("[]",                  bracket),
            ("b\u{fc}cher.example",  "its host is not ASCII: an international domain name is written with \"xn--\""),
            ("xn--bcher-ample",     punycode),
            ("xn--.example",        neither),
            ("a.xn--a.example",     punycode),
            ("xn--abc-.example",    neither),
            ("xn--a-999999999",     punycode),
        ];
        for (text, reason) in table {
            assert_eq!(Host::read(text), Err(reason), "{text:?}");
        }
    }

    #[test]
    fn punycode_is_read_as_in_rfc_3492() {
        // The examples of RFC 3492 §7.1 whose letters are all small, and two common names.
        #[rustfmt::skip]
        let table = [
            ("egbpdaj6bu4bxfgehfvwxn",   "ليهمابتكلموشعربي؟"),
            ("ihqwcrb4cv8a8dqg056pqjye", "他们为什么不说中文"),
            ("ihqwctvzc91f659drss3x8bo0yb", "他們爲什麽不說中文"),
            ("4dbcagdahymbxekheh6e0a7fei0b", "למההםפשוטלאמדבריםעברית"),
            ("n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa", "なぜみんな日本語を話してくれないのか"),
            ("d9juau41awczczp",          "そのスピードで"),
            ("bcher-kva",                "bücher"),
            ("mnchen-3ya",               "münchen"),
            // The first code point that is not ASCII, twice: only the first delta is damped as the first one (§6.1).
            ("x-ab",                     "\u{80}x\u{80}"),
        ];
        for (encoded, decoded) in table {
            assert_eq!(decode_punycode(encoded).as_deref(), Some(decoded), "{encoded}");
        }
    }

    #[test]
    fn what_is_not_a_punycode_decodes_to_nothing() {
        // A hyphen at the beginning ends no basic code points (RFC 3492 §3.1), and is not a digit.
        for encoded in ["-", "-kva", "bcher-k\u{e4}", "bcher-KVA", "a-9999999999"] {
            assert_eq!(decode_punycode(encoded), None, "{encoded}");
        }
    }

    #[test]
    fn the_bias_is_adapted_as_in_rfc_3492() {
        #[rustfmt::skip]
        let table = [
            // delta   length     first  bias
            (0,        1,         true,  0),
            (700,      1,         true,  1),
            // The loop ends at 455, (BASE - T_MIN) * T_MAX / 2.
            (908,      454,       false, 33),
            (920,      1_000_000, false, 45),
        ];
        for (delta, length, is_first, bias) in table {
            assert_eq!(adapt(delta, length, is_first), bias, "{delta} {length} {is_first}");
        }
    }

    #[test]
    fn a_label_with_xn_is_false_unless_it_needs_its_punycode() {
        #[rustfmt::skip]
        let table = [
            ("bcher",          false),
            ("xn--bcher-kva",  false),
            // It decodes to ASCII alone, to a capital letter, and to a control character.
            ("xn--abc-",       true),
            ("xn--bcher-2pa",  true),
            ("xn--x-ab",       true),
        ];
        for (label, is_false) in table {
            assert_eq!(is_false_punycode(label), is_false, "{label}");
        }
    }

    #[test]
    fn a_host_has_at_most_253_characters() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert_eq!(longest.len(), 253);
        assert!(Host::read(&longest).is_ok());
        assert!(Host::read(&format!("{longest}a")).is_err());
    }

    #[test]
    fn a_name_in_another_script_is_a_host() {
        for text in ["xn--bcher-kva.example", "ims.xn--d9juau41awczczp", "XN--MNCHEN-3YA.example"] {
            assert_eq!(Host::read(text).unwrap().text, text.to_ascii_lowercase());
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,30}", label in "xn--[a-z0-9-]{0,59}") {
            let _ = Host::read(&text);
            let _ = Host::read(&label);
        }
    }
}
