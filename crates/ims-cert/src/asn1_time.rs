//! `Time` of RFC 5280 §4.1.2.5: `UTCTime` for the years 1950 to 2049, `GeneralizedTime` for all others, both to the
//! second and in UTC.

use der::{
    ErrorKind, Tag, Tagged,
    asn1::{Any, AnyRef},
};
use ims_claims::NumericDate;
use time::{Date, Month, OffsetDateTime};

/// Reads a `Time`.
pub(crate) fn read(time: AnyRef<'_>) -> der::Result<NumericDate> {
    let seconds = std::str::from_utf8(time.value()).ok().and_then(|text| seconds(time.tag(), text));
    seconds.map(NumericDate::from_secs).ok_or_else(|| ErrorKind::DateTime.into())
}

fn seconds(tag: Tag, text: &str) -> Option<i64> {
    let digits =
        text.strip_suffix('Z').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<u16>().ok();
    let (year, rest) = match (tag, digits.len()) {
        // RFC 5280 §4.1.2.5.1: two digits from 50 on are of the twentieth century.
        (Tag::UtcTime, 12) => {
            (number(0, 2).map(|year| if year < 50 { 2000 + year } else { 1900 + year })?, 2)
        }
        (Tag::GeneralizedTime, 14) => (number(0, 4)?, 4),
        _ => return None,
    };
    let field = |index: usize| u8::try_from(number(rest + 2 * index, rest + 2 * index + 2)?).ok();
    let date =
        Date::from_calendar_date(year.into(), Month::try_from(field(0)?).ok()?, field(1)?).ok()?;
    Some(date.with_hms(field(2)?, field(3)?, field(4)?).ok()?.assume_utc().unix_timestamp())
}

/// Writes a `Time`, `None` if its year does not have four digits.
pub(crate) fn write(date: NumericDate) -> Option<Any> {
    let time = OffsetDateTime::from_unix_timestamp(date.as_secs()).ok()?;
    let (tag, year) = match time.year() {
        year @ 1950..=2049 => (Tag::UtcTime, format!("{:02}", year % 100)),
        year @ 0..=9999 => (Tag::GeneralizedTime, format!("{year:04}")),
        _ => return None,
    };
    let (month, day) = (u8::from(time.month()), time.day());
    let (hour, minute, second) = time.to_hms();
    let text = format!("{year}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    Any::new(tag, text.into_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn seconds(tag: Tag, text: &str) -> Option<i64> {
        read(AnyRef::new(tag, text.as_bytes()).unwrap()).ok().map(NumericDate::as_secs)
    }

    #[test]
    fn a_time_has_one_form_and_its_century_follows_the_rule() {
        use Tag::{GeneralizedTime, Integer, UtcTime};
        #[rustfmt::skip]
        let table = [
            (UtcTime,         "700101000000Z",     Some(0)),
            (UtcTime,         "491231235959Z",     Some(2_524_607_999)),
            (UtcTime,         "500101000000Z",     Some(-631_152_000)),
            (UtcTime,         "240229120000Z",     Some(1_709_208_000)),
            (UtcTime,         "230229120000Z",     None),
            (UtcTime,         "7001010000Z",       None),
            (UtcTime,         "700101000000",      None),
            (UtcTime,         "700101000000+0000", None),
            (UtcTime,         "19700101000000Z",   None),
            (UtcTime,         "700101240000Z",     None),
            (UtcTime,         "-00101000000Z",     None),
            (GeneralizedTime, "99991231235959Z",   Some(253_402_300_799)),
            (GeneralizedTime, "00000101000000Z",   Some(-62_167_219_200)),
            (GeneralizedTime, "19700101000000.5Z", None),
            (GeneralizedTime, "700101000000Z",     None),
            (Integer,         "700101000000Z",     None),
        ];
        for (tag, text, expected) in table {
            assert_eq!(seconds(tag, text), expected, "{tag} {text}");
        }
    }

    #[test]
    fn a_year_of_five_digits_cannot_be_written() {
        assert!(write(NumericDate::from_secs(253_402_300_799)).is_some());
        assert!(write(NumericDate::from_secs(253_402_300_800)).is_none());
        assert!(write(NumericDate::from_secs(i64::MIN)).is_none());
    }

    proptest! {
        #[test]
        fn a_time_survives_write_and_read(seconds in -62_167_219_200_i64..=253_402_300_799) {
            let date = NumericDate::from_secs(seconds);
            let written = write(date).unwrap();
            prop_assert_eq!(read(AnyRef::from(&written)).unwrap(), date);
        }
    }
}
