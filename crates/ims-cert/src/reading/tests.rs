//! What x509-parser accepts and this crate refuses, and object identifiers that other readers get wrong.

use std::process::Command;

use ims_testkit::{certificates, keys};
use proptest::prelude::*;
use x509_parser::time::ASN1Time;

use super::*;
use crate::certificate::Certificate;

/// The first certificate with one change: each octet string `from` is `to` at its place among all, counted from zero.
fn changed(from: &[u8], to: &[u8], place: usize) -> Vec<u8> {
    let mut der = certificates::FIRST_DER.to_vec();
    let mut places = der.windows(from.len()).enumerate().filter(|(_, window)| *window == from);
    let (start, _) = places.nth(place).unwrap();
    der[start..start + from.len()].copy_from_slice(to);
    der
}

proptest! {
    /// Tags and lengths of every form, and as many octets after them as they say or not.
    #[test]
    fn an_element_ends_where_x509_parser_says(
        tag in prop_oneof![Just(vec![0x30]), Just(vec![0]), Just(vec![0x1f, 0x81, 1]), any::<[u8; 1]>().prop_map(|it| it.to_vec())],
        length in prop_oneof![
            any::<[u8; 1]>().prop_map(|it| it.to_vec()),
            any::<u8>().prop_map(|it| vec![0x81, it]),
            (0_u8..3, any::<u8>()).prop_map(|(high, low)| vec![0x82, high, low]),
            any::<[u8; 3]>().prop_map(|it| it.to_vec()),
            (0_u8..2, any::<[u8; 2]>()).prop_map(|(high, low)| vec![0x83, high, low[0], low[1]]),
        ],
        count in prop_oneof![0_usize..4, 100_usize..300, 500_usize..800],
    ) {
        let der = [tag, length, vec![5; count]].concat();
        let expected = Any::from_der(&der).ok().map(|(after, element)| {
            let length = der.len() - after.len();
            (length - element.data.len(), length)
        });
        prop_assert_eq!(first_element(&der), expected);
    }
}

#[test]
fn an_element_that_is_read_quickly_ends_where_its_octets_do() {
    type Element = Option<(usize, usize)>;
    #[rustfmt::skip]
    let table: [(&[u8], usize, Element); 7] = [
        (&[0x30, 1],             0,   None),
        (&[0x30, 1],             1,   Some((2, 3))),
        (&[0x30, 0x81, 0x80],    127, None),
        (&[0x30, 0x81, 0x80],    128, Some((3, 131))),
        // A tag of two octets has its length in the third.
        (&[0x1f, 0x1f, 1],       60,  Some((3, 4))),
        (&[0x3f, 0x1f, 1],       60,  Some((3, 4))),
        (&[0xbf, 0x1f, 1],       60,  Some((3, 4))),
    ];
    for (header, count, expected) in table {
        let der = [header, &vec![5; count]].concat();
        assert_eq!(first_element(&der), expected, "{header:02x?} {count}");
    }
}

#[test]
fn what_would_be_read_in_two_ways_is_refused_with_the_reason() {
    let sha_256_with_rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b];
    let sha_384_with_rsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0c];
    let rsa_encryption = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    let no_identifier = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x81];
    let subject_key_identifier = [0x55, 0x1d, 14];
    let authority_key_identifier = [0x55, 0x1d, 35];
    let key_usage = [0x55, 0x1d, 15];
    #[rustfmt::skip]
    let table = [
        (changed(&sha_256_with_rsa, &sha_384_with_rsa, 0),          "it names two different signature algorithms"),
        (changed(&sha_256_with_rsa, &sha_384_with_rsa, 1),          "it names two different signature algorithms"),
        (changed(&rsa_encryption, &no_identifier, 0),               "its key cannot be read"),
        (changed(&authority_key_identifier, &subject_key_identifier, 0), "an extension is there twice"),
        (changed(&authority_key_identifier, &key_usage, 0),         "an extension cannot be read"),
        (changed(&authority_key_identifier, &[0x55, 0x1d, 0x80], 0), "an extension has no identifier"),
        // The modulus becomes negative.
        (changed(&[0x02, 0x82, 1, 1, 0], &[0x02, 0x82, 1, 1, 0xff], 0), "its key cannot be read"),
        // The exponent of the key follows the bits of the key.
        (changed(&[0x03, 0x82, 1, 0x0f, 0], &[0x03, 0x82, 1, 0x0a, 0], 0), STRUCTURE),
        // The last member of the key's algorithm, NULL, becomes two members.
        (changed(&[0x55, 4, 3, 0x0c, 5], &[0x55, 4, 3, 0x0c, 3], 0), "a name in it cannot be read"),
    ];
    for (der, reason) in table {
        assert_eq!(Certificate::read_first(&der).err(), Some(reason));
    }
}

