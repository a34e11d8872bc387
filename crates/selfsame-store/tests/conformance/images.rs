//! Images that come again.

use selfsame_job::job::Job;
use selfsame_job::replay::{ImageFingerprint, Recurrence};
use selfsame_job::user::UserStatus;
use selfsame_store::store::*;
use selfsame_wire::id::{Environment, PartnerId};

use crate::fixture::*;

fn fingerprint(image: usize, exact: u8, perceptual: u8) -> ImageFingerprint {
    ImageFingerprint {
        image,
        exact: [exact; 32],
        perceptual: Some([perceptual; 32]),
        mirrored: None,
    }
}

async fn accepted(store: &dyn Store, job: &NewJob, images: &[ImageFingerprint]) -> Finished {
    let outcome = Outcome {
        accepted: images.to_vec(),
        only_if_new: true,
        enrol: None,
        ..outcome(job)
    };
    end(store, job, &outcome).await
}

/// A job on record that looks for images.
async fn looking(store: &dyn Store, job: &NewJob) -> Job {
    store.prepare_job(job, &grant(rand(job))).await.unwrap();
    store.job(&job.smile_job_id).await.unwrap().unwrap()
}

fn rand(job: &NewJob) -> u8 {
    job.smile_job_id
        .as_str()
        .bytes()
        .fold(0, |a, b| a.wrapping_mul(31).wrapping_add(b))
}

async fn found(store: &dyn Store, job: &Job, image: ImageFingerprint) -> Option<Recurrence> {
    store.recurrences(job, &[image], 10).await.unwrap().pop()
}

async fn the_same_and_nearly_the_same_image_are_found_in_other_jobs_only(dir: Place) {
    let first = new_job("first", "u");
    let store = open(&dir).await;
    let probe = looking(&store, &new_job("second", "v")).await;
    // The partner's images are in memory from here on, and what is added later must be found as well.
    assert_eq!(found(&store, &probe, fingerprint(0, 9, 9)).await, None);
    let images = [fingerprint(0, 1, 0), fingerprint(1, 2, 0xff)];
    assert_eq!(accepted(&store, &first, &images).await, Finished::Committed);
    let exact = found(&store, &probe, fingerprint(4, 1, 77)).await.unwrap();
    assert_eq!(
        (exact.image, exact.exact, &exact.smile_job_id),
        (4, true, &first.smile_job_id)
    );
    let mut near = fingerprint(0, 50, 0);
    near.perceptual.as_mut().unwrap()[3] = 0b111;
    let near = found(&store, &probe, near).await.unwrap();
    assert_eq!((near.exact, near.distance), (false, 3));
    let far = ImageFingerprint {
        perceptual: Some([0x0f; 32]),
        ..fingerprint(0, 51, 0)
    };
    assert_eq!(found(&store, &probe, far.clone()).await, None);
    let turned = ImageFingerprint {
        mirrored: Some([0xff; 32]),
        ..far
    };
    let turned = found(&store, &probe, turned).await.unwrap();
    assert_eq!((turned.exact, turned.distance), (false, 0));
    // The attempt itself may come again, after a crash; another attempt at the same job may not bring its images.
    let itself = store.job(&first.smile_job_id).await.unwrap().unwrap();
    assert_eq!(found(&store, &itself, fingerprint(0, 1, 0)).await, None);
    assert_eq!(found(&store, &itself, fingerprint(0, 77, 0)).await, None);
    let retry = Job {
        smile_job_id: new_job("first", "u").smile_job_id,
        ..itself
    };
    let exact = found(&store, &retry, fingerprint(0, 1, 0)).await.unwrap();
    assert!(exact.exact);
    let near = found(&store, &retry, fingerprint(0, 77, 0)).await.unwrap();
    assert!(!near.exact);
    // Another partner or environment has its own memory.
    for other in [
        Job {
            user: selfsame_job::user::UserKey {
                environment: Environment::Production,
                ..probe.user.clone()
            },
            ..probe.clone()
        },
        Job {
            user: selfsame_job::user::UserKey {
                partner: PartnerId::new("q").unwrap(),
                ..probe.user.clone()
            },
            ..probe.clone()
        },
    ] {
        assert_eq!(found(&store, &other, fingerprint(0, 1, 0)).await, None);
    }
    drop(store);
    // After a restart the memory comes from the database.
    let store = open(&dir).await;
    assert!(
        found(&store, &probe, fingerprint(0, 60, 0xff))
            .await
            .is_some()
    );
}

async fn of_two_jobs_with_one_image_only_the_first_ends(dir: Place) {
    let store = open(&dir).await;
    let (first, second) = (new_job("first", "u"), new_job("second", "v"));
    let image = [fingerprint(0, 1, 0)];
    assert_eq!(accepted(&store, &first, &image).await, Finished::Committed);
    assert_eq!(
        accepted(&store, &second, &image).await,
        Finished::SeenMeanwhile
    );
    assert_eq!(
        store.depths().await.unwrap().running,
        1,
        "nothing was written"
    );
}

async fn a_deleted_users_images_are_forgotten(dir: Place) {
    let store = open(&dir).await;
    let first = new_job("first", "u");
    let remembered = Outcome {
        accepted: vec![fingerprint(0, 1, 0)],
        ..outcome(&first)
    };
    assert_eq!(end(&store, &first, &remembered).await, Finished::Committed);
    let probe = looking(&store, &new_job("second", "v")).await;
    assert!(found(&store, &probe, fingerprint(0, 60, 0)).await.is_some());
    store
        .set_user_status(&first.user, UserStatus::Deleted, &by())
        .await
        .unwrap();
    assert_eq!(found(&store, &probe, fingerprint(0, 1, 0)).await, None);
    assert_eq!(found(&store, &probe, fingerprint(0, 60, 0)).await, None);
}

/// Before an approval the store is asked whether the very file stands for another attempt.
async fn a_file_that_was_accepted_before_or_passed_since_is_a_replay(dir: Place) {
    let store = open(&dir).await;
    let accept = async |job: &NewJob, exact: u8, success: bool| {
        let outcome = Outcome {
            accepted: vec![fingerprint(0, exact, exact)],
            success,
            enrol: None,
            ..outcome(job)
        };
        assert_eq!(end(&store, job, &outcome).await, Finished::Committed);
    };
    let replayed = async |job: &NewJob| store.replayed(&job.smile_job_id).await.unwrap();
    let jobs = ["1", "2", "3", "4"].map(|name| new_job(name, name));
    accept(&jobs[0], 1, false).await;
    accept(&jobs[1], 1, false).await;
    accept(&jobs[2], 2, false).await;
    assert!(
        !replayed(&jobs[0]).await,
        "it came first, and nothing passed since"
    );
    assert!(replayed(&jobs[1]).await);
    assert!(!replayed(&jobs[2]).await);
    accept(&jobs[3], 1, true).await;
    assert!(replayed(&jobs[0]).await, "the very file has passed since");
}

on_each!(
    the_same_and_nearly_the_same_image_are_found_in_other_jobs_only,
    of_two_jobs_with_one_image_only_the_first_ends,
    a_deleted_users_images_are_forgotten,
    a_file_that_was_accepted_before_or_passed_since_is_a_replay,
);
