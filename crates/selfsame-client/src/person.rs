//! Who somebody is, as far as a result says so: what those of job types 1 and 5 hold beside their codes.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use crate::result::JobResult;

/// What the wire writes where the authority has nothing to tell.
const LACKING: &str = "Not Available";

/// Base64, with padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Personal information. `None` where the authority lacks it, or it is of another type than the wire's.
impl JobResult {
    /// Whose authority was asked: two letters.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.known("Country")
    }

    /// Which of its records.
    #[must_use]
    pub fn id_type(&self) -> Option<&str> {
        self.known("IDType")
    }

    /// The number that was looked up.
    #[must_use]
    pub fn id_number(&self) -> Option<&str> {
        self.known("IDNumber")
    }

    /// The person's whole name, by the authority.
    #[must_use]
    pub fn full_name(&self) -> Option<&str> {
        self.known("FullName")
    }

    /// When the person was born, by the authority: most often `YYYY-MM-DD`.
    #[must_use]
    pub fn dob(&self) -> Option<&str> {
        self.known("DOB")
    }

    /// The person's gender, as the authority writes it.
    #[must_use]
    pub fn gender(&self) -> Option<&str> {
        self.known("Gender")
    }

    /// The authority's photo of the person: the file's bytes, most often JPEG.
    #[must_use]
    pub fn photo(&self) -> Option<Vec<u8>> {
        bytes_of(self.known("Photo")?)
    }

    /// The person's telephone number, by the authority.
    #[must_use]
    pub fn phone_number(&self) -> Option<&str> {
        self.known("PhoneNumber")
    }

    /// Where the person lives, by the authority.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.known("Address")
    }

    /// Until when the ID is valid.
    #[must_use]
    pub fn expiration_date(&self) -> Option<&str> {
        self.known("ExpirationDate")
    }

    /// What else the authority told, in its own words.
    #[must_use]
    pub fn full_data(&self) -> Option<&Map<String, Value>> {
        self.to_json()["FullData"].as_object()
    }

    /// Whether somebody was registered with this number before.
    #[must_use]
    pub fn id_number_previously_registered(&self) -> Option<bool> {
        self.to_json()["IDNumberPreviouslyRegistered"].as_bool()
    }

    /// Who was registered with this number before: the partner's names of them.
    #[must_use]
    pub fn user_ids_of_previous_registrants(&self) -> Option<Vec<&str>> {
        let list = self.to_json()["UserIDsOfPreviousRegistrants"].as_array()?;
        Some(list.iter().filter_map(Value::as_str).collect())
    }

    /// Where a page is to be had that says what was asked and what matched. The link ends soon.
    #[must_use]
    pub fn kyc_receipt(&self) -> Option<&str> {
        self.known("KYCReceipt")
    }

    /// What speaks for fraud: a summary, and users who may be the same person.
    #[must_use]
    pub fn antifraud(&self) -> Option<&Map<String, Value>> {
        self.to_json()["Antifraud"].as_object()
    }

    /// Text that says something.
    fn known(&self, field: &str) -> Option<&str> {
        let text = self.to_json()[field].as_str()?;
        (!text.is_empty() && text != LACKING).then_some(text)
    }
}

/// Base64, also as a data URL or in lines; `None` where it is none.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let bare = match text.strip_prefix("data:") {
        Some(url) => url.split_once(',')?.1,
        None => text,
    };
    let bare: String = bare.split_whitespace().collect();
    LENIENT.decode(bare).ok().filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photos_come_back_however_they_are_wrapped() {
        for length in 1..70 {
            let bytes: Vec<u8> = (0..length).collect();
            let text = base64::engine::general_purpose::STANDARD.encode(&bytes);
            let (first, rest) = text.split_at(text.len() / 2);
            let wrapped = format!(
                "data:image/jpeg;base64,{first}\r\n{}",
                rest.trim_end_matches('=')
            );
            assert_eq!(bytes_of(&text).as_ref(), Some(&bytes));
            assert_eq!(bytes_of(&wrapped).as_ref(), Some(&bytes));
        }
    }

    #[test]
    fn what_is_no_photo_is_none() {
        for text in [
            "",
            " ",
            "data:",
            "data:image/jpeg;base64,",
            "A",
            "====",
            "§§§",
            "AA-_",
            "AAAA=A",
        ] {
            assert_eq!(bytes_of(text), None, "{text:?}");
        }
    }
}