#[test]
fn a_certificate_of_more_than_256_kib_is_refused() {
    for (last, reason) in [(0xfb, STRUCTURE), (0xfc, "it is longer than 256 KiB")] {
        let header = [0x30, 0x83, 3, 0xff, last];
        let der = [header.as_slice(), vec![0; 0x03_ff_00 + usize::from(last)].as_slice()].concat();
        assert_eq!(Certificate::read_first(&der).err(), Some(reason));
    }
}

/// The seconds of a date, if it has the one form that is accepted.
fn seconds(tag: u8, text: &str) -> Option<i64> {
    let der = [&[tag, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let (_, time) = ASN1Time::from_der(&der).ok()?;
    is_date(&der).then_some(time.timestamp())
}

#[test]
fn a_time_has_one_form_and_its_century_follows_the_rule() {
    const UTC_TIME: u8 = 0x17;
    const GENERALIZED_TIME: u8 = 0x18;
    const INTEGER: u8 = 0x02;
    #[rustfmt::skip]
    let table = [
        (UTC_TIME,         "700101000000Z",     Some(0)),
        (UTC_TIME,         "491231235959Z",     Some(2_524_607_999)),
        (UTC_TIME,         "500101000000Z",     Some(-631_152_000)),
        (UTC_TIME,         "240229120000Z",     Some(1_709_208_000)),
        (UTC_TIME,         "230229120000Z",     None),
        (UTC_TIME,         "7001010000Z",       None),
        (UTC_TIME,         "700101000000",      None),
        (UTC_TIME,         "700101000000+0000", None),
        (UTC_TIME,         "7001010000+0000",   None),
        (UTC_TIME,         "19700101000000Z",   None),
        (UTC_TIME,         "700101240000Z",     None),
        (UTC_TIME,         "-00101000000Z",     None),
        (GENERALIZED_TIME, "99991231235959Z",   Some(253_402_300_799)),
        (GENERALIZED_TIME, "00000101000000Z",   Some(-62_167_219_200)),
        (GENERALIZED_TIME, "19700101000000.5Z", None),
        (GENERALIZED_TIME, "197001010000.5Z",   None),
        (GENERALIZED_TIME, "700101000000Z",     None),
        (INTEGER,          "700101000000Z",     None),
    ];
    for (tag, text, expected) in table {
        assert_eq!(seconds(tag, text), expected, "{tag} {text}");
    }
}

#[test]
fn object_identifiers_of_every_length_and_number_are_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key.pem"), keys::FIRST).unwrap();
    let long = format!("1.2.{}", ["999999999"; 12].join("."));
    for oid in ["2.40.1", "2.999.1", "2.25.329800735698586629295641978511506172918", &long] {
        let extension = format!("{oid}=ASN1:UTF8String:x");
        let config =
            format!("oid_section = names\n[names]\nx = {oid}\n[req]\ndistinguished_name = req\n");
        std::fs::write(folder.path().join("openssl.cnf"), config).unwrap();
        let output = Command::new("openssl")
            .current_dir(folder.path())
            .args(["req", "-x509", "-key", "key.pem", "-outform", "DER", "-config", "openssl.cnf"])
            .args(["-subj", "/CN=a/x=b", "-addext", &extension])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let certificate = Certificate::from_der(&output.stdout).unwrap();
        assert_eq!(certificate.subject().to_string(), format!("{oid}=b,CN=a"));
    }
}

proptest! {
    #[test]
    fn a_time_has_the_same_seconds_as_its_text(seconds_of_time in -62_167_219_200_i64..=253_402_300_799) {
        let time = time::OffsetDateTime::from_unix_timestamp(seconds_of_time).unwrap();
        let (date, clock) = (time.date(), time.time());
        let text = format!(
            "{:04}{:02}{:02}{:02}{:02}{:02}Z",
            date.year(), u8::from(date.month()), date.day(), clock.hour(), clock.minute(), clock.second(),
        );
        prop_assert_eq!(seconds(0x18, &text), Some(seconds_of_time));
    }
}
