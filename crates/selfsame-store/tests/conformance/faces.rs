//! Templates in the clear, in PostgreSQL: they come by following, and go with what is on record.

use selfsame_face::template::{ComparisonScore, TEMPLATE_LEN, Template, TemplateModel};
use selfsame_job::user::{User, UserKey, UserStatus};
use selfsame_store::postgres::PostgresStore;
use selfsame_store::postgres::faces::{FaceChange, Faces};
use selfsame_store::store::*;
use selfsame_wire::id::{Environment, PartnerId};
use std::sync::Arc;

use crate::fixture::*;
use crate::place::Limits;

fn m() -> TemplateModel {
    TemplateModel::new("m").unwrap()
}

/// What a user has by the model, where it counts.
fn templates(user: &User) -> Vec<Template> {
    if user.status == UserStatus::Deleted {
        return Vec::new();
    }
    user.references().map(|r| r.template.clone()).collect()
}

/// Takes up all changes; gives how many there were.
async fn follow(store: &Arc<dyn Store>, faces: &Faces) -> usize {
    let after = faces.followed(&m()).await.unwrap();
    let changes = store.users_changed(after, 100).await.unwrap();
    let reached = changes.last().map_or(after, |change| change.sequence);
    let changes: Vec<FaceChange<'_>> = changes
        .iter()
        .map(|change| FaceChange {
            user: &change.user.key,
            sequence: change.sequence,
            templates: templates(&change.user),
        })
        .collect();
    assert!(faces.take(&m(), after, &changes, reached).await.unwrap());
    changes.len()
}

async fn found(faces: &Faces, user: &UserKey) -> Vec<String> {
    let at_least = ComparisonScore::new(0.9);
    let near = faces
        .nearest(user, &template(), at_least, 10)
        .await
        .unwrap();
    let tolerance = Faces::tolerance(TEMPLATE_LEN);
    assert!(
        near.iter()
            .all(|near| (near.score - 1.0).abs() <= tolerance)
    );
    near.iter().map(|near| near.user.to_string()).collect()
}

async fn templates_come_by_following_and_go_with_what_is_on_record(dir: Place) {
    let options = dir.postgres(Limits::default());
    let postgres = Arc::new(PostgresStore::connect(&options).await.unwrap());
    assert!(!postgres.has_faces().await.unwrap());
    let faces = postgres.faces().await.unwrap();
    assert!(postgres.has_faces().await.unwrap());
    let store: Arc<dyn Store> = postgres.clone();
    let users = ["ada", "bob", "eve"].map(|name| new_job(&format!("job-{name}"), name));
    for job in &users {
        finished(&store, job).await;
    }
    let mut elsewhere = new_job("job-q", "ada");
    elsewhere.user.partner = PartnerId::new("q").unwrap();
    finished(&store, &elsewhere).await;
    let new = new_job("new", "new").user;
    assert!(found(&faces, &new).await.is_empty());
    assert_eq!(follow(&store, &faces).await, 4);
    assert_eq!(found(&faces, &new).await, ["ada", "bob", "eve"]);
    assert_eq!(found(&faces, &users[0].user).await, ["bob", "eve"]);
    // Another node has the same turns; another tenant's rows of the same face are turned otherwise.
    let other_node = postgres.faces().await.unwrap();
    assert_eq!(found(&other_node, &new).await, ["ada", "bob", "eve"]);
    let kinds = "SELECT count(DISTINCT CAST(template AS text)) FROM faces";
    assert_eq!(dir.number(kinds).await, 2);

    // Erased: gone in the same transaction, before anybody follows.
    let rows = "SELECT count(*) FROM faces";
    assert_eq!(dir.number(rows).await, 4);
    let ada = &users[0].user;
    assert!(
        store
            .set_user_status(ada, UserStatus::Deleted, &by())
            .await
            .unwrap()
    );
    assert_eq!(dir.number(rows).await, 3);
    // Enrolled anew: the earlier template is gone, the next one comes.
    finished(&store, &new_job("again", "bob")).await;
    assert_eq!(dir.number(rows).await, 2);
    let after = faces.followed(&m()).await.unwrap();
    assert_eq!(follow(&store, &faces).await, 2);
    assert_eq!(found(&faces, &new).await, ["bob", "eve"]);
    // Disabled: still to be found.
    let eve = &users[2].user;
    assert!(
        store
            .set_user_status(eve, UserStatus::Disabled, &by())
            .await
            .unwrap()
    );
    follow(&store, &faces).await;
    assert_eq!(found(&faces, &new).await, ["bob", "eve"]);

    // What another node took already is not taken again.
    assert!(!faces.take(&m(), after, &[], after + 1).await.unwrap());
    // What changed since it was read is not put there: its template may be erased by now.
    let stale = FaceChange {
        user: ada,
        sequence: 1,
        templates: vec![template()],
    };
    let reached = faces.followed(&m()).await.unwrap();
    assert!(faces.take(&m(), reached, &[stale], reached).await.unwrap());
    assert_eq!(dir.number(rows).await, 3);
    assert_eq!(found(&faces, &new).await, ["bob", "eve"]);
}

/// Whatever rows no longer fit, the next start puts them there anew, and a node of before does not go on with what it knew.
async fn rows_of_another_key_or_of_other_records_are_put_there_anew(dir: Place) {
    let options = dir.postgres(Limits::default());
    let open = async || Arc::new(PostgresStore::connect(&options).await.unwrap());
    let postgres = open().await;
    let store: Arc<dyn Store> = postgres.clone();
    let old = postgres.faces().await.unwrap();
    let ada = new_job("job-ada", "ada");
    finished(&store, &ada).await;
    let mut real = new_job("job-real", "real");
    real.user.environment = Environment::Production;
    finished(&store, &real).await;
    let new = new_job("new", "new").user;
    assert_eq!(follow(&store, &old).await, 2);
    assert_eq!(found(&old, &new).await, ["ada"], "not production's");
    let rows = "SELECT count(*) FROM faces";
    for what_happened in [
        "DELETE FROM purpose_keys WHERE purpose = 'faces in the clear'",
        "UPDATE faces_followed SET sequence = sequence + 1000",
        "DELETE FROM faces_filling",
    ] {
        let before = postgres.faces().await.unwrap();
        dir.try_tamper(what_happened).await.unwrap();
        let again = open().await.faces().await.unwrap();
        assert_eq!(dir.number(rows).await, 0, "{what_happened}");
        let at_least = ComparisonScore::new(0.9);
        for left in [&old, &before] {
            let refusals = [
                left.followed(&m()).await.err(),
                left.nearest(&new, &template(), at_least, 10).await.err(),
                left.take(&m(), 0, &[], 1).await.err(),
            ];
            for refused in refusals {
                let refused = refused.unwrap().to_string();
                assert!(refused.contains("start the node again"), "{refused}");
            }
        }
        assert_eq!(follow(&store, &again).await, 2, "{what_happened}");
        assert_eq!(found(&again, &new).await, ["ada"], "{what_happened}");
    }
    // Nothing happened: nothing is done again.
    let same = open().await.faces().await.unwrap();
    assert_eq!(follow(&store, &same).await, 0);
    assert_eq!(found(&same, &new).await, ["ada"]);
}

on_postgres!(
    rows_of_another_key_or_of_other_records_are_put_there_anew,
    templates_come_by_following_and_go_with_what_is_on_record,
);
