//! Access lists as text, in Microsoft's Security Descriptor Definition Language, and who has access.
//!
//! The text is what `ConvertSecurityDescriptorToStringSecurityDescriptor` writes. Only entries that grant something are
//! read: an entry that denies can only reduce rights.

use crate::kind::Concern;

/// Rights that let someone read the contents: `FILE_READ_DATA`, `GENERIC_READ`, `GENERIC_ALL`.
pub(crate) const READ: u32 = 0x0000_0001 | 0x8000_0000 | 0x1000_0000;

/// Rights that let someone change the contents, or the rights themselves: `FILE_WRITE_DATA`, `FILE_APPEND_DATA`,
/// `DELETE`, `WRITE_DAC`, `WRITE_OWNER`, `GENERIC_WRITE`, `GENERIC_ALL`.
pub(crate) const WRITE: u32 =
    0x0000_0002 | 0x0000_0004 | 0x0001_0000 | 0x0004_0000 | 0x0008_0000 | 0x4000_0000 | 0x1000_0000;

/// Rights on a folder that let someone put another file in place of one in it: `FILE_DELETE_CHILD`, `DELETE`,
/// `WRITE_DAC`, `WRITE_OWNER`, `GENERIC_ALL`. To add new files is not among them: on a system drive, every user may.
pub(crate) const REPLACE_IN_FOLDER: u32 =
    0x0000_0040 | 0x0001_0000 | 0x0004_0000 | 0x0008_0000 | 0x1000_0000;

/// Who is trusted besides this user: the system, the administrators, the owner, any owner, and the service that
/// installs the files of Windows.
const TRUSTED: [&str; 4] =
    ["SY", "BA", "OW", "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"];

/// The owner and the entries of an access list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Descriptor {
    owner: String,
    /// `None`: there is no list, and everyone can do everything.
    entries: Option<Vec<Entry>>,
}

/// Who is granted which rights.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    rights: u32,
    who: String,
}

impl Descriptor {
    /// Reads `O:…G:…D:…`; `None` if anything in it is not understood.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (head, list) = match text.split_once("D:") {
            Some((head, list)) => (head, Some(list)),
            None => (text, None),
        };
        let owner = head.strip_prefix("O:")?;
        let owner = owner.split("G:").next()?.to_owned();
        let entries = match list {
            // No list and an empty list are opposites: no list (NO_ACCESS_CONTROL) gives everyone access.
            Some(list) if !list.contains("NO_ACCESS_CONTROL") => Some(parse_entries(list)?),
            _ => None,
        };
        Some(Self { owner, entries })
    }

    /// Why the file may not be used, if only `me` and the trusted may have any of `rights`.
    pub(crate) fn concern(&self, rights: u32, me: &str) -> Option<Concern> {
        let is_trusted = |who: &str| who == me || TRUSTED.contains(&who);
        if !is_trusted(&self.owner) {
            return Some(Concern::ForeignOwner(self.owner.clone()));
        }
        let Some(entries) = &self.entries else {
            return Some(Concern::Open("it has no access list, so everyone can use it".to_owned()));
        };
        let other =
            entries.iter().find(|entry| entry.rights & rights != 0 && !is_trusted(&entry.who))?;
        let what = match (other.rights & rights & READ != 0, other.rights & rights & WRITE != 0) {
            (true, true) => "read it and write to it",
            (true, false) => "read it",
            (false, _) => "write to it",
        };
        Some(Concern::Open(format!("{} can {what}", account(&other.who))))
    }
}

