//! What a bucket said when it failed, in words that name the bucket and what to do, and hold no secret.

use object_store::Error;

use crate::error::StoreError;

/// The most of a server's own words that is shown.
const SHOWN: usize = 300;

/// Something that was asked of a bucket.
pub(super) struct Asked<'a> {
    place: &'a str,
    doing: &'static str,
}

impl<'a> Asked<'a> {
    pub(super) const fn new(place: &'a str, doing: &'static str) -> Self {
        Self { place, doing }
    }

    fn error(&self, said: String, advice: &'static str) -> StoreError {
        StoreError::Objects {
            place: self.place.to_owned(),
            doing: self.doing,
            said,
            advice,
        }
    }

    pub(super) fn failed(&self, error: &Error) -> StoreError {
        if no_such_bucket(error) {
            return self.no_bucket();
        }
        let advice = match error {
            _ if denied(error) => CREDENTIALS,
            Error::NotImplemented { .. } | Error::NotSupported { .. } => NO_CONDITIONS,
            _ if said(error).contains("NotImplemented") => NO_CONDITIONS,
            _ => {
                "check that the endpoint is the right one (AWS_ENDPOINT_URL) and answers, over https or with AWS_ALLOW_HTTP=true"
            }
        };
        self.error(said(error), advice)
    }

    pub(super) fn no_bucket(&self) -> StoreError {
        self.error(
            "there is no such bucket".to_owned(),
            "make it, or check its name and the endpoint (AWS_ENDPOINT_URL)",
        )
    }

    pub(super) fn took_too_long(&self) -> StoreError {
        self.error(
            "it took too long".to_owned(),
            "check that the endpoint answers and how long it takes",
        )
    }

    pub(super) fn lost(&self) -> StoreError {
        self.error(
            "what was just written is not there".to_owned(),
            "the server must let everybody read at once what was written: take another, or ask its makers",
        )
    }

    pub(super) fn overwrites(&self) -> StoreError {
        self.error(
            "it writes over objects that are there, though asked not to".to_owned(),
            NO_CONDITIONS,
        )
    }
}

const CREDENTIALS: &str = "check the credentials (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or their like), and that they may \
                           read, write, list and delete there";
/// What S3 calls a refusal.
const REFUSALS: [&str; 3] = [
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
    "AccessDenied",
];
const NO_CONDITIONS: &str = "the server must know create-only writes (the header If-None-Match), and does not: take a newer \
                             one, or another";

/// There is not even a bucket: this must not pass for a missing object.
pub(super) fn no_such_bucket(error: &Error) -> bool {
    let text = error.to_string();
    ["NoSuchBucket", "ContainerNotFound"]
        .iter()
        .any(|code| text.contains(code))
}

/// The credentials are not right, or may not do this. The library tells it of some operations only: of a list it does not.
fn denied(error: &Error) -> bool {
    let text = error.to_string();
    let codes = [
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "AccessDenied",
        "AuthenticationFailed",
    ];
    matches!(
        error,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. }
    ) || codes.iter().any(|code| text.contains(code))
}

/// The text of an XML element.
fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once('<').map(|(inner, _)| inner)
}

/// The server's own words where it found some, else the library's and the first cause. URLs lose their query, which is where
/// signatures stand.
fn said(error: &Error) -> String {
    let text = error.to_string();
    let mut said = match (element(&text, "Code"), element(&text, "Message")) {
        (Some(code), Some(message)) => format!("{code}: {}", message.trim_end_matches('.')),
        (Some(code), None) => code.to_owned(),
        _ => {
            let mut cause: &dyn std::error::Error = error;
            while let Some(next) = cause.source() {
                cause = next;
            }
            let cause = cause.to_string();
            let library = without_queries(&text);
            if text.contains(&cause) {
                library
            } else {
                format!("{library}: {}", without_queries(&cause))
            }
        }
    };
    if let Some((at, _)) = said.char_indices().nth(SHOWN) {
        said.truncate(at);
        said.push('…');
    }
    said
}

fn without_queries(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.split_once('?') {
        Some((url, _)) if url.contains("://") => url,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> Error {
        Error::Generic {
            store: "S3",
            source: text.into(),
        }
    }

    #[test]
    fn an_error_says_where_and_what_to_do_and_no_signature() {
        let asked = Asked::new("s3://faces/p", "writing a package");
        let body = "403: <Error><Code>SignatureDoesNotMatch</Code><Message>No match</Message><StringToSign>AWS4 x</StringToSign>";
        let denied = Error::PermissionDenied {
            path: "p/1".to_owned(),
            source: body.into(),
        };
        let told = asked.failed(&denied).to_string();
        for part in [
            "s3://faces/p",
            "writing a package",
            "SignatureDoesNotMatch",
            "AWS_SECRET_ACCESS_KEY",
        ] {
            assert!(told.contains(part), "{told}");
        }
        assert!(!told.contains("AWS4 x"), "{told}");

        let listed = generic("403: <Error><Code>AccessDenied</Code><Message>No.</Message></Error>");
        let told = asked.failed(&listed).to_string();
        assert!(told.contains("No; check the credentials"), "{told}");

        let told = asked
            .failed(&generic("GET https://x.example/a?sig=hush failed"))
            .to_string();
        assert!(told.contains("https://x.example/a failed"), "{told}");
        assert!(!told.contains("hush"), "{told}");

        let long = asked.failed(&generic(&"é".repeat(5000))).to_string();
        assert!(long.chars().count() < 700);
    }

    #[test]
    fn a_missing_bucket_is_no_missing_object() {
        let bucket = Error::NotFound {
            path: "p/1".to_owned(),
            source: "404: <Code>NoSuchBucket</Code>".into(),
        };
        assert!(no_such_bucket(&bucket));
        let told = Asked::new("s3://faces", "reading a package").failed(&bucket);
        assert!(told.to_string().contains("no such bucket"), "{told}");
        let object = Error::NotFound {
            path: "p/1".to_owned(),
            source: "404: <Code>NoSuchKey</Code>".into(),
        };
        assert!(!no_such_bucket(&object));
    }
}
