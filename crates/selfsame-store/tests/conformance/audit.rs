//! What operators do is on record, and stays there.

use selfsame_job::audit::{Actor, AuditAction, AuditEntry};
use selfsame_job::review::{ReviewDecision, Ruling};
use selfsame_job::user::UserStatus;
use selfsame_store::audit::{AuditCheck, AuditHead};
use selfsame_store::error::StoreError;
use selfsame_store::review::{FinalResult, NewReview};
use selfsame_store::store::*;
use selfsame_wire::id::Environment;
use selfsame_wire::signature::ApiKey;
use std::sync::Arc;

use crate::fixture::*;

async fn some_actions(store: &Arc<dyn Store>) {
    let partner = partner();
    store.create_partner(&partner, &by()).await.unwrap();
    store.create_partner(&partner, &by()).await.unwrap();
    store
        .set_production_enabled(&partner.id, true, &by())
        .await
        .unwrap();
    store
        .replace_key(
            &partner.id,
            Environment::Sandbox,
            &ApiKey::new("PLANTED"),
            &by(),
        )
        .await
        .unwrap();
    let job = new_job("j", "u");
    finished(store, &job).await;
    assert!(store.replay(&job.smile_job_id, &by()).await.unwrap());
    for status in [
        UserStatus::Disabled,
        UserStatus::Active,
        UserStatus::Deleted,
    ] {
        store
            .set_user_status(&job.user, status, &by())
            .await
            .unwrap();
    }
    let token = AdminToken {
        name: "ops".to_owned(),
        hash: [7; 32],
        created_at: jiff::Timestamp::now(),
        terms: selfsame_job::operator::TokenTerms {
            role: Some(selfsame_job::operator::OperatorRole::Operator),
            expires_at: None,
        },
    };
    store.put_admin_token(&token, &by()).await.unwrap();
    assert_eq!(store.admin_tokens().await.unwrap()[0].hash, [7; 32]);
    assert!(store.remove_admin_token("ops", &by()).await.unwrap());
    assert!(!store.remove_admin_token("ops", &by()).await.unwrap());
    store
        .record_audit(&AuditEntry {
            actor: Actor::server(),
            action: AuditAction::PolicyInForce,
            subject: "policy".to_owned(),
            details: serde_json::json!({"sha256": "x"}),
        })
        .await
        .unwrap();
}

async fn every_action_is_recorded_once_with_its_actor(dir: Place) {
    let store = open(&dir).await;
    some_actions(&store).await;
    let records = store.audit(0, 100).await.unwrap();
    let actions: Vec<&str> = records.iter().map(|r| r.action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "audit_begun",
            "partner_added",
            "partner_production_set",
            "partner_key_replaced",
            "callback_replayed",
            "user_disabled",
            "user_enabled",
            "user_deleted",
            "admin_token_added",
            "admin_token_removed",
            "policy_in_force",
        ],
        "what changed nothing is not recorded"
    );
    assert_eq!(records[1].actor, "cli:ada");
    assert_eq!(records[5].subject, "user p/sandbox/u");
    assert!(!serde_json::to_string(&records).unwrap().contains("PLANTED"));
    let AuditCheck::Intact(head) = store.verify_audit(None).await.unwrap() else {
        panic!("the chain is intact")
    };
    assert_eq!(head.sequence, 11);
    assert_eq!(
        store.verify_audit(Some(&head)).await.unwrap(),
        AuditCheck::Intact(head.clone())
    );
    drop(store);
    let store = open(&dir).await;
    assert_eq!(
        store.verify_audit(Some(&head)).await.unwrap(),
        AuditCheck::Intact(head)
    );
}

/// What somebody can do who has the database, but not the master key.
async fn tampered(dir: &Place, statement: &str) -> (AuditCheck, AuditCheck) {
    let dir = dir.another().await;
    let head: AuditHead = {
        let store = open(&dir).await;
        some_actions(&store).await;
        match store.verify_audit(None).await.unwrap() {
            AuditCheck::Intact(head) => head,
            other => panic!("{other:?}"),
        }
    };
    dir.disarm().await;
    tamper(&dir, statement).await;
    let store = open(&dir).await;
    (
        store.verify_audit(None).await.unwrap(),
        store.verify_audit(Some(&head)).await.unwrap(),
    )
}