/// The entries that grant something on this file itself.
fn parse_entries(list: &str) -> Option<Vec<Entry>> {
    // Flags such as `PAI` come before the first entry, and the audit list `S:` after the last.
    let list = list.split("S:(").next()?;
    let mut entries = Vec::new();
    for entry in list.split('(').skip(1) {
        let fields: Vec<&str> = entry.trim_end().strip_suffix(')')?.split(';').collect();
        // type;flags;rights;object;inherited object;who, and a condition in some types
        let [kind, flags, rights, _, _, who, ..] = fields[..] else { return None };
        let grants = match kind {
            "A" | "OA" | "XA" | "ZA" => true,
            "D" | "OD" | "XD" => false,
            _ => return None,
        };
        // An entry that is only inherited says nothing about this file.
        let is_only_inherited = flags.as_bytes().chunks(2).any(|flag| flag == b"IO");
        if grants && !is_only_inherited {
            entries.push(Entry { rights: parse_rights(rights)?, who: who.to_owned() });
        }
    }
    Some(entries)
}

/// Rights as a number, or as words of two letters.
fn parse_rights(text: &str) -> Option<u32> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u32::from_str_radix(digits, 16).ok();
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text.parse().ok();
    }
    let mut rights = 0;
    for word in text.as_bytes().chunks(2) {
        rights |= match word {
            b"GA" => 0x1000_0000,
            b"GX" => 0x2000_0000,
            b"GW" => 0x4000_0000,
            b"GR" => 0x8000_0000,
            b"SD" => 0x0001_0000,
            b"RC" => 0x0002_0000,
            b"WD" => 0x0004_0000,
            b"WO" => 0x0008_0000,
            b"CC" => 0x0001,
            b"DC" => 0x0002,
            b"LC" => 0x0004,
            b"SW" => 0x0008,
            b"RP" => 0x0010,
            b"WP" => 0x0020,
            b"DT" => 0x0040,
            b"LO" => 0x0080,
            b"CR" => 0x0100,
            b"FA" => 0x001F_01FF,
            b"FR" => 0x0012_0089,
            b"FW" => 0x0012_0116,
            b"FX" => 0x0012_00A0,
            _ => return None,
        };
    }
    Some(rights)
}

