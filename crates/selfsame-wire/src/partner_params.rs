//! `partner_params`: what the partner sends along, echoed byte for byte; names that are absent are added.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::error::{ErrorCode, WireError};
use crate::fields::Fields;
use crate::id::{IdError, JobId, UserId};
use crate::job_type::JobType;
use crate::json;

/// A JSON object kept as its text: any keys, in the order and spelling in which they came.
#[derive(Clone)]
pub struct PartnerParams(Box<RawValue>);

/// The keys that the server reads. Each may stand once: of two, readers of the echo could take either.
const READ: [&str; 4] = ["job_id", "user_id", "job_type", "sandbox_result"];

impl PartnerParams {
    /// Takes a JSON object.
    ///
    /// # Errors
    /// 2204 when it is no object; 2203 when it nests too deep, holds what a reader of the echo could not read, or names
    /// twice a key that the server reads.
    pub fn new(raw: Box<RawValue>) -> Result<Self, WireError> {
        if !raw.get().trim_start().starts_with('{') {
            return Err(WireError::wrong_type("partner_params", "an object"));
        }
        let invalid =
            |why: &str| WireError::new(ErrorCode::InvalidJson, format!("partner_params: {why}"));
        json::check(raw.get()).map_err(|e| invalid(&e))?;
        let params = Self(raw);
        let members = params.members();
        for name in READ {
            if members.iter().filter(|(key, _)| key == name).count() > 1 {
                return Err(invalid(&format!("it names {name} twice")));
            }
        }
        drop(members);
        Ok(params)
    }

    /// Takes the text of a JSON object; a byte-order mark before it is passed over.
    ///
    /// # Errors
    /// 2203 when it is not JSON, and as [`Self::new`].
    pub fn parse(text: &str) -> Result<Self, WireError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let raw = serde_json::from_str::<&RawValue>(text)
            .map_err(|e| WireError::new(ErrorCode::InvalidJson, format!("partner_params: {e}")))?;
        Self::new(raw.to_owned())
    }

    /// The text as it came.
    #[must_use]
    pub fn as_json(&self) -> &str {
        self.0.get()
    }

    /// With the job's and the user's name where they are absent, null or empty; all else stays byte for byte.
    ///
    /// `job_type` is not among them: of the iOS SDK, versions up to 11.1.7 read text only here, and later ones a number.
    #[must_use]
    pub fn naming(&self, job: &JobId, user: &UserId) -> Self {
        self.with("job_id", &Value::from(job.as_str()))
            .with("user_id", &Value::from(user.as_str()))
    }

    /// With the job's and the user's name, whatever stood in their place; all else stays byte for byte.
    #[must_use]
    pub fn named(&self, job: &JobId, user: &UserId) -> Self {
        self.put("job_id", &Value::from(job.as_str()), |_| true)
            .put("user_id", &Value::from(user.as_str()), |_| true)
    }

    /// With the job type, as a number, where it is absent: v1's results have it, and the public Java client does not read
    /// one without.
    #[must_use]
    pub fn typed(&self, job_type: u8) -> Self {
        self.with("job_type", &Value::from(job_type))
    }

    /// With another's members in place of its own of the same name, and the rest of them behind. The last of two of one name counts.
    #[must_use]
    pub fn overridden_by(&self, over: &Self) -> Self {
        let object = |params: &Self| -> IndexMap<String, Box<RawValue>> {
            // It was checked when it was made.
            serde_json::from_str(params.as_json()).unwrap_or_default()
        };
        let mut whole = object(self);
        whole.extend(object(over));
        to_raw_value(&whole).map_or_else(|_| over.clone(), Self)
    }

    fn members(&self) -> Vec<(String, &RawValue)> {
        // It was checked when it was made.
        serde_json::from_str(self.0.get()).map_or_else(|_| Vec::new(), |Members(members)| members)
    }

    /// With a value under a key that is absent, null or empty text.
    fn with(&self, name: &str, value: &Value) -> Self {
        self.put(name, value, |old| matches!(old, "null" | "\"\""))
    }

    /// With a value under a key that is absent, or whose value may go.
    fn put(&self, name: &str, value: &Value, goes: impl Fn(&str) -> bool) -> Self {
        let text = self.0.get();
        let found = self.members().into_iter().find(|(key, _)| key == name);
        let changed = match found {
            Some((_, old)) if goes(old.get()) => {
                // The old value is a part of the text: its address tells where it stands.
                let at = old.get().as_ptr().addr() - text.as_ptr().addr();
                let (before, after) = (text.get(..at), text.get(at + old.get().len()..));
                before.zip(after).map(|(b, a)| format!("{b}{value}{a}"))
            }
            Some(_) => None,
            None => text.trim_end().strip_suffix('}').map(|open| {
                let comma = if open.trim_end().ends_with('{') {
                    ""
                } else {
                    ","
                };
                format!("{open}{comma}{}:{value}}}", Value::from(name))
            }),
        };
        changed
            .and_then(|text| RawValue::from_string(text).ok())
            .map_or_else(|| self.clone(), Self)
    }

    fn fields(&self) -> Result<Fields<'_>, WireError> {
        Ok(Fields::parse(self.0.get().as_bytes())?.within("partner_params."))
    }

    /// The partner's name of the job.
    ///
    /// # Errors
    /// 2213 when it is missing, 2204 when it is not an identifier.
    pub fn job_id(&self) -> Result<JobId, WireError> {
        self.job_id_if_given()?
            .ok_or_else(|| WireError::missing("partner_params.job_id"))
    }

    /// The partner's name of the job, if it has one.
    ///
    /// # Errors
    /// 2204 when it is not an identifier.
    pub fn job_id_if_given(&self) -> Result<Option<JobId>, WireError> {
        let text = self.fields()?.identifier("job_id")?;
        text.map(JobId::new).transpose().map_err(|e| not_an_id(&e))
    }

    /// The partner's name of the user.
    ///
    /// # Errors
    /// 2213 when it is missing, 2204 when it is not an identifier.
    pub fn user_id(&self) -> Result<UserId, WireError> {
        self.user_id_if_given()?
            .ok_or_else(|| WireError::missing("partner_params.user_id"))
    }

    /// The partner's name of the user, if it has one.
    ///
    /// # Errors
    /// 2204 when it is not an identifier.
    pub fn user_id_if_given(&self) -> Result<Option<UserId>, WireError> {
        let text = self.fields()?.identifier("user_id")?;
        text.map(UserId::new).transpose().map_err(|e| not_an_id(&e))
    }

    /// The job type, if there is one: of look-ups it may be left out.
    ///
    /// # Errors
    /// 2204 when it is no number, 2212 when there is no such type.
    pub fn job_type_if_given(&self) -> Result<Option<JobType>, WireError> {
        let number = self.fields()?.whole_number("job_type")?;
        number
            .map(|number| JobType::named("partner_params.job_type", number))
            .transpose()
    }

    /// The job type, a number or the text of one; `4.0` is 4.
    ///
    /// # Errors
    /// 2213 when it is missing, 2204 when it is no number, 2212 when there is no such type.
    pub fn job_type(&self) -> Result<JobType, WireError> {
        self.job_type_if_given()?
            .ok_or_else(|| WireError::missing("partner_params.job_type"))
    }

    /// The result that a sandbox request forces, as it was written: text or a number.
    ///
    /// # Errors
    /// 2204 when it is neither.
    pub fn sandbox_result(&self) -> Result<Option<String>, WireError> {
        self.fields()?.scalar("sandbox_result")
    }
}

