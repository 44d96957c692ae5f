//! Names in both syntaxes, in print, and refused.

use super::*;
use proptest::prelude::*;
use x509_parser::asn1_rs::FromDer;

#[track_caller]
fn printed(text: &str) -> String {
    text.parse::<DistinguishedName>().unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
}

#[test]
fn both_syntaxes_give_the_same_name_which_is_printed_as_in_rfc_4514() {
    #[rustfmt::skip]
    let table = [
        ("/C=US/O=Example/CN=name",            "CN=name,O=Example,C=US"),
        ("CN=name,O=Example,C=US",             "CN=name,O=Example,C=US"),
        ("CN = name, O = Example, C = US",     "CN=name,O=Example,C=US"),
        ("commonName=name",                    "CN=name"),
        ("cn=name",                            "CN=name"),
        ("/DC=example/CN=a/UID=b",             "UID=b,CN=a,DC=example"),
        (r"/CN=a\/b",                          "CN=a/b"),
        ("CN=a/b",                             "CN=a/b"),
        (r"CN=a\,b",                           r"CN=a\,b"),
        (r"CN=a\2Cb",                          r"CN=a\,b"),
        ("/CN=a,b",                            r"CN=a\,b"),
        (r"CN=\ a\20",                         r"CN=\ a\ "),
        (r#"CN=\#1 \"a\" <b> c\;d\\ e\+f"#,    r#"CN=\#1 \"a\" \<b\> c\;d\\ e\+f"#),
        (r"CN=Z\C3\BCrich",                    "CN=Zürich"),
        ("CN=a#b",                             "CN=a#b"),
        ("CN=a=b",                             "CN=a=b"),
        ("/emailAddress=a@example.com/C=de",   "C=de,emailAddress=a@example.com"),
    ];
    for (text, expected) in table {
        assert_eq!(printed(text), expected, "{text}");
    }
}

#[test]
fn a_name_without_a_valid_form_is_refused() {
    for text in [
        "",
        "/",
        "name",
        "CN",
        "=name",
        "/CN=a/",
        "CN=a,",
        "CN=a,,O=b",
        "CN=a+",
        "CN=a+UID=b",
        "CN=a+CN=a",
        "/O=a/CN=b+UID=c",
        "CN=a\\",
        "CN=#0401",
        "CN=\"a\"",
    ] {
        let error = text.parse::<DistinguishedName>().unwrap_err();
        assert!(
            matches!(error, CertError::SubjectSyntax | CertError::SubjectAttribute { .. }),
            "{text}: {error}"
        );
    }
}

#[test]
fn a_value_that_a_certificate_may_not_hold_is_refused_with_the_rule() {
    let long = |length: usize| format!("CN={}", "ü".repeat(length));
    assert!(long(64).parse::<DistinguishedName>().is_ok());
    #[rustfmt::skip]
    let table = [
        (long(65),                  "the subject's CN has to be 1 to 64 characters, none of them a control character"),
        ("CN=".to_owned(),          "the subject's CN has to be 1 to 64 characters, none of them a control character"),
        ("CN= ".to_owned(),         "the subject's CN has to be 1 to 64 characters, none of them a control character"),
        ("CN=a\0b".to_owned(),      "the subject's CN has to be 1 to 64 characters, none of them a control character"),
        (r"CN=a\00b".to_owned(),    "the subject's CN has to be 1 to 64 characters, none of them a control character"),
        ("C=USA".to_owned(),        "the subject's C has to be two letters, such as US"),
        ("C=U1".to_owned(),         "the subject's C has to be two letters, such as US"),
        ("C=ü".to_owned(),          "the subject's C has to be two letters, such as US"),
        ("serialNumber=a_b".to_owned(), "the subject's serialNumber has to be 1 to 64 letters, digits, spaces or characters of '()+,-./:=?"),
        ("emailAddress=ü@a".to_owned(), "the subject's emailAddress has to be 1 to 255 ASCII characters, none of them a control character"),
        ("FOO=a".to_owned(),        "the subject's attribute FOO is not known"),
    ];
    for (text, expected) in table {
        assert_eq!(
            text.parse::<DistinguishedName>().unwrap_err().to_string(),
            expected,
            "{text:?}"
        );
    }
}

#[test]
fn a_name_that_would_be_written_without_one_of_its_attributes_is_refused() {
    #[rustfmt::skip]
    let table = [
        ("/OU=one/OU=two",      "the subject has OU twice, and a certificate that is made here has each attribute once: give it once"),
        ("DC=example,DC=com",   "the subject has DC twice, and a certificate that is made here has each attribute once: give it once"),
    ];
    for (text, said) in table {
        assert_eq!(text.parse::<DistinguishedName>().unwrap_err().to_string(), said, "{text}");
    }
}

/// A DER element with up to 127 octets of content.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
}

