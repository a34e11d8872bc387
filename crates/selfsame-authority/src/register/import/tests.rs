//! Tables are read as people write them; what does not fit is told by its line, and nothing of it is repeated.

use bytes::Bytes;
use proptest::prelude::*;
use selfsame_job::identity::{IdentityRecord, Photo};
use selfsame_wire::id_info::IdNumber;

use super::*;

const JPEG: &[u8] = b"\xff\xd8\xff\xe0 a small picture";

fn settings() -> Settings {
    Settings {
        country: Country::new("NG"),
        id_type: IdType::new("STAFF"),
        photos: None,
    }
}

fn read(table: &[u8], format: Format, settings: Settings) -> Vec<Result<RegisterEntry, BadLine>> {
    Entries::new(table, format, settings).unwrap().collect()
}

fn csv(table: &str) -> Vec<Result<RegisterEntry, BadLine>> {
    read(table.as_bytes(), Format::Csv, settings())
}

fn json(table: &str) -> Vec<Result<RegisterEntry, BadLine>> {
    read(table.as_bytes(), Format::JsonLines, settings())
}

fn told(entry: &Result<RegisterEntry, BadLine>) -> String {
    entry.as_ref().unwrap_err().to_string()
}

fn bad_table(table: &[u8]) -> String {
    let none = Settings::default();
    match Entries::new(table, Format::Csv, none) {
        Ok(_) => panic!("it is read"),
        Err(error) => error.to_string(),
    }
}

fn base64(bytes: &[u8]) -> String {
    Photo(Bytes::copy_from_slice(bytes)).to_base64()
}

#[test]
fn a_table_of_a_spreadsheet_is_read() {
    let table = "\u{feff}Country,ID_Type,id_number,first_name,last_name,dob,address,Team\r\n\
                 ke,national_id, 123-45 ,Ada,Lovelace,1815-12-10,\"1 Road\r\nTown, A\",Engines\r\n\
                 ,,678,Bob,,,,\r\n";
    let [ada, bob] = &csv(table)[..] else {
        panic!("two")
    };
    let (ada, bob) = (ada.as_ref().unwrap(), bob.as_ref().unwrap());
    let number = IdNumber::new("12345").unwrap();
    let (kenya, national_id) = (
        Country::new("KE").unwrap(),
        IdType::new("NATIONAL_ID").unwrap(),
    );
    let key = selfsame_store::store::EntryKey::new(kenya, national_id, &number);
    assert_eq!(Some(ada.key()), key.as_ref());
    let record = ada.record();
    assert_eq!(record.id_number.as_deref(), Some("123-45"));
    assert_eq!(record.first_name.as_deref(), Some("Ada"));
    assert_eq!(record.date_of_birth.as_deref(), Some("1815-12-10"));
    assert_eq!(record.address.as_deref(), Some("1 Road Town, A"));
    assert_eq!(record.full_data.len(), 1);
    assert_eq!(record.full_data["Team"], "Engines");
    assert_eq!(bob.key().country(), Country::new("NG").unwrap());
    assert_eq!(bob.key().id_type().as_str(), "STAFF");
    assert!(bob.record().last_name.is_none() && bob.record().full_data.is_empty());
}

#[test]
fn lines_of_json_are_read() {
    let table = format!(
        "{{\"id_number\":12345678901,\"full_name\":\"Ada\",\"photo_base64\":\"{}\",\"team\":{{\"of\":[1,2]}},\"email\":null}}\n\n\
         {{\"id_number\":\"2\",\"full_data\":{{\"a\":1}},\"date_of_birth\":\"2000-02-29\"}}",
        base64(JPEG)
    );
    let [ada, other] = &json(&table)[..] else {
        panic!("two")
    };
    let (ada, other) = (ada.as_ref().unwrap().record(), other.as_ref().unwrap());
    assert_eq!(ada.id_number.as_deref(), Some("12345678901"));
    assert_eq!(ada.photo.as_ref().unwrap().0, JPEG);
    assert_eq!(ada.full_data["team"]["of"][1], 2);
    assert_eq!(ada.email, None);
    assert_eq!(other.record().full_data["a"], 1);
}

