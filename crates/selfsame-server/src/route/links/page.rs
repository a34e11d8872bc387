//! The page itself. What partners wrote is text in it, never markup; what the page's script needs stands in an attribute, for no script
//! may stand in the page.

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use selfsame_store::store::Link;
use selfsame_wire::id::Environment;
use selfsame_wire::id_info::{Country, IdType};
use selfsame_wire::offerings::Bank;
use selfsame_wire::v3::https_url::HttpsUrl;
use selfsame_wire::v3::smile_link::{ThemeColor, VerificationMethod};
use serde::Serialize;

/// What a page may do: run this server's scripts and the engine, show pictures that it made, ask this server; nothing else. Behind
/// `img-src` comes the logo, where it is shown.
const POLICY: [&str; 2] = [
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; worker-src 'self'; connect-src 'self'; \
     media-src 'self' blob: mediastream:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; img-src 'self' blob:",
    ";",
];

/// What a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Shown {
    /// The link.
    Open,
    /// It was good for one job, which was submitted.
    Used,
    /// Its time is over.
    Expired,
    /// There is none of this name.
    Unknown,
}

impl Shown {
    const fn status(self) -> StatusCode {
        match self {
            Self::Open => StatusCode::OK,
            Self::Used | Self::Expired => StatusCode::GONE,
            Self::Unknown => StatusCode::NOT_FOUND,
        }
    }

    /// For who has no script: the script says it in the person's language.
    const fn heading(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Used => "This link was used already",
            Self::Expired => "This link has expired",
            Self::Unknown => "There is no such link",
        }
    }
}

/// One kind of ID that a person may choose.
#[derive(Debug, Serialize)]
pub(super) struct Choice {
    pub(super) country: Country,
    pub(super) country_name: String,
    pub(super) id_type: IdType,
    pub(super) label: String,
    pub(super) method: VerificationMethod,
    /// What its numbers look like.
    pub(super) id_number_regex: String,
    /// What is asked beside the number, by the wire's names.
    pub(super) required_fields: Vec<&'static str>,
    /// Whose accounts they are, where a bank must be named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) banks: Vec<Bank>,
}

/// What the script reads.
#[derive(Debug, Serialize)]
struct Told<'a> {
    state: Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<Open<'a>>,
}

#[derive(Debug, Serialize)]
struct Open<'a> {
    partner: &'a str,
    production: bool,
    policy: &'a HttpsUrl,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect: Option<&'a HttpsUrl>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo: Option<&'a HttpsUrl>,
    #[serde(skip_serializing_if = "Option::is_none")]
    theme: Option<&'a str>,
    /// Head turns are asked for.
    challenge: bool,
    choices: &'a [Choice],
}

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    shown: Shown,
    html: String,
    policy: String,
}

impl Page {
    /// A link's page.
    pub(super) fn of(link: &Link, choices: Vec<Choice>, challenge: bool, logos: bool) -> Self {
        let terms = &link.terms;
        let logo = terms.logo_url.as_ref().filter(|_| logos);
        let told = Told {
            state: Shown::Open,
            open: Some(Open {
                partner: link.partner.as_str(),
                production: link.environment == Environment::Production,
                policy: &terms.notice_privacy_policy_url,
                redirect: terms.redirect_url.as_ref(),
                logo,
                theme: terms.theme_color.as_ref().map(ThemeColor::as_str),
                challenge,
                choices: &choices,
            }),
        };
        let description = terms
            .description
            .as_deref()
            .map(|text| format!("<p id=\"description\">{}</p>", escaped(text)))
            .unwrap_or_default();
        let says = format!(
            "<h1 id=\"name\">{}</h1>{description}<noscript><p>This page needs JavaScript and a camera.</p></noscript>",
            escaped(&terms.name)
        );
        Self {
            shown: Shown::Open,
            html: html(&terms.name, &told, &says),
            policy: policy(logo),
        }
    }

    /// A page that says why there is no link.
    pub(super) fn without(shown: Shown) -> Self {
        let says = format!(
            "<h1>{}</h1><p>Ask whoever sent it for another.</p>",
            shown.heading()
        );
        let told = Told {
            state: shown,
            open: None,
        };
        Self {
            shown,
            html: html(shown.heading(), &told, &says),
            policy: policy(None),
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
            (
                HeaderName::from_static("content-security-policy"),
                self.policy,
            ),
        ];
        (self.shown.status(), headers, self.html).into_response()
    }
}