async fn whoever_has_only_the_database_cannot_change_it_unnoticed(dir: Place) {
    for change in [
        "UPDATE audit SET actor = 'cli:eve' WHERE seq = 7",
        "UPDATE audit SET at = at + 1 WHERE seq = 7",
        "UPDATE audit SET details = '{}' WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 7",
        "DELETE FROM audit WHERE seq = 1",
        "DELETE FROM audit WHERE seq > 8",
        "DELETE FROM audit",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET sealed = x'00'",
        "UPDATE audit SET seq = -1 WHERE seq = 5; UPDATE audit SET seq = 5 WHERE seq = 6; UPDATE audit SET seq = 6 WHERE seq = -1",
        "INSERT INTO audit SELECT 12, at, actor, action, subject, details, code, code FROM audit WHERE seq = 11",
        "INSERT INTO audit SELECT -3, at, actor, action, subject, details, previous, code FROM audit WHERE seq = 1",
    ] {
        let (alone, _) = tampered(&dir, change).await;
        assert!(matches!(alone, AuditCheck::Broken(_)), "{change}");
    }
}

async fn the_database_itself_refuses_changes(dir: Place) {
    drop(open(&dir).await);
    for statement in ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"] {
        assert!(dir.try_tamper(statement).await.is_err());
    }
}

/// A whole older copy of the database looks right by itself; a head that was kept elsewhere tells.
async fn an_older_copy_is_told_by_a_head_that_was_kept_elsewhere(dir: Place) {
    let older = dir;
    drop(open(&older).await);
    let newer = older.copy().await;
    let store = open(&newer).await;
    some_actions(&store).await;
    let AuditCheck::Intact(head) = store.verify_audit(None).await.unwrap() else {
        panic!("the chain is intact")
    };
    let rolled_back = open(&older).await;
    assert!(matches!(
        rolled_back.verify_audit(None).await.unwrap(),
        AuditCheck::Intact(_)
    ));
    assert!(matches!(
        rolled_back.verify_audit(Some(&head)).await.unwrap(),
        AuditCheck::Broken(_)
    ));
}

/// Every way to break the chain that leaves it broken, as whoever has only the database can do it.
const BREAKS: [&str; 9] = [
    "DELETE FROM audit WHERE seq > 8",
    "DELETE FROM audit WHERE seq = 11",
    "DELETE FROM audit",
    "DELETE FROM audit; DELETE FROM audit_head",
    "DELETE FROM audit_head",
    "UPDATE audit_head SET sealed = x'00'",
    "UPDATE audit SET actor = 'cli:eve' WHERE seq = 11",
    "INSERT INTO audit SELECT 12, at, actor, action, subject, details, code, code FROM audit WHERE seq = 11",
    "DELETE FROM audit; DELETE FROM audit_head; DELETE FROM purpose_keys WHERE purpose = 'audit'",
];

/// Every kind of action, each a transaction of its own.
async fn try_everything(store: &Arc<dyn Store>) -> Vec<bool> {
    let job = new_job("later", "later");
    finished(store, &job).await;
    let token = AdminToken {
        name: "ops".to_owned(),
        hash: [7; 32],
        created_at: jiff::Timestamp::now(),
        terms: selfsame_job::operator::TokenTerms {
            role: Some(selfsame_job::operator::OperatorRole::Operator),
            expires_at: None,
        },
    };
    let other = selfsame_job::partner::Partner {
        id: selfsame_wire::id::PartnerId::new("other").unwrap(),
        ..partner()
    };
    let entry = AuditEntry {
        actor: Actor::server(),
        action: AuditAction::PolicyInForce,
        subject: "policy".to_owned(),
        details: serde_json::json!({}),
    };
    let refused =
        |outcome: Result<(), StoreError>| matches!(outcome, Err(StoreError::AuditBroken(_)));
    let waits = new_job("waits", "waits");
    let provisional = Outcome {
        enrol: None,
        success: false,
        review: Some(NewReview { enrol: None }),
        ..outcome(&waits)
    };
    assert_eq!(end(store, &waits, &provisional).await, Finished::Committed);
    let ruling = Ruling {
        decision: ReviewDecision::Reject,
        reviewer: by(),
        note: None,
        at: jiff::Timestamp::now(),
    };
    let ruled = FinalResult {
        result: bytes::Bytes::from_static(b"{}"),
        success: false,
        result_code: "1211".to_owned(),
        judged: state(store, &waits.user).await,
        searched: None,
        attempt: None,
    };
    vec![
        refused(
            store
                .decide_review(&waits.smile_job_id, &ruling, &ruled)
                .await
                .map(drop),
        ),
        refused(store.check_audit_end().await),
        refused(store.record_audit(&entry).await.map(drop)),
        refused(store.create_partner(&other, &by()).await.map(drop)),
        refused(store.put_admin_token(&token, &by()).await),
        refused(store.replay(&job.smile_job_id, &by()).await.map(drop)),
        refused(
            store
                .set_user_status(&job.user, UserStatus::Disabled, &by())
                .await
                .map(drop),
        ),
        refused(
            store
                .set_user_status(&job.user, UserStatus::Deleted, &by())
                .await
                .map(drop),
        ),
    ]
}