fn not_an_id(error: &IdError) -> WireError {
    WireError::new(ErrorCode::WrongType, format!("partner_params.{error}"))
}

/// The members of an object in their order, each as often as it stands there.
struct Members<'j>(Vec<(String, &'j RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = object.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

impl Default for PartnerParams {
    /// Without any keys.
    fn default() -> Self {
        match RawValue::from_string("{}".to_owned()) {
            Ok(raw) => Self(raw),
            Err(_) => unreachable!("an empty object is JSON"),
        }
    }
}

impl fmt::Debug for PartnerParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Partners put personal data here: it stays out of logs.
        write!(f, "PartnerParams({} bytes)", self.0.get().len())
    }
}

impl PartialEq for PartnerParams {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Serialize for PartnerParams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PartnerParams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Box::<RawValue>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(json: &str) -> PartnerParams {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn every_byte_comes_back() {
        let json = r#"{ "job_id" :"j","user_id":"u", "job_type":4,"n":1.50e3, "é":"\u00e9","z":{"b":1,"a":[ ]}}"#;
        assert_eq!(serde_json::to_string(&params(json)).unwrap(), json);
        assert_eq!(
            params(json).job_type().unwrap(),
            JobType::SmartSelfieRegistration
        );
    }

    #[test]
    fn what_is_put_over_counts_and_values_keep_their_spelling() {
        let given = params(r#"{"order":8, "mine" : 1.50, "order": 9}"#);
        let whole = given.overridden_by(&params(r#"{"order":"7","é":"\u00e9"}"#));
        assert_eq!(whole.as_json(), r#"{"order":"7","mine":1.50,"é":"\u00e9"}"#);
        let nothing = given.overridden_by(&params("{}"));
        assert_eq!(nothing.as_json(), r#"{"order":9,"mine":1.50}"#);
    }

    #[test]
    fn each_fault_has_its_code() {
        let code = |json: &str| {
            let p = params(json);
            p.job_id()
                .err()
                .or(p.user_id().err())
                .or(p.job_type().err())
                .map(|e| e.code.code())
        };
        assert_eq!(code(r#"{"job_id":"j","user_id":"u","job_type":"2"}"#), None);
        assert_eq!(code(r#"{"user_id":"u","job_type":2}"#), Some("2213"));
        assert_eq!(
            code(r#"{"job_id":"","user_id":"u","job_type":2}"#),
            Some("2213")
        );
        assert_eq!(code(r#"{"job_id":7,"user_id":8,"job_type":2.0}"#), None);
        assert_eq!(
            code(r#"{"job_id":"j","user_id":"u","job_type":"4.0"}"#),
            None
        );
        assert_eq!(
            code(r#"{"job_id":[7],"user_id":"u","job_type":2}"#),
            Some("2204")
        );
        assert_eq!(
            code(r#"{"job_id":"j","user_id":"u","job_type":2.5}"#),
            Some("2204")
        );
        assert_eq!(
            code(r#"{"job_id":"j","user_id":"u","job_type":true}"#),
            Some("2204")
        );
        assert_eq!(
            code(r#"{"job_id":"j","user_id":"u\n","job_type":2}"#),
            Some("2204")
        );
        assert_eq!(
            code(r#"{"job_id":"j","user_id":"u","job_type":"two"}"#),
            Some("2204")
        );
        assert_eq!(
            code(r#"{"job_id":"j","user_id":"u","job_type":99}"#),
            Some("2212")
        );
        assert!(serde_json::from_str::<PartnerParams>("[1]").is_err());
        assert!(serde_json::from_str::<PartnerParams>(r#"{"x":1e999}"#).is_err());
        assert!(serde_json::from_str::<PartnerParams>(r#"{"x":1,"x":2}"#).is_ok());
        for name in READ {
            let twice = format!(r#"{{"{name}":"1","{name}":"1"}}"#);
            assert!(serde_json::from_str::<PartnerParams>(&twice).is_err());
        }
    }

    #[test]
    fn a_name_that_was_sent_gives_way_to_the_jobs_own() {
        let (job, user) = (JobId::new("j").unwrap(), UserId::new("u").unwrap());
        let named = |json: &str| params(json).named(&job, &user).as_json().to_owned();
        assert_eq!(
            named(r#"{ "user_id" : "victim","n":1.0e2}"#),
            r#"{ "user_id" : "u","n":1.0e2,"job_id":"j"}"#
        );
        assert_eq!(
            named(r#"{"job_id":{"a":[1]},"user_id":7}"#),
            r#"{"job_id":"j","user_id":"u"}"#
        );
    }

    #[test]
    fn absent_names_are_added_and_the_rest_is_kept_byte_for_byte() {
        let (job, user) = (JobId::new("j\"1").unwrap(), UserId::new("ü").unwrap());
        let named = |json: &str| params(json).naming(&job, &user).as_json().to_owned();
        let added = r#""job_id":"j\"1","user_id":"ü""#;
        assert_eq!(named("{}"), format!("{{{added}}}"));
        assert_eq!(named("{ }"), format!("{{ {added}}}"));
        assert_eq!(
            named(r#"{"n":1.50e3, "é":"\u00e9" }"#),
            format!(r#"{{"n":1.50e3, "é":"\u00e9" ,{added}}}"#)
        );
        assert_eq!(
            named(r#"{"user_id": null ,"n":007e0,"job_id":""}"#.replace("007", "7").as_str()),
            r#"{"user_id": "ü" ,"n":7e0,"job_id":"j\"1"}"#
        );
        for whole in [
            r#"{"job_id":"a","user_id":"b"}"#,
            r#"{"user_id":8.0,"x":{"job_id":1},"job_id":7}"#,
        ] {
            assert_eq!(named(whole), whole);
        }
        assert_eq!(params("{}").typed(4).as_json(), r#"{"job_type":4}"#);
        assert_eq!(
            params(r#"{"job_type":"4"}"#).typed(4).as_json(),
            r#"{"job_type":"4"}"#
        );
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_sent_the_names_are_there_once(keys in proptest::collection::vec("(job_id|user_id|[a-z\"\\\\é]{0,4})", 0..5)) {
            let mut object = serde_json::Map::new();
            for key in keys {
                object.insert(key, Value::from("x"));
            }
            let sent = params(&Value::Object(object.clone()).to_string());
            let named = sent.naming(&JobId::new("j").unwrap(), &UserId::new("u").unwrap());
            let read: serde_json::Map<String, Value> = serde_json::from_str(named.as_json()).unwrap();
            object.entry("job_id").or_insert_with(|| "j".into());
            object.entry("user_id").or_insert_with(|| "u".into());
            proptest::prop_assert_eq!(read, object);
            proptest::prop_assert!(PartnerParams::parse(named.as_json()).is_ok());
        }
    }
}
