//! v3: what is sent, what is made of answers, and when anything is sent again; against a server that answers by a function.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

mod answers;
mod server;
mod submissions;

use selfsame_client::Capture;
use selfsame_client::v3::{Authentication, Consent, Presented, Said, UserDetails};

const JOB: &str = "job_01jd8qk3fxe1x8p2v5w7y9z0ab";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\r\n--";

fn said() -> Said {
    Said {
        consent: Some(Consent {
            granted: true,
            granted_at: "2026-01-02T03:04:05.000Z".to_owned(),
            notice_language: "EN".to_owned(),
            notice_privacy_policy_url: "https://example.com/p".to_owned(),
        }),
        user_details: Some(UserDetails {
            given_names: "Joe".to_owned(),
            last_name: "Léo".to_owned(),
            email: Some("joe@example.com".to_owned()),
            phone_number: None,
        }),
        ..Said::default()
    }
}

fn capture() -> Capture {
    Capture::from_selfie(JPEG.to_vec()).with_frames(vec![JPEG.to_vec(), JPEG.to_vec()])
}

fn authentication(user: &str) -> Authentication {
    Authentication {
        presented: Presented::Capture(capture()),
        user: Some(user.parse().unwrap()),
        sandbox_result: None,
        said: said(),
    }
}
