//! What only a newer build can read is left to it.

use super::*;

/// How often callbacks wait without having been tried.
const POSTPONED: &str =
    "SELECT COUNT(*) FROM deliveries WHERE lease IS NULL AND next_attempt_at > $1";

/// Waits until a callback waits that was not tried.
async fn put_back(database: &mut sqlx::SqliteConnection, began: i64) {
    let mut looks = 0;
    while sqlx::query_scalar::<_, i64>(POSTPONED)
        .bind(began)
        .fetch_one(&mut *database)
        .await
        .unwrap()
        == 0
    {
        looks += 1;
        assert!(looks < 600, "it was not put back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_with_a_newer_builds_result_uses_up_no_try() {
    let office = Office::open().await;
    office.partner("p").await;
    let (address, _received) = honest("127.0.0.1").await;
    let url = format!("http://{address}/");
    let began = Timestamp::now().as_microsecond();
    let result = |_: &SmileJobId| Bytes::from_static(br#"{"outcome":4000000000,"whatever":[]}"#);
    let job = office.result(Api::V3, "p", SANDBOX, url, result).await;
    office.deliver(LONG, ONCE, Schemes::default());
    put_back(&mut office.database().await, began).await;
    let record = office.store.deliveries(&job).await.unwrap().remove(0);
    assert_eq!(record.state, DeliveryState::Pending);
    assert!(record.attempts.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_of_a_newer_builds_job_uses_up_no_try() {
    let office = Office::open().await;
    office.partner("p").await;
    let (address, mut received) = honest("127.0.0.1").await;
    let url = format!("http://{address}/");
    let job = office.result_for("p", SANDBOX, url).await;
    let began = Timestamp::now().as_microsecond();
    let mut database = office.database().await;
    let kind: String = sqlx::query_scalar("SELECT kind FROM jobs")
        .fetch_one(&mut database)
        .await
        .unwrap();
    sqlx::query("UPDATE jobs SET kind = 'of_next_year'")
        .execute(&mut database)
        .await
        .unwrap();
    office.deliver(LONG, ONCE, Schemes::default());
    put_back(&mut database, began).await;
    let record = office.store.deliveries(&job).await.unwrap().remove(0);
    assert_eq!(record.state, DeliveryState::Pending);
    assert!(record.attempts.is_empty());
    // Then a build comes that knows it; here the very same.
    sqlx::query("UPDATE jobs SET kind = $1")
        .bind(kind)
        .execute(&mut database)
        .await
        .unwrap();
    sqlx::query("UPDATE deliveries SET next_attempt_at = next_attempt_at - 60000000")
        .execute(&mut database)
        .await
        .unwrap();
    tokio::time::timeout(LONG, received.recv())
        .await
        .unwrap()
        .unwrap();
    let record = office.tried(&job, 1).await;
    assert_eq!(record.state, DeliveryState::Delivered);
    assert_eq!(record.attempts.len(), 1);
}