async fn a_broken_audit_is_not_extended_so_that_no_action_heals_it(dir: Place) {
    for change in BREAKS {
        let dir = dir.another().await;
        {
            let store = open(&dir).await;
            some_actions(&store).await;
        }
        dir.disarm().await;
        tamper(&dir, change).await;
        let store = open(&dir).await;
        let tried = try_everything(&store).await;
        assert!(tried.iter().all(|refused| *refused), "{change}: {tried:?}");
        let user = store.user(&new_job("later", "later").user).await.unwrap();
        assert!(
            user.unwrap().reference.is_some(),
            "{change}: what was refused was not done, and jobs went on"
        );
        drop(store);
        // A restart does not heal it either.
        let store = open(&dir).await;
        let check = store.verify_audit(None).await.unwrap();
        assert!(matches!(check, AuditCheck::Broken(_)), "{change}");
    }
}

async fn an_operator_goes_on_behind_a_break_that_stays_told(dir: Place) {
    for change in BREAKS {
        let dir = dir.another().await;
        {
            let store = open(&dir).await;
            assert_eq!(
                store.resume_audit(&by()).await.unwrap(),
                None,
                "it is intact"
            );
            some_actions(&store).await;
        }
        dir.disarm().await;
        tamper(&dir, change).await;
        let store = open(&dir).await;
        let AuditCheck::Broken(why) = store.verify_audit(None).await.unwrap() else {
            panic!("{change}")
        };
        let segment = store.resume_audit(&by()).await.unwrap().unwrap();
        assert!(
            try_everything(&store).await.iter().all(|refused| !refused),
            "{change}"
        );
        let AuditCheck::Resumed { head, breaks } =
            store.verify_audit(Some(&segment)).await.unwrap()
        else {
            panic!("{change}: {:?}", store.verify_audit(None).await.unwrap())
        };
        assert_eq!(head.sequence, segment.sequence + 7);
        let [known] = &breaks[..] else {
            panic!("one break")
        };
        assert_eq!((&known.why, known.by.as_str()), (&why, "cli:ada"));
        assert_eq!(store.resume_audit(&by()).await.unwrap(), None);
        drop(store);
        // Breaking it again is told again, behind the segment and before it.
        for again in [
            format!("DELETE FROM audit WHERE seq = {}", head.sequence),
            format!("DELETE FROM audit WHERE seq < {}", segment.sequence),
        ] {
            let copy = if dir.is(Kind::Sqlite) {
                dir.copy().await
            } else if again.contains('=') {
                // One of them is as much as one place can take.
                dir.clone()
            } else {
                continue;
            };
            // Where nothing was left before the segment, nothing can be removed there.
            let done = copy.try_tamper(&again).await.unwrap();
            let check = open(&copy).await.verify_audit(None).await.unwrap();
            assert_eq!(
                matches!(check, AuditCheck::Broken(_)),
                done > 0,
                "{change}; {again}: {check:?}"
            );
        }
    }
}

on_sqlite!(an_older_copy_is_told_by_a_head_that_was_kept_elsewhere);

on_each!(
    every_action_is_recorded_once_with_its_actor,
    the_database_itself_refuses_changes,
    whoever_has_only_the_database_cannot_change_it_unnoticed,
    a_broken_audit_is_not_extended_so_that_no_action_heals_it,
    an_operator_goes_on_behind_a_break_that_stays_told,
);
