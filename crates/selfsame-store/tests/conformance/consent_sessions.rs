//! A session whose password was right is remembered for a while, by a code that does not tell its name.

use std::time::Duration;

use crate::fixture::*;

async fn a_session_passes_once_its_password_was_right_and_is_forgotten(dir: Place) {
    let store = open(&dir).await;
    let passed = async |name| store.consent_session_passed(name).await.unwrap();
    assert!(!passed("PLANTED").await);
    for _ in 0..2 {
        let pass = store.pass_consent_session("PLANTED", Duration::from_secs(60));
        pass.await.unwrap();
    }
    assert!(passed("PLANTED").await);
    assert!(!passed("PLANTED2").await);
    let over = store.pass_consent_session("over", Duration::ZERO);
    over.await.unwrap();
    assert!(!passed("over").await);
    // The next one that passes clears those away.
    let next = store.pass_consent_session("next", Duration::from_secs(60));
    next.await.unwrap();
    assert_eq!(dir.number("SELECT COUNT(*) FROM consent_sessions").await, 2);
}

on_each!(a_session_passes_once_its_password_was_right_and_is_forgotten);
