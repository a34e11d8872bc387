//! Links: whoever opens one proves who they are on a page that this server has for it.
//!
//! A partner makes a link once and sends it to a person. What the link lets that person do stands in its [`Terms`]; how often and how
//! long, beside them. The name of a link opens it, so it is a secret: `Debug` does not tell it.

mod reference;
mod request;
mod terms;

use jiff::Timestamp;
use serde::Serialize;

use crate::id::UserId;
use crate::id_info::{Country, IdType};
use crate::partner_params::PartnerParams;
use crate::v3::https_url::HttpsUrl;

pub use self::reference::{LinkRef, NotALinkRef};
pub use self::request::{MAX_ID_TYPES, PARTS, SmileLinkRequest};
pub use self::terms::{LinkIdType, Terms, ThemeColor, VerificationMethod};

/// What a person chose at a link. A job that was begun there can be nothing else.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AtLink {
    /// Which link.
    #[serde(rename = "ref_id")]
    pub reference: LinkRef,
    /// The ID's country.
    pub country: Country,
    /// The kind of ID.
    pub id_type: IdType,
}

/// Where a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkState {
    /// A job may be begun there.
    Open,
    /// It was good for one job, which has been submitted.
    Used,
    /// Its time is over.
    Expired,
}

/// The answer to `POST /v3/smile_links`.
#[derive(Debug, Serialize)]
pub struct LinkMade<'a> {
    /// What is sent to the person.
    pub link: &'a str,
    /// For people.
    pub message: &'a str,
    /// The link's name.
    pub ref_id: &'a str,
    /// Whose jobs the link makes; null where each job has a user of its own.
    pub user_id: Option<&'a UserId>,
}

/// The answer to `GET /v3/smile_links/{ref_id}`.
#[derive(Debug, Serialize)]
pub struct LinkTold<'a> {
    /// The link's name.
    pub ref_id: &'a str,
    /// What is sent to the person.
    pub link: &'a str,
    /// Where it stands.
    pub status: LinkState,
    /// Whether one job uses it up.
    pub is_single_use: bool,
    /// How many jobs were begun there.
    pub uses: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its time is over.
    pub expires_at: Timestamp,
    /// Whose jobs it makes; null where each has a user of its own.
    pub user_id: Option<&'a UserId>,
    /// What may be proved there.
    pub id_types: &'a [LinkIdType],
    /// What the page is headed.
    pub name: &'a str,
    /// What the page says below.
    pub description: Option<&'a str>,
    /// Where the person can read what becomes of the data.
    pub notice_privacy_policy_url: &'a HttpsUrl,
    /// Where results go.
    pub callback_url: Option<&'a str>,
    /// The partner's logo.
    pub logo_url: Option<&'a HttpsUrl>,
    /// Where the page leads afterwards.
    pub redirect_url: Option<&'a HttpsUrl>,
    /// The page's colour.
    pub theme_color: Option<&'a ThemeColor>,
    /// What stands in the jobs' partner parameters.
    pub partner_params: Option<&'a PartnerParams>,
}

#[cfg(test)]
mod tests;
