//! What a PKCS#11 URI may contain, what it may not, and that its errors show no secret.

use std::path::Path;

use proptest::prelude::*;

use super::*;

#[track_caller]
fn read(text: &str) -> Pkcs11Uri {
    Pkcs11Uri::from_private_text(text).unwrap()
}

#[track_caller]
fn refusal(text: &str) -> String {
    text.parse::<Pkcs11Uri>().unwrap_err().to_string()
}

#[test]
fn each_attribute_is_read_into_its_field() {
    let uri = read(
        "PKCS11:token=Adobe%20IMS;manufacturer=SoftHSM%20project;model=SoftHSM%20v2;serial=4a%c3%a9;slot-id=327;\
         object=a%3bb&c;id=%00%ff1;type=private?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/pin",
    );
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        uri.token,
        TokenSelector {
            label: text("Adobe IMS"),
            manufacturer: text("SoftHSM project"),
            model: text("SoftHSM v2"),
            serial: text("4aé"),
            slot_id: Some(327),
        }
    );
    assert_eq!(uri.key, KeySelector { label: text("a;b&c"), id: Some(vec![0, 0xff, b'1']) });
    assert_eq!(uri.module_path.as_deref(), Some(Path::new("/usr/lib/softhsm/libsofthsm2.so")));
    assert!(matches!(uri.pin, Some(PinSource::File(path)) if path == Path::new("/etc/pin")));
}

#[test]
fn a_pin_file_is_named_as_a_path_or_as_a_file_url() {
    for source in ["/a/pin", "file:/a/pin", "file:///a/pin"] {
        let uri = read(&format!("pkcs11:?pin-source={source}"));
        assert!(
            matches!(uri.pin, Some(PinSource::File(path)) if path == Path::new("/a/pin")),
            "{source}"
        );
    }
}

#[test]
fn a_pin_value_is_accepted_from_a_private_text_only() {
    let text = "pkcs11:object=a?pin-value=12%2634";
    assert_eq!(text.parse::<Pkcs11Uri>().unwrap_err(), Pkcs11UriError::PinValue);
    match read(text).pin {
        Some(PinSource::Pin(pin)) => assert_eq!(pin.expose_secret(), "12&34"),
        other => panic!("{other:?}"),
    }
    assert_eq!(read(text).to_string(), "pkcs11:object=a");
}

#[test]
fn what_is_wrong_is_named() {
    #[rustfmt::skip]
    let table = [
        ("",                              "not a PKCS#11 URI, which begins with \"pkcs11:\""),
        ("https:token=a",                 "not a PKCS#11 URI, which begins with \"pkcs11:\""),
        ("pkcs11:x-vendor=1",             "the attribute x-vendor is not known"),
        ("pkcs11:library-version=3.1",    "the attribute library-version is not known"),
        ("pkcs11:?module-name=softhsm2",  "the attribute module-name is not known"),
        ("pkcs11:token",                  "a part of it is not of the form name=value"),
        ("pkcs11:token=a;;object=b",      "a part of it is not of the form name=value"),
        ("pkcs11:=a",                     "a part of it is not of the form name=value"),
        ("pkcs11:token=",                 "the attribute token is not text in UTF-8"),
        ("pkcs11:token=%ff",              "the attribute token is not text in UTF-8"),
        ("pkcs11:token=a b",              "the attribute token is not percent-encoded as RFC 7512 asks"),
        ("pkcs11:token=%4",               "the attribute token is not percent-encoded as RFC 7512 asks"),
        ("pkcs11:token=%+4",              "the attribute token is not percent-encoded as RFC 7512 asks"),
        ("pkcs11:token=a#b",              "the attribute token is not percent-encoded as RFC 7512 asks"),
        ("pkcs11:slot-id=+1",             "the attribute slot-id is not a number"),
        ("pkcs11:slot-id=99999999999999999999", "the attribute slot-id is not a number"),
        ("pkcs11:type=public",            "the attribute type is not private"),
        ("pkcs11:object=a;object=a",
            "the attribute object is given twice, or together with another that means the same"),
        ("pkcs11:?pin-source=/a&pin-value=1",
            "the attribute pin-value is given twice, or together with another that means the same"),
        ("pkcs11:?pin-source=|/bin/pin",  "the attribute pin-source is not a file"),
        ("pkcs11:?pin-source=https://a",  "the attribute pin-source is not a file"),
        ("pkcs11:?pin-value=",            "the attribute pin-value is not text in UTF-8"),
    ];
    for (text, said) in table {
        assert_eq!(refusal(text), said, "{text}");
    }
}

#[test]
fn a_pin_that_is_not_encoded_is_in_no_error() {
    for pin in [
        "canary&canary",
        "canary&canary=1",
        "can%ary",
        "canary#",
        "canary;",
        "%ffcanary",
        "can ary",
    ] {
        for error in [
            Pkcs11Uri::from_private_text(&format!("pkcs11:?pin-value={pin}")).unwrap_err(),
            Pkcs11Uri::from_private_text(&format!("pkcs11:?pin-value=1&pin-value={pin}"))
                .unwrap_err(),
        ] {
            assert!(!format!("{error} {error:?}").contains("ary"), "{error:?}");
        }
    }
    assert!(!format!("{:?}", read("pkcs11:?pin-value=canary")).contains("canary"));
}

fn text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("\\PC{1,12}")
}

proptest! {
    #[test]
    fn a_uri_survives_print_and_parse(
        (label, manufacturer, model, serial, slot_id) in (text(), text(), text(), text(), any::<Option<u64>>()),
        (object, id) in (text(), proptest::option::of(proptest::collection::vec(any::<u8>(), 0..20))),
        (module_path, pin_file) in (text(), proptest::option::of("/[^:]{0,12}")),
    ) {
        let uri = Pkcs11Uri {
            token: TokenSelector { label, manufacturer, model, serial, slot_id },
            key: KeySelector { label: object, id },
            module_path: module_path.map(Into::into),
            pin: pin_file.filter(|file| !file.starts_with("//")).map(|file| PinSource::File(file.into())),
        };
        let text = uri.to_string();
        prop_assert!(text.bytes().all(|b| b.is_ascii_graphic()));
        let read: Pkcs11Uri = text.parse()?;
        prop_assert_eq!(format!("{read:?}"), format!("{uri:?}"));
    }

    #[test]
    fn no_text_makes_it_panic(
        text in "(pkcs11:)?\\PC{0,30}",
        uri in "pkcs11:((token|id|slot-id|type|x)=?[a%0-9;&]{0,5};?){0,3}\\??((pin-value|pin-source|y)=?[a%0-9;&/]{0,5}&?){0,3}",
    ) {
        for text in [text, uri] {
            let _ = Pkcs11Uri::from_private_text(&text);
        }
    }

    #[test]
    fn no_error_holds_the_pin(before in "(x=1&)?", pin in "[0-9]{4,8}", after in "[%&=;?]{0,4}") {
        let pin = format!("canary{pin}");
        if let Err(error) = Pkcs11Uri::from_private_text(&format!("pkcs11:?{before}pin-value={pin}{after}{pin}")) {
            let said = format!("{error} {error:?}");
            prop_assert!(!said.contains("canary"), "{}", said);
        }
    }
}
