//! What is on disk, and with which keys.

use selfsame_job::user::UserStatus;
use selfsame_store::store::*;

use crate::fixture::*;

async fn nothing_secret_stands_on_disk_in_the_clear_and_deletion_erases(dir: Place) {
    let store = open(&dir).await;
    let partner = partner();
    assert!(store.create_partner(&partner, &by()).await.unwrap());
    assert!(!store.create_partner(&partner, &by()).await.unwrap());
    let job = new_job("j", "u");
    finished(&store, &job).await;
    let kept = dir.everything().await;
    for planted in [b"PLANTED".as_slice(), &template().to_bytes()[..32]] {
        assert!(!holds(&kept, planted));
    }
    assert_eq!(
        store
            .partner(&partner.id)
            .await
            .unwrap()
            .unwrap()
            .sandbox_key,
        partner.sandbox_key
    );
    assert!(
        store
            .set_user_status(&job.user, UserStatus::Deleted, &by())
            .await
            .unwrap()
    );
    assert!(
        store
            .user(&job.user)
            .await
            .unwrap()
            .unwrap()
            .reference
            .is_none()
    );
    assert_eq!(store.package(&job.smile_job_id).await.unwrap(), None);
    assert_eq!(dir.count_blobs(), 0);
    assert!(
        !store
            .set_user_status(&job.user, UserStatus::Active, &by())
            .await
            .unwrap(),
        "deleted is for good"
    );
}

on_each!(nothing_secret_stands_on_disk_in_the_clear_and_deletion_erases,);