#[test]
fn a_bad_line_is_told_and_the_others_are_read() {
    let table = "country,id_number,first_name,date_of_birth,photo,note\n\
                 NG,1,Ada,,,\n\
                 NGA,2,PLANTED,,,\n\
                 NG,,PLANTED,,,\n\
                 NG,4,PLANTED,10.12.1815,,\n\
                 NG,5,PLANTED,2001-02-29,,\n\
                 NG,1.23457E+10,PLANTED,,,\n\
                 NG,7,PLANTED,,,,\n\
                 NG,8,PLANTED,,PLANTED.jpg,\n\
                 NG,- -,PLANTED,,,\n\
                 NG,10,PLANTED,,,\"PLANTED\u{7}\"\n\
                 NG,11,Bob,,,\n";
    let entries = csv(table);
    let good: Vec<_> = entries.iter().filter(|e| e.is_ok()).collect();
    assert_eq!((good.len(), entries.len()), (2, 11));
    let all: Vec<String> = entries.iter().filter(|e| e.is_err()).map(told).collect();
    let wanted = [
        "line 3: country must be two letters",
        "line 4: id_number is missing",
        "line 5: date_of_birth must be a day, written YYYY-MM-DD",
        "line 6: date_of_birth must be a day, written YYYY-MM-DD",
        "line 7: id_number must be the whole number: a spreadsheet rounded it",
        "line 8: it has 7 columns, and the first line has 6",
        "line 9: it names a photograph, and no folder of photographs is given",
        "line 10: the number is of spaces and hyphens only",
        "line 11: a column of your own must be at most 2048 bytes",
    ];
    for (told, wanted) in all.iter().zip(wanted) {
        assert!(told.starts_with(wanted), "{told}");
    }
    assert!(!format!("{all:?}").contains("PLANTED"));

    let entries = json(
        "[1]\n{\"id_number\":1.5}\n{\"id_number\":\"1\",\"first_name\":{\"PLANTED\":1}}\n{\"id_number\":\"1\",\"PLANTED\n\
         {\"id_number\":\"1\",\"dob\":\"2000-01-01\",\"date_of_birth\":\"2000-01-01\"}\n{\"id_number\":\"1\",\"photo_base64\":\"é\"}\n\
         {\"id_number\":\"1\",\"photo_base64\":\"UExBTlRFRA==\"}\n{\"id_number\":\"1\"}\n",
    );
    let all: Vec<String> = entries[..7].iter().map(told).collect();
    assert_eq!(
        all,
        [
            "line 1: it is no JSON object of at most 200 members",
            "line 2: id_number must be a text",
            "line 3: first_name must be a text",
            "line 4: it is no JSON object of at most 200 members",
            "line 5: date_of_birth is said twice",
            "line 6: photo_base64 must be base64",
            "line 7: its photograph is no JPEG, PNG or JPEG 2000 picture",
        ]
    );
    assert!(entries[7].is_ok());
}

#[test]
fn a_header_that_says_too_little_is_refused_and_not_repeated() {
    for (table, wanted) in [
        ("", "the table is empty"),
        ("id_number,country\n", "names no column id_type"),
        ("PLANTED,NG,NIN\n", "names no column id_number"),
        ("id_number;country;id_type\n", "separated by commas"),
        ("id_number,,country\n", "column 2 is missing"),
        ("dob,date_of_birth\n", "columns 1 and 2 say the same"),
    ] {
        let told = bad_table(table.as_bytes());
        assert!(told.contains(wanted), "{told}");
        assert!(!told.contains("PLANTED"), "{told}");
    }
    assert!(bad_table(b"id_number,\xff\n").contains("column 2"));
    let many = vec!["a"; MAX_COLUMNS + 1].join(",");
    assert!(bad_table(many.as_bytes()).contains("more than 200"));
    assert!(bad_table(&vec![b'a'; MAX_LINE_BYTES * 2]).contains("longer than 1024 KB"));
}