fn read(name: &[u8]) -> Option<DistinguishedName> {
    let (_, name) = X509Name::from_der(name).ok()?;
    DistinguishedName::read(&name)
}

/// A name of one attribute, CN, with a value of the type `tag`.
fn common_name(tag: u8, value: &[u8]) -> Option<DistinguishedName> {
    let attribute = [&[0x06, 3, 0x55, 4, 3], element(tag, value).as_slice()].concat();
    read(&element(0x30, &element(0x31, &element(0x30, &attribute))))
}

#[test]
fn several_attributes_in_one_part_and_one_attribute_in_several_parts_are_read() {
    let attribute = |last_number, value: &[u8]| {
        element(0x30, &[&[0x06, 3, 0x55, 4, last_number], element(0x0c, value).as_slice()].concat())
    };
    let [cn, ou, other_ou] = [attribute(3, b"a"), attribute(11, b"b"), attribute(11, b"c")];
    let parts = [element(0x31, &[cn, ou].concat()), element(0x31, &other_ou)].concat();
    assert_eq!(read(&element(0x30, &parts)).unwrap().to_string(), "OU=c,OU=b+CN=a");
}

#[test]
fn what_follows_the_last_member_of_a_name_is_not_ignored() {
    let attribute = [&[0x06, 3, 0x55, 4, 3], element(0x0c, b"a").as_slice()].concat();
    let more = |bytes: Vec<u8>| [bytes, vec![5, 0]].concat();
    let name = |attribute: &[u8]| element(0x30, &element(0x31, &element(0x30, attribute)));
    assert!(read(&name(&attribute)).is_some());
    assert!(read(&name(&more(attribute.clone()))).is_none());
    assert!(read(&element(0x30, &element(0x31, &more(element(0x30, &attribute))))).is_none());
    assert!(read(&element(0x30, &more(element(0x31, &element(0x30, &attribute))))).is_none());
}

#[test]
fn every_string_type_in_use_is_read_and_nothing_else() {
    #[rustfmt::skip]
    let table: [(u8, &[u8], Option<&str>); 16] = [
        (0x0c, "Mü".as_bytes(),     Some("CN=Mü")),
        (0x0c, b"\xff",             None),
        // Control characters are not printed.
        (0x0c, b"a\n\xc2\x85b",     Some(r"CN=a\0A\C2\85b")),
        // The number of a type, but not of the universal class.
        (0x8c, b"M",                None),
        (0x4c, b"M",                None),
        (0x13, b"M",                Some("CN=M")),
        (0x14, b"M\xfcller",        Some("CN=Müller")),
        (0x1e, b"\x00M\x00\xfc",    Some("CN=Mü")),
        (0x1e, b"\xd8\x00",         None),
        (0x1e, b"\x00",             None),
        (0x1c, b"\0\0\0M\0\0\0\xfc", Some("CN=Mü")),
        (0x1c, b"\0\x11\0\0",       None),
        (0x03, b"\x00a",            Some("CN=#03020061")),
        (0x2b, b"\x81\x01a",        Some("CN=#2B03810161")),
        (0x02, b"\x01",             None),
        (0x04, b"a",                None),
    ];
    for (tag, value, expected) in table {
        let printed = common_name(tag, value).map(|name| name.to_string());
        assert_eq!(printed.as_deref(), expected, "{tag:02x} {value:?}");
    }
}

proptest! {
    #[test]
    fn a_name_survives_print_and_parse(
        common_name in "[^\\p{Cc}]{1,16}", organization in "[ -~]{1,16}", unit in "[\"+,;<>#= \\\\]{1,8}",
    ) {
        let escaped = |value: &str| value.bytes().fold(String::new(), |text, b| text + &format!("\\{b:02x}"));
        let text = format!("CN={},O={},OU={}", escaped(&common_name), escaped(&organization), escaped(&unit));
        let name: DistinguishedName = text.parse().unwrap();
        prop_assert_eq!(name.to_string().parse::<DistinguishedName>().unwrap(), name);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[/CNO=,+# \\\\\"a\u{0}ü]{0,24}") {
        let _ = text.parse::<DistinguishedName>();
    }
}
