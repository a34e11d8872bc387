//! Who calls: by the header `SmileID-Token`.

use axum::body::Body;
use axum::http::HeaderMap;
use selfsame_wire::id::UserId;
use selfsame_wire::v3::product::Product;
use selfsame_wire::v3::token::Bound;
use selfsame_wire::v3::{PARTNER_ID, TOKEN};

use super::Refused;
use crate::app::{App, Caller, Scope};
use crate::body::signed::signed;
use crate::v3_tokens;

/// A caller whom a token lets in, and what the token fixes.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    pub(crate) caller: Caller,
    pub(crate) bound: Bound,
}

/// Finds the caller by the token in the headers.
///
/// # Errors
/// 401 without a token that opens something; 403 where the headers name another partner or production is not enabled; 429.
pub(crate) async fn admit(
    app: &App,
    scope: Scope,
    headers: &HeaderMap,
) -> Result<Admitted, Refused> {
    let token = headers.get(TOKEN).ok_or_else(|| {
        Refused::unauthenticated(
            "the header SmileID-Token is missing; send the token that /v3/token gave",
        )
    })?;
    // What is no text is no token either.
    let token = token.to_str().unwrap_or_default();
    let (caller, bound) = v3_tokens::open(app, scope, token).await?;
    let names_another = headers
        .get(PARTNER_ID)
        .is_some_and(|named| named.as_bytes() != caller.partner.id.as_str().as_bytes());
    if names_another {
        return Err(Refused::forbidden(
            "the header SmileID-Partner-ID names another partner than the token's",
        ));
    }
    Ok(Admitted { caller, bound })
}

impl Admitted {
    /// Whether the token may be used for this product.
    ///
    /// # Errors
    /// 403 where it is for another one.
    pub(crate) fn permits(&self, product: Product) -> Result<(), Refused> {
        match self.bound.product {
            Some(fixed) if fixed != product => Err(Refused::forbidden(format!(
                "the token is for the product {fixed}, and this is {product}; ask /v3/token for one of this product"
            ))),
            _ => Ok(()),
        }
    }

    /// The user that the request is about: the token's, where it fixes one.
    ///
    /// # Errors
    /// 403 where the request names another one.
    pub(crate) fn user(&self, requested: Option<UserId>) -> Result<Option<UserId>, Refused> {
        match (&self.bound.user_id, requested) {
            (Some(fixed), Some(requested)) if *fixed != requested => Err(Refused::forbidden(
                "the token is for another user than the request names",
            )),
            (fixed, requested) => Ok(fixed.clone().or(requested)),
        }
    }

    /// Whether a job may put another face in place of the one on file: the token says it where it fixes it, and the request may ask
    /// for less.
    ///
    /// # Errors
    /// 403 where the request asks for what the token rules out.
    pub(crate) fn allow_new_enroll(&self, requested: Option<bool>) -> Result<bool, Refused> {
        match (self.bound.allow_new_enroll, requested) {
            (Some(false), Some(true)) => Err(Refused::forbidden(
                "the token does not let a face be replaced: leave allow_new_enroll out, or ask /v3/token for a token that allows it",
            )),
            (fixed, requested) => Ok(requested.or(fixed).unwrap_or(false)),
        }
    }

    /// The body, which comes to its end only where the partner signed it, of partners that must.
    ///
    /// # Errors
    /// 401 where it must be signed, and the headers say none or an old one.
    pub(crate) fn body(&self, app: &App, headers: &HeaderMap, body: Body) -> Result<Body, Refused> {
        let Caller {
            partner,
            environment,
        } = &self.caller;
        if !partner.signs_bodies {
            return Ok(body);
        }
        let (key, window) = (partner.key(*environment), &app.config.limits.window);
        Ok(signed(headers, key, window, body)?)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use selfsame_job::callback_url::CallbackUrls;
    use selfsame_job::partner::Partner;
    use selfsame_wire::id::Environment;
    use selfsame_wire::signature::ApiKey;
    use selfsame_wire::v3::token::TokenRequest;

    use super::*;

    fn admitted(user: Option<&str>, product: Option<Product>) -> Admitted {
        let partner = Partner {
            id: "p".parse().unwrap(),
            name: String::new(),
            production_enabled: false,
            signs_bodies: false,
            callback_urls: CallbackUrls::default(),
            sandbox_key: ApiKey::new("s"),
            production_key: ApiKey::new("p"),
            created_at: Timestamp::UNIX_EPOCH,
        };
        let environment = Environment::Sandbox;
        let bound = TokenRequest::default().bound(partner.id.clone(), environment);
        Admitted {
            caller: Caller {
                partner,
                environment,
            },
            bound: Bound {
                user_id: user.map(|user| user.parse().unwrap()),
                product,
                ..bound
            },
        }
    }

    #[test]
    fn a_token_serves_its_product_and_user_alone() {
        use Product::{BiometricKyc, EnhancedKyc};
        let (ada, eve): (UserId, UserId) = ("ada".parse().unwrap(), "eve".parse().unwrap());
        let fixed = admitted(Some("ada"), Some(BiometricKyc));
        assert!(fixed.permits(BiometricKyc).is_ok());
        assert!(fixed.permits(EnhancedKyc).is_err());
        assert_eq!(fixed.user(None).unwrap().as_ref(), Some(&ada));
        assert_eq!(fixed.user(Some(ada.clone())).unwrap(), Some(ada));
        assert!(fixed.user(Some(eve.clone())).is_err());
        let free = admitted(None, None);
        assert!(free.permits(EnhancedKyc).is_ok());
        assert_eq!(free.user(Some(eve.clone())).unwrap(), Some(eve));
        assert_eq!(free.user(None).unwrap(), None);
    }

    #[test]
    fn a_token_that_lets_no_face_be_replaced_is_not_talked_over() {
        let of = |fixed| Admitted {
            bound: Bound {
                allow_new_enroll: fixed,
                ..admitted(None, None).bound
            },
            ..admitted(None, None)
        };
        for (fixed, requested, wanted) in [
            (None, None, Some(false)),
            (None, Some(true), Some(true)),
            (Some(true), None, Some(true)),
            (Some(true), Some(false), Some(false)),
            (Some(false), None, Some(false)),
            (Some(false), Some(false), Some(false)),
            (Some(false), Some(true), None),
        ] {
            let allowed = of(fixed).allow_new_enroll(requested).ok();
            assert_eq!(allowed, wanted, "{fixed:?} {requested:?}");
        }
    }
}
