//! The identity that a submission names.

use selfsame_authority::id_types::{Product, Unfit};
use selfsame_job::identity::IdentityQuery;
use selfsame_wire::error::WireError;
use selfsame_wire::id_info::{Country, IdInfo, IdNumber, IdType};
use selfsame_wire::v3::user_details::UserDetails;

use super::form::Texts;
use crate::app::{App, Caller};
use crate::route::v3::Refused;

/// What an ID type may need beside the number, and a form can say: in parts of its own, or in `user_details`.
const HAVE_A_PART: [&str; 6] = [
    "bank_code",
    "operator",
    "first_name",
    "last_name",
    "phone_number",
    "email",
];

/// Reads it. What some ID types need beside the number is taken from what the person says of itself.
///
/// # Errors
/// 400 naming the field; 403 where the partner may not ask for such an ID. Whether the number fits its type is a result.
pub(super) fn read(
    app: &App,
    caller: &Caller,
    texts: &Texts,
    details: &UserDetails,
    product: Product,
) -> Result<IdInfo, Refused> {
    let required =
        |name: &str, given: &Option<String>| given.clone().ok_or_else(|| WireError::missing(name));
    let wrong = |name: &str, wanted: &str| WireError::wrong_type(name, wanted);
    let country = Country::new(&required("country", &texts.country)?)
        .ok_or_else(|| wrong("country", "two letters"))?;
    let id_type = IdType::new(&required("id_type", &texts.id_type)?)
        .ok_or_else(|| wrong("id_type", "capitals, digits and _, at most 64"))?;
    let id_number = IdNumber::new(&required("id_number", &texts.id_number)?)
        .ok_or_else(|| wrong("id_number", "text of at most 128 bytes"))?;
    let short = |name: &str, given: &Option<String>| match given {
        Some(text) if text.len() > 256 || text.chars().any(char::is_control) => {
            Err(wrong(name, "text of at most 256 bytes"))
        }
        given => Ok(given.clone()),
    };
    let given = IdInfo {
        country: Some(country),
        id_type: Some(id_type),
        id_number: Some(id_number),
        entered: Some(true),
        first_name: Some(details.given_names.clone()),
        last_name: Some(details.last_name.clone()),
        phone_number: details.phone_number.clone(),
        email: details.email.clone(),
        bank_code: short("bank_code", &texts.bank_code)?,
        operator: short("operator", &texts.operator)?,
        ..IdInfo::default()
    };
    let query = IdentityQuery::new(&given).map_err(|missing| WireError::missing(missing.0))?;
    let offered = app.authorities.enabled(
        &caller.partner.id,
        caller.environment,
        query.country,
        &query.id_type,
    );
    if !offered.is_some_and(|offered| offered.products.contains(&product)) {
        return Err(Refused::forbidden(format!(
            "the ID type {} of {} is not enabled for this partner and product; /v3/services/config lists what is",
            query.id_type, query.country
        )));
    }
    if let Err(Unfit::Missing(field)) = app.authorities.id_types().check(&query) {
        return Err(if HAVE_A_PART.contains(&field) {
            WireError::missing(field).into()
        } else {
            Refused::forbidden(format!(
                "the ID type {} of {} needs {field}, which v3 has no part for",
                query.id_type, query.country
            ))
        });
    }
    Ok(given)
}