fn html(title: &str, told: &Told<'_>, says: &str) -> String {
    let told = serde_json::to_string(told).unwrap_or_default();
    // Scripts and styles are named from here, so that the server may stand below a path of its host.
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{}</title><link rel=\"stylesheet\" href=\"../capture/selfsame-link.css\">\
         <script type=\"module\" src=\"../capture/selfsame-link.js\"></script></head>\
         <body><main id=\"link\" data-link=\"{}\">{says}</main></body></html>\n",
        escaped(title),
        escaped(&told)
    )
}

/// As text, and as the value of an attribute in double quotes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// The policy, with the one picture of another host that may be shown. A policy names no queries; what would end a source in it is
/// written as a URL may have it.
fn policy(logo: Option<&HttpsUrl>) -> String {
    let [before, after] = POLICY;
    let source = logo.map_or_else(String::new, |url| {
        let url = url.without_query();
        format!(" {}", url.replace(';', "%3B").replace(',', "%2C"))
    });
    format!("{before}{source}{after}")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use selfsame_wire::v3::smile_link::LinkState;

    use super::*;

    fn link(more: &str) -> Link {
        let terms = format!(
            r#"{{"id_types": [], "notice_privacy_policy_url": "https://shop.example/p?a=1&b=2", "callback_url": null,
                "redirect_url": "https://shop.example/thanks", "partner_params": null{more}}}"#
        );
        Link {
            partner: "p".parse().unwrap(),
            environment: Environment::Sandbox,
            user: None,
            single_use: true,
            created_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::MAX,
            uses: 0,
            state: LinkState::Open,
            terms: serde_json::from_str(&terms).unwrap(),
        }
    }

    fn hostile() -> Link {
        link(
            r##", "name": "</title><script>alert(1)</script>", "description": "\" onload='x' &amp; <img src=x onerror=y>",
               "logo_url": "https://img.example/a;b,c.png?x=';--", "theme_color": "#0a5fb0""##,
        )
    }

    #[test]
    fn what_a_partner_wrote_is_text() {
        let choices = vec![Choice {
            country: Country::new("NG").unwrap(),
            country_name: "<b>".to_owned(),
            id_type: IdType::new("NIN").unwrap(),
            label: "\"'</main><script>".to_owned(),
            method: VerificationMethod::BiometricKyc,
            id_number_regex: "^[0-9\"<]{11}$".to_owned(),
            required_fields: vec!["bank_code"],
            banks: vec![Bank {
                name: "<i>".to_owned(),
                code: "1".to_owned(),
            }],
        }];
        let page = Page::of(&hostile(), choices, false, true);
        assert_eq!(page.html.matches("<script").count(), 1, "{}", page.html);
        assert_eq!(page.html.matches("</main>").count(), 1);
        for markup in ["<img", "<b>", "<i>", "onload='", "alert(1)</script"] {
            assert!(!page.html.contains(markup), "{markup}: {}", page.html);
        }
        // What the script reads is what was written.
        let (_, rest) = page.html.split_once("data-link=\"").unwrap();
        let (attribute, _) = rest.split_once('"').unwrap();
        let json = attribute
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        let told: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(told["state"], "open");
        assert_eq!(told["open"]["choices"][0]["label"], "\"'</main><script>");
        let choice = &told["open"]["choices"][0];
        assert_eq!(choice["id_number_regex"], "^[0-9\"<]{11}$");
        assert_eq!(choice["required_fields"][0], "bank_code");
        assert_eq!(choice["banks"][0]["name"], "<i>");
        assert_eq!(told["open"]["policy"], "https://shop.example/p?a=1&b=2");
        assert_eq!(told["open"]["production"], false);
    }

    #[test]
    fn a_logo_is_shown_where_the_operator_lets_it_and_nothing_beside_it() {
        let without = Page::of(&hostile(), Vec::new(), false, false);
        assert!(
            without.policy.ends_with("img-src 'self' blob:;"),
            "{}",
            without.policy
        );
        assert!(!without.html.contains("img.example"));
        let with = Page::of(&hostile(), Vec::new(), false, true);
        let (_, sources) = with.policy.split_once("img-src ").unwrap();
        assert_eq!(sources, "'self' blob: https://img.example/a%3Bb%2Cc.png;");
        assert!(with.html.contains("img.example"));
        for page in [&with, &without] {
            assert!(
                page.policy.contains("default-src 'none'")
                    && page.policy.contains("frame-ancestors 'none'")
            );
            assert!(!page.policy.contains("unsafe-inline"));
        }
    }

    #[test]
    fn a_page_without_a_link_says_so() {
        for (shown, status) in [
            (Shown::Used, 410),
            (Shown::Expired, 410),
            (Shown::Unknown, 404),
        ] {
            let page = Page::without(shown);
            assert!(page.html.contains(shown.heading()));
            assert!(!page.html.contains("&quot;open&quot;"));
            assert_eq!(page.into_response().status().as_u16(), status);
        }
    }
}
