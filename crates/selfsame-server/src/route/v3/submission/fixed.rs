//! What a token fixes of a submission.

use selfsame_wire::partner_params::PartnerParams;

use super::form::Texts;
use crate::route::v3::admitted::Admitted;

/// Puts what the token fixes over what the form says.
pub(super) fn put_over(texts: &mut Texts, admitted: &Admitted) {
    let payload = &admitted.bound.payload;
    for (place, fixed) in [
        (&mut texts.country, payload.country.as_ref()),
        (&mut texts.id_type, payload.id_type.as_ref()),
        (
            &mut texts.id_number,
            payload.id_number.as_ref().map(|p| &p.0),
        ),
        (&mut texts.callback_url, payload.callback_url.as_ref()),
    ] {
        if let Some(fixed) = fixed {
            *place = Some(fixed.clone());
        }
    }
    if let Some(consent) = &payload.consent {
        texts.consent = serde_json::to_string(consent).ok();
    }
    let said = [
        ("given_names", &payload.given_names),
        ("last_name", &payload.last_name),
        ("email", &payload.email),
        ("phone_number", &payload.phone_number),
    ];
    if said.iter().any(|(_, fixed)| fixed.is_some()) {
        // A part that is no object stays as it is, and is refused when it is read.
        let mut object = texts
            .user_details
            .as_deref()
            .map_or(Some(serde_json::Map::new()), |json| {
                serde_json::from_str(json).ok()
            });
        if let Some(object) = &mut object {
            for (name, fixed) in said {
                if let Some(fixed) = fixed {
                    object.insert(name.to_owned(), fixed.0.clone().into());
                }
            }
            texts.user_details = serde_json::to_string(object).ok();
        }
    }
    if let Some(fixed) = &admitted.bound.partner_params {
        texts.partner_params = Some(match texts.partner_params.as_deref() {
            None => fixed.as_json().to_owned(),
            // What is no object is refused later, in the form's own words.
            Some(given) => PartnerParams::parse(given).map_or_else(
                |_| given.to_owned(),
                |given| given.overridden_by(fixed).as_json().to_owned(),
            ),
        });
    }
}