/// The name of an account that has a short form here.
fn account(who: &str) -> &str {
    match who {
        "WD" => "everyone",
        "AU" => "every user who has signed in",
        "BU" => "every user of this machine",
        "BG" => "guests",
        "AN" => "anonymous users",
        "IU" => "every interactive user",
        "NU" => "every user of the network",
        "CO" => "the creator",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ME: &str = "S-1-5-21-1-2-3-1001";
    const OTHER: &str = "S-1-5-21-1-2-3-1002";

    fn concern(list: &str, rights: u32) -> Option<Concern> {
        let text = format!("O:{ME}G:S-1-5-21-1-2-3-513{list}");
        Descriptor::parse(&text).unwrap().concern(rights, ME)
    }

    #[test]
    fn only_this_user_the_system_and_the_administrators_may_have_the_rights() {
        let mine = format!("(A;;FA;;;{ME})");
        for (list, rights, expected) in [
            (format!("D:PAI{mine}"), READ | WRITE, None),
            (format!("D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA){mine}"), READ | WRITE, None),
            (format!("D:{mine}(A;;FR;;;BU)"), READ, Some("every user of this machine can read it")),
            (format!("D:{mine}(A;;0x1200a9;;;WD)"), READ, Some("everyone can read it")),
            (format!("D:{mine}(A;;0x1200a9;;;WD)"), WRITE, None),
            (format!("D:{mine}(A;;FX;;;WD)"), READ | WRITE, None),
            (
                format!("D:{mine}(A;;GRGW;;;AU)"),
                READ | WRITE,
                Some("every user who has signed in can read it and write to it"),
            ),
            (
                format!("D:{mine}(A;;WD;;;{OTHER})"),
                WRITE,
                Some("S-1-5-21-1-2-3-1002 can write to it"),
            ),
            (format!("D:{mine}(A;OICIIO;GA;;;{OTHER})"), READ | WRITE, None),
            (format!("D:(D;;FR;;;BU){mine}"), READ | WRITE, None),
            // The folder C:\: everyone can add folders, and no one can replace one.
            (
                "D:PAI(A;;LC;;;AU)(A;OICIIO;SDGXGWGR;;;AU)(A;;FA;;;SY)".to_owned(),
                REPLACE_IN_FOLDER,
                None,
            ),
            (
                format!("D:{mine}(A;;DT;;;BU)"),
                REPLACE_IN_FOLDER,
                Some("every user of this machine can write to it"),
            ),
            (String::new(), READ, Some("it has no access list, so everyone can use it")),
            (
                "D:NO_ACCESS_CONTROL".to_owned(),
                READ,
                Some("it has no access list, so everyone can use it"),
            ),
            ("D:".to_owned(), READ, None),
            (format!("D:{mine}S:(AU;FA;FA;;;WD)"), READ | WRITE, None),
        ] {
            let expected = expected.map(|text| Concern::Open(text.to_owned()));
            assert_eq!(concern(&list, rights), expected, "{list}");
        }
    }

    /// Source: Microsoft's documentation of ACE strings, and of the access masks of files.
    #[test]
    fn each_word_for_a_right_lets_others_do_what_it_says() {
        #[rustfmt::skip]
        let table = [
            // the word, and whether it lets others read, write, and replace a file in the folder
            ("GA",     true,  true,  true),
            ("GR",     true,  false, false),
            ("GW",     false, true,  false),
            ("GX",     false, false, false),
            ("SD",     false, true,  true),
            ("RC",     false, false, false),
            ("WD",     false, true,  true),
            ("WO",     false, true,  true),
            ("CC",     true,  false, false),
            ("DC",     false, true,  false),
            ("LC",     false, true,  false),
            ("SW",     false, false, false),
            ("RP",     false, false, false),
            ("WP",     false, false, false),
            ("DT",     false, false, true),
            ("LO",     false, false, false),
            ("CR",     false, false, false),
            ("FA",     true,  true,  true),
            ("FR",     true,  false, false),
            ("FW",     false, true,  false),
            ("FX",     false, false, false),
            ("RCLOGR", true,  false, false),
            ("2",      false, true,  false),
        ];
        for (word, reads, writes, replaces) in table {
            let list = format!("D:(A;;{word};;;BU)");
            let is_open = |rights| concern(&list, rights).is_some();
            let found = (is_open(READ), is_open(WRITE), is_open(REPLACE_IN_FOLDER));
            assert_eq!(found, (reads, writes, replaces), "{word}");
        }
        // What is only inherited says nothing about the file, whichever flags it has besides.
        for (flags, is_open) in [("IO", false), ("OIIO", false), ("OICI", true), ("ID", true)] {
            let list = format!("D:(A;{flags};FR;;;BU)");
            assert_eq!(concern(&list, READ).is_some(), is_open, "{flags}");
        }
    }

    #[test]
    fn a_file_of_another_user_is_foreign_and_one_of_the_administrators_is_not() {
        for (owner, is_foreign) in
            [(ME, false), ("BA", false), ("SY", false), (OTHER, true), ("BU", true)]
        {
            let descriptor = Descriptor::parse(&format!("O:{owner}D:P(A;;FA;;;{ME})")).unwrap();
            let concern = descriptor.concern(READ, ME);
            let expected = is_foreign.then(|| Concern::ForeignOwner(owner.to_owned()));
            assert_eq!(concern, expected);
        }
    }

    #[test]
    fn what_is_not_understood_is_not_an_access_list() {
        for text in [
            "",
            "D:(A;;FA;;;SY)",
            "O:SYD:(A;;FA;;;SY",
            "O:SYD:(Q;;FA;;;SY)",
            "O:SYD:(A;;Z9;;;SY)",
            "O:SYD:(A;;F;;;SY)",
            "O:SYD:(A;;FA)",
        ] {
            assert_eq!(Descriptor::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in r"(O:)?\PC{0,40}(D:)?\PC{0,40}") {
            let _ = Descriptor::parse(&text);
        }
    }
}