#[test]
fn what_is_too_long_takes_no_memory_and_is_told() {
    let long = "x".repeat(MAX_LINE_BYTES + 1);
    let lines = json(&format!(
        "{{\"id_number\":\"1\"}}\n{long}{long}\n{{\"id_number\":\"3\"}}\n"
    ));
    assert_eq!(lines.len(), 3);
    assert_eq!(told(&lines[1]), "line 2: it is longer than 1024 KB");
    assert!(lines[2].is_ok());
    // The last line, and not ended.
    assert!(told(&json(&long)[0]).contains("longer"));

    // A quotation mark that is not closed: the rest of the table is one value.
    let rows = csv(&format!("id_number,note\n1,a\n2,\"{long}{long}\n3,b\n"));
    assert_eq!(rows.len(), 2);
    assert!(told(&rows[1]).starts_with("line 3: it is longer than 1024 KB, so reading ends here"));
    let rows = csv(&format!(
        "id_number,note\n1,{}\n2,b\n",
        "x".repeat(MAX_VALUE_BYTES + 1)
    ));
    assert!(rows[0].is_err() && rows[1].is_ok());
}

#[test]
fn a_table_that_fails_in_the_middle_says_so_and_ends() {
    struct Failing(u8);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => io::Read::read(&mut &b"id_number\n1\n2\n"[..], buffer),
                _ => Err(io::ErrorKind::ConnectionReset.into()),
            }
        }
    }
    let rows = Entries::new(Failing(0), Format::Csv, settings()).unwrap();
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(
        rows[2].as_ref().unwrap_err().why,
        Why::Unreadable(io::ErrorKind::ConnectionReset)
    );
}

#[test]
fn photographs_are_files_of_the_folder_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("photos");
    std::fs::create_dir_all(folder.join("sub")).unwrap();
    std::fs::write(dir.path().join("outside.jpg"), JPEG).unwrap();
    std::fs::write(folder.join("ada.jpg"), JPEG).unwrap();
    std::fs::write(folder.join("sub/bob.jpg"), JPEG).unwrap();
    std::fs::write(folder.join("text.jpg"), "PLANTED").unwrap();
    std::fs::write(folder.join("empty.jpg"), "").unwrap();
    let large = [JPEG, &vec![0; MAX_PHOTO_BYTES]].concat();
    std::fs::write(folder.join("large.jpg"), large).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("../outside.jpg", folder.join("link.jpg")).unwrap();
    let names = [
        ("ada.jpg", None),
        ("gone.jpg", Some(Why::PhotoFile(io::ErrorKind::NotFound))),
        ("../outside.jpg", Some(Why::PhotoName)),
        ("sub/bob.jpg", Some(Why::PhotoName)),
        ("sub", Some(Why::PhotoName)),
        ("./ada.jpg", Some(Why::PhotoName)),
        ("..", Some(Why::PhotoName)),
        ("/etc/passwd", Some(Why::PhotoName)),
        ("..\\outside.jpg", Some(Why::PhotoName)),
        #[cfg(unix)]
        ("link.jpg", Some(Why::PhotoName)),
        ("text.jpg", Some(Why::NoPicture)),
        ("empty.jpg", Some(Why::PhotoSize)),
        ("large.jpg", Some(Why::PhotoSize)),
    ];
    let rows: Vec<String> = names.iter().map(|(name, _)| format!("1,{name}")).collect();
    let table = format!("id_number,photo\n{}\n", rows.join("\n"));
    let with_photos = Settings {
        photos: Some(PhotoFolder::open(&folder).unwrap()),
        ..settings()
    };
    let entries = read(table.as_bytes(), Format::Csv, with_photos);
    assert_eq!(entries.len(), names.len());
    for ((name, why), entry) in names.iter().zip(&entries) {
        assert_eq!(entry.as_ref().err().map(|bad| bad.why), *why, "{name}");
    }
    let ada = entries[0].as_ref().unwrap();
    assert_eq!(ada.record().photo.as_ref().unwrap().0, JPEG);
    assert!(PhotoFolder::open(&folder.join("ada.jpg")).is_err());
}

