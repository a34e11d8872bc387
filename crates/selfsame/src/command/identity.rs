//! Who is looked up: options, and a file in the place of those that should not stand in the list of processes.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// More is no ID information, and no consent.
const LARGEST: u64 = 64 * 1024;

/// ID information. What an option says replaces what the file says.
#[derive(clap::Args)]
pub(crate) struct Identity {
    /// A file with ID information as JSON, in the wire's names (`id_info`); `-` is the standard input.
    #[arg(long, value_name = "FILE")]
    id_info: Option<PathBuf>,
    /// Whose authority is asked: two letters, e.g. NG.
    #[arg(long, value_name = "CC")]
    country: Option<String>,
    /// Which of its records, e.g. NIN.
    #[arg(long, value_name = "TYPE")]
    id_type: Option<String>,
    /// The ID number. It then stands in the list of processes: with real numbers take --id-number-file.
    #[arg(long, value_name = "NUMBER", conflicts_with = "id_number_file")]
    id_number: Option<String>,
    /// A file with the ID number; `-` is the standard input.
    #[arg(long, value_name = "FILE")]
    id_number_file: Option<PathBuf>,
    /// Given name.
    #[arg(long, value_name = "NAME")]
    first_name: Option<String>,
    /// Middle names.
    #[arg(long, value_name = "NAME")]
    middle_name: Option<String>,
    /// Family name.
    #[arg(long, value_name = "NAME")]
    last_name: Option<String>,
    /// Date of birth.
    #[arg(long, value_name = "YYYY-MM-DD")]
    dob: Option<String>,
    /// Gender, M or F.
    #[arg(long)]
    gender: Option<String>,
    /// Telephone number.
    #[arg(long, value_name = "NUMBER")]
    phone_number: Option<String>,
    /// The bank, where the ID number is an account's.
    #[arg(long, value_name = "CODE")]
    bank_code: Option<String>,
}

impl Identity {
    /// All that is said, in the wire's names.
    pub(crate) fn read(&self) -> Result<Map<String, Value>, String> {
        let is_input = |path: Option<&Path>| path == Some(Path::new("-"));
        if is_input(self.id_info.as_deref()) && is_input(self.id_number_file.as_deref()) {
            return Err(
                "the standard input is one file: --id-info or --id-number-file, not both"
                    .to_owned(),
            );
        }
        let mut info = match &self.id_info {
            Some(path) => object(path)?,
            None => Map::new(),
        };
        let number = match &self.id_number_file {
            Some(path) => Some(text(path)?.trim().to_owned()),
            None => self.id_number.clone(),
        };
        for (name, said) in [
            ("country", &self.country),
            ("id_type", &self.id_type),
            ("id_number", &number),
            ("first_name", &self.first_name),
            ("middle_name", &self.middle_name),
            ("last_name", &self.last_name),
            ("dob", &self.dob),
            ("gender", &self.gender),
            ("phone_number", &self.phone_number),
            ("bank_code", &self.bank_code),
        ] {
            if let Some(said) = said {
                info.insert(name.to_owned(), said.as_str().into());
            }
        }
        Ok(info)
    }
}

/// A file's JSON object.
pub(crate) fn object(path: &Path) -> Result<Map<String, Value>, String> {
    // What the parser says may quote the text, which is personal.
    serde_json::from_str(&text(path)?).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!(
            "{}: it is not a JSON object (line {line}, column {column})",
            path.display()
        )
    })
}

fn text(path: &Path) -> Result<String, String> {
    let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(LARGEST + 1)
            .read_to_string(&mut text)
    } else {
        let file = std::fs::File::open(path).map_err(|e| failed(&e))?;
        file.take(LARGEST + 1).read_to_string(&mut text)
    };
    match read {
        Err(error) => Err(failed(&error)),
        Ok(bytes) if bytes as u64 > LARGEST => Err(failed(&"it is larger than 64 KiB")),
        Ok(_) => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Whole {
        #[command(flatten)]
        identity: Identity,
    }

    fn read(arguments: &[&str]) -> Result<Map<String, Value>, String> {
        let whole = Whole::try_parse_from([&["it"], arguments].concat()).map_err(|e| e.to_string());
        whole?.identity.read()
    }

    #[test]
    fn options_replace_what_the_file_says() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("id.json");
        std::fs::write(
            &file,
            r#"{"country":"GH","id_type":"SSNIT","entered":"true"}"#,
        )
        .unwrap();
        let number = folder.path().join("number");
        std::fs::write(&number, "00000000000\n").unwrap();
        let (file, number) = (file.to_str().unwrap(), number.to_str().unwrap());
        let info = read(&[
            "--id-info",
            file,
            "--country",
            "NG",
            "--id-number-file",
            number,
            "--first-name",
            "Joe",
        ])
        .unwrap();
        let whole = serde_json::json!({
            "country": "NG", "id_type": "SSNIT", "entered": "true", "id_number": "00000000000", "first_name": "Joe",
        });
        assert_eq!(Value::from(info), whole);
        assert_eq!(read(&[]).unwrap(), Map::new());
    }

    #[test]
    fn an_error_names_the_file_and_nothing_of_the_person() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("id.json");
        let path = file.to_str().unwrap();
        for (content, why) in [
            (r#"{"id_number": 99887766 5}"#.to_owned(), "JSON object"),
            (r#"["99887766"]"#.to_owned(), "JSON object"),
            (r#""99887766""#.to_owned(), "JSON object"),
            ("9".repeat(70_000), "64 KiB"),
        ] {
            std::fs::write(&file, content).unwrap();
            let error = read(&["--id-info", path]).unwrap_err();
            let told = error.replace(path, "");
            assert!(
                error.contains(path) && told.contains(why) && !told.contains("9988"),
                "{error}"
            );
        }
        let both = read(&["--id-info", "-", "--id-number-file", "-"]).unwrap_err();
        assert!(both.contains("not both"), "{both}");
        let both = read(&["--id-number", "1", "--id-number-file", "-"]).unwrap_err();
        assert!(both.contains("cannot be used with"), "{both}");
    }
}
