//! Object identifiers as people write them: numbers with dots between them.
//!
//! x509-parser keeps their octets unchecked, and its own printing takes the first octet for two numbers whatever it holds,
//! which is wrong from 2.40 on.

use std::fmt::Write;

/// The numbers of an object identifier with dots between them (X.690 §8.19), `None` if `octets` are not one.
///
/// A number of more than 128 bits, which is longer than any UUID, is written in hexadecimal.
pub(crate) fn dotted(octets: &[u8]) -> Option<String> {
    let mut text = String::new();
    for number in octets.split_inclusive(|octet| octet & 0x80 == 0) {
        // A number has no zeros in front, and its last octet alone begins with a zero bit.
        let (first, last) = (*number.first()?, *number.last()?);
        if first == 0x80 || last & 0x80 != 0 {
            return None;
        }
        if text.is_empty() {
            write_first_two(&mut text, number);
        } else {
            text.push('.');
            write_number(&mut text, number, 0);
        }
    }
    (!text.is_empty()).then_some(text)
}

/// The first number is 0, 1 or 2; it and the second are encoded as one: forty times the first, plus the second.
fn write_first_two(text: &mut String, number: &[u8]) {
    let first = match number {
        [octet @ 0..80] => octet / 40,
        _ => 2,
    };
    text.push(char::from(b'0' + first));
    text.push('.');
    write_number(text, number, u128::from(first) * 40);
}

/// Appends what the low seven bits of the octets make, less `offset`.
fn write_number(text: &mut String, octets: &[u8], offset: u128) {
    let value = octets.iter().try_fold(0_u128, |value, octet| {
        let shifted = value.checked_mul(128)?;
        Some(shifted | u128::from(octet & 0x7f))
    });
    let written = match value {
        Some(value) => write!(text, "{}", value - offset),
        None => octets.iter().try_fold((), |(), octet| write!(text, "{:02X}", octet & 0x7f)),
    };
    written.expect("a String takes all that is written");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_of_any_size_are_read_and_what_is_not_der_is_not() {
        #[rustfmt::skip]
        let table: [(&[u8], Option<&str>); 14] = [
            (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1], Some("1.2.840.113549.1.1.1")),
            (&[0],                  Some("0.0")),
            (&[39],                 Some("0.39")),
            (&[40],                 Some("1.0")),
            (&[79],                 Some("1.39")),
            (&[80],                 Some("2.0")),
            (&[120],                Some("2.40")),
            (&[0x88, 0x37, 1],      Some("2.999.1")),
            (&[0x69, 0x83, 0xf0, 0x9d, 0xa7, 0xeb, 0xcf, 0xde, 0xe0, 0xc7, 0xa1, 0xa7, 0xb2, 0xc0, 0x94, 0x8c, 0xc8, 0xf9, 0xd7, 0x76],
                Some("2.25.329800735698586629295641978511506172918")),
            (&[],                   None),
            (&[0x80, 1],            None),
            (&[0x2a, 0x80, 1],      None),
            (&[0x2a, 0x86],         None),
            (&[0x86],               None),
        ];
        for (octets, expected) in table {
            assert_eq!(dotted(octets).as_deref(), expected, "{octets:02x?}");
        }
        let long = dotted(&[[0x2a].as_slice(), &[0xff; 30], &[0x7f]].concat()).unwrap();
        assert_eq!(long, format!("1.2.{}", "7F".repeat(31)));
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = dotted(&octets);
        }
    }
}