#[test]
fn a_files_name_tells_its_format() {
    for (name, format) in [
        ("a.csv", Some(Format::Csv)),
        ("a.CSV", Some(Format::Csv)),
        ("a.jsonl", Some(Format::JsonLines)),
        ("a.ndjson", Some(Format::JsonLines)),
        ("a.json", None),
        ("csv", None),
    ] {
        assert_eq!(Format::of(Path::new(name)), format, "{name}");
    }
}

/// Texts that tables hold: of any letters, with what CSV must quote, and without spaces at their ends.
fn value() -> impl Strategy<Value = String> {
    "[^\\p{C}\\s](?:[ \",;'][^\\p{C}\\s]{1,12})?"
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        people in proptest::collection::vec(("[A-Z0-9]{1,20}", value(), value(), value()), 1..8)
    ) {
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(["id_number", "first_name", "address", "Of Their Own"]).unwrap();
        let mut lines = String::new();
        for (number, name, address, own) in &people {
            table.write_record([number, name, address, own]).unwrap();
            let line = serde_json::json!({
                "id_number": number, "first_name": name, "address": address, "Of Their Own": own,
            });
            lines.push_str(&format!("{line}\n"));
        }
        let expected: Vec<RegisterEntry> = people
            .iter()
            .map(|(number, name, address, own)| {
                let mut record = IdentityRecord::default();
                record.set_text("first_name", name);
                record.set_text("address", address);
                record.full_data.insert("Of Their Own".to_owned(), own.as_str().into());
                let number = IdNumber::new(number).unwrap();
                let (country, id_type) = (settings().country.unwrap(), settings().id_type.unwrap());
                RegisterEntry::new(country, id_type, &number, record).unwrap()
            })
            .collect();
        let of_csv = read(&table.into_inner().unwrap(), Format::Csv, settings());
        let of_csv: Vec<_> = of_csv.into_iter().map(Result::unwrap).collect();
        prop_assert_eq!(&of_csv, &expected);
        let of_json: Vec<_> = json(&lines).into_iter().map(Result::unwrap).collect();
        prop_assert_eq!(&of_json, &expected);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let table = [b"id_number,first_name,dob,photo,x\n", bytes.as_slice()].concat();
        for entry in read(&table, Format::Csv, settings()) {
            let _ = entry.map_err(|bad| bad.to_string());
        }
        for entry in read(&bytes, Format::JsonLines, settings()) {
            let _ = entry.map_err(|bad| bad.to_string());
        }
        let _ = Entries::new(bytes.as_slice(), Format::Csv, settings()).map(Iterator::count);
    }

    #[test]
    fn nothing_of_a_line_is_told(value in "[a-z]{6}-SECRET-[ -~]{0,20}", column in 0_usize..9) {
        let names = ["country", "id_type", "id_number", "dob", "expiration_date", "photo", "photo_base64", "full_data", "gender"];
        let member = serde_json::json!({"id_number": "1"});
        let mut member = member.as_object().unwrap().clone();
        member.insert(names[column].to_owned(), value.clone().into());
        let line = serde_json::Value::Object(member).to_string();
        for text in [line.clone(), line[..line.len() - 1].to_owned(), format!("{line}{value}")] {
            for entry in json(&text) {
                if let Err(bad) = entry {
                    let told = format!("{bad} {bad:?}");
                    prop_assert!(!told.contains("SECRET"), "{}", told);
                }
            }
        }
    }
}
