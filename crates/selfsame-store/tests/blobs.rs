//! What every place for blobs must do: one suite, each test against all of them. Files always; S3 where `SELFSAME_TEST_S3` names a
//! bucket (`scripts/services.sh`), each test under a prefix of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test says what is wrong by failing, and what it leaves out by saying so"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt as _;
use selfsame_store::blobs::{BlobId, BlobPlace, Blobs, FileBlobs, ObjectBlobs};
use selfsame_store::error::StoreError;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;

const ALL: Duration = Duration::ZERO;

/// The bucket for tests; `None` where there is none.
fn bucket() -> Option<Url> {
    match std::env::var("SELFSAME_TEST_S3") {
        Ok(url) => Some(Url::parse(&url).unwrap()),
        Err(_) => {
            eprintln!("left out: there is no SELFSAME_TEST_S3");
            None
        }
    }
}

/// A prefix that nobody else uses.
fn prefix(bucket: &Url) -> Url {
    let mut url = bucket.clone();
    url.set_path(&format!("/test-{}/blobs", uuid::Uuid::new_v4().simple()));
    url
}

/// Every place there is, each empty.
struct Places {
    _dir: TempDir,
    all: Vec<Arc<dyn Blobs>>,
}

fn places() -> Places {
    let dir = tempfile::tempdir().unwrap();
    let files = FileBlobs::open(dir.path().join("blobs")).unwrap();
    let mut all: Vec<Arc<dyn Blobs>> = vec![Arc::new(files)];
    if let Some(bucket) = bucket() {
        let place: BlobPlace = prefix(&bucket).as_str().parse().unwrap();
        all.push(place.open().unwrap());
    }
    Places { _dir: dir, all }
}

async fn listed(blobs: &dyn Blobs, min_age: Duration) -> BTreeSet<BlobId> {
    blobs.list(min_age).try_collect().await.unwrap()
}

/// Removes all blobs of a test, and says that nothing else was left.
async fn clear(blobs: &dyn Blobs) {
    for id in listed(blobs, ALL).await {
        blobs.delete(&id).await.unwrap();
    }
    assert!(listed(blobs, ALL).await.is_empty());
    assert_eq!(blobs.tidy(ALL).await.unwrap(), 0, "{}", blobs.place());
}

/// The folder of files, where this is one.
fn folder(blobs: &dyn Blobs) -> Option<&str> {
    (!blobs.place().contains("://")).then(|| blobs.place())
}

#[tokio::test]
async fn what_was_written_is_read_and_what_was_not_is_missing() {
    let places = places();
    for blobs in &places.all {
        let big: Vec<u8> = (0..9_000_000_u32).map(|n| (n % 251) as u8).collect();
        for bytes in [Bytes::new(), Bytes::from_static(b"abc"), big.into()] {
            let id = BlobId::random();
            assert!(blobs.get(&id).await.unwrap().is_none());
            assert!(blobs.head(&id, 4).await.unwrap().is_none());
            assert!(blobs.put(&id, bytes.clone()).await.unwrap());
            let kept = blobs.get(&id).await.unwrap().unwrap();
            assert!(kept.sealed == bytes, "{} of {}", bytes.len(), blobs.place());
            let head = blobs.head(&id, 4).await.unwrap().unwrap();
            assert_eq!(head, bytes[..bytes.len().min(4)], "{}", blobs.place());
        }
        clear(blobs.as_ref()).await;
    }
}

#[tokio::test]
async fn no_name_is_written_twice() {
    let places = places();
    for blobs in &places.all {
        let id = BlobId::random();
        let (first, second) = (Bytes::from_static(b"first"), Bytes::from_static(b"second"));
        assert!(blobs.put(&id, first.clone()).await.unwrap());
        assert!(!blobs.put(&id, second).await.unwrap(), "{}", blobs.place());
        assert_eq!(blobs.get(&id).await.unwrap().unwrap().sealed, first);
        // As after an answer that was lost.
        assert!(blobs.put(&id, first).await.unwrap(), "{}", blobs.place());
        clear(blobs.as_ref()).await;
    }
}

#[tokio::test]
async fn of_many_that_write_one_name_at_once_one_wins() {
    let places = places();
    for blobs in &places.all {
        for _ in 0..5 {
            let id = BlobId::random();
            let writers = (0..8_u8).map(|n| {
                let (blobs, id) = (Arc::clone(blobs), id.clone());
                let bytes = Bytes::from(vec![n; 100_000]);
                tokio::spawn(async move {
                    let written = blobs.put(&id, bytes.clone()).await.unwrap();
                    written.then_some(bytes)
                })
            });
            let mut won = Vec::new();
            for writer in writers.collect::<Vec<_>>() {
                won.extend(writer.await.unwrap());
            }
            assert_eq!(won.len(), 1, "{}", blobs.place());
            let kept = blobs.get(&id).await.unwrap().unwrap();
            assert!(kept.sealed == won[0], "{}", blobs.place());
        }
        clear(blobs.as_ref()).await;
    }
}

#[tokio::test]
async fn deleting_twice_is_as_good_as_once() {
    let places = places();
    for blobs in &places.all {
        let (id, other) = (BlobId::random(), BlobId::random());
        for id in [&id, &other] {
            assert!(blobs.put(id, Bytes::from_static(b"x")).await.unwrap());
        }
        for _ in 0..2 {
            blobs.delete(&id).await.unwrap();
            assert!(blobs.get(&id).await.unwrap().is_none());
        }
        assert_eq!(listed(blobs.as_ref(), ALL).await, BTreeSet::from([other]));
        clear(blobs.as_ref()).await;
    }
}

#[tokio::test]
async fn only_what_was_read_is_replaced() {
    let places = places();
    for blobs in &places.all {
        let id = BlobId::random();
        let (old, new) = (
            Bytes::from_static(b"old"),
            Bytes::from_static(b"new, longer"),
        );
        assert!(blobs.put(&id, old).await.unwrap());
        let was = blobs.get(&id).await.unwrap().unwrap().version;
        assert!(blobs.replace(&id, &was, new.clone()).await.unwrap());
        assert_eq!(blobs.get(&id).await.unwrap().unwrap().sealed, new);
        if folder(blobs.as_ref()).is_none() {
            let late = Bytes::from_static(b"from what was read before");
            assert!(!blobs.replace(&id, &was, late).await.unwrap());
            assert_eq!(blobs.get(&id).await.unwrap().unwrap().sealed, new);
        }
        // What was erased meanwhile does not come back.
        let was = blobs.get(&id).await.unwrap().unwrap().version;
        blobs.delete(&id).await.unwrap();
        assert!(!blobs.replace(&id, &was, new).await.unwrap());
        assert!(blobs.get(&id).await.unwrap().is_none(), "{}", blobs.place());
        clear(blobs.as_ref()).await;
    }
}

#[tokio::test]
async fn lists_hold_every_blob_and_tell_old_from_new() {
    let places = places();
    for blobs in &places.all {
        assert!(listed(blobs.as_ref(), ALL).await.is_empty());
        // More than one page of S3's.
        let count = if folder(blobs.as_ref()).is_some() {
            1100
        } else {
            40
        };
        let mut ids = BTreeSet::new();
        for _ in 0..count {
            let id = BlobId::random();
            assert!(blobs.put(&id, Bytes::from_static(b"x")).await.unwrap());
            ids.insert(id);
        }
        assert!(
            listed(blobs.as_ref(), ALL).await == ids,
            "{}",
            blobs.place()
        );
        let hour = Duration::from_secs(3600);
        assert!(listed(blobs.as_ref(), hour).await.is_empty());
        // Asking for the time leaves nothing.
        assert_eq!(blobs.tidy(ALL).await.unwrap(), 0, "{}", blobs.place());
        // In time they are old.
        let second = Duration::from_secs(1);
        while listed(blobs.as_ref(), second).await.len() < ids.len() {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        clear(blobs.as_ref()).await;
    }
}

#[tokio::test]
async fn a_place_has_one_owner() {
    let places = places();
    for blobs in &places.all {
        for _ in 0..2 {
            blobs.claim("one").await.unwrap();
        }
        let other = blobs.claim("two").await;
        assert!(
            matches!(other, Err(StoreError::OthersBlobs(_))),
            "{other:?}"
        );
        // The mark of the owner is no blob, and is not tidied away.
        clear(blobs.as_ref()).await;
        assert!(blobs.claim("two").await.is_err());
        blobs.probe().await.unwrap();
        clear(blobs.as_ref()).await;
    }
}

/// Nodes of one database start at once, and one that died over its mark does not keep the others out.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn all_nodes_of_an_owner_may_claim_its_place_at_once() {
    for _ in 0..20 {
        let places = places();
        for blobs in &places.all {
            if let Some(folder) = folder(blobs.as_ref()) {
                std::fs::write(Path::new(folder).join("owner.part"), b"on").unwrap();
            }
            let claims: Vec<_> = (0..8)
                .map(|_| {
                    let blobs = Arc::clone(blobs);
                    tokio::spawn(async move { blobs.claim("one").await })
                })
                .collect();
            for claim in claims {
                claim.await.unwrap().unwrap();
            }
            assert!(blobs.claim("two").await.is_err());
        }
    }
}

#[tokio::test]
async fn what_is_no_blob_is_left_alone_and_remains_are_tidied() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = FileBlobs::open(dir.path().to_owned()).unwrap();
    let remains = format!("{}.part", BlobId::random().as_str());
    for name in ["notes.txt", "lost+found", &remains] {
        std::fs::write(dir.path().join(name), b"x").unwrap();
    }
    assert!(listed(&blobs, ALL).await.is_empty());
    assert_eq!(blobs.tidy(Duration::from_secs(60)).await.unwrap(), 0);
    assert_eq!(blobs.tidy(ALL).await.unwrap(), 1);
    let left: BTreeSet<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(
        left,
        BTreeSet::from(["notes.txt".into(), "lost+found".into()])
    );
}

/// The environment with some variables changed.
fn variables(changed: &[(&str, &str)]) -> Vec<(String, String)> {
    let changes = |name: &str| changed.iter().any(|(n, _)| *n == name);
    let kept = std::env::vars().filter(|(name, _)| !changes(name));
    kept.chain(
        changed
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned())),
    )
    .collect()
}

/// Everything that can be asked of a place, each as the error it gave.
async fn errors(blobs: &dyn Blobs) -> Vec<String> {
    let id = BlobId::random();
    let bytes = Bytes::from_static(b"x");
    let version = selfsame_store::blobs::Version::default();
    vec![
        blobs.put(&id, bytes.clone()).await.unwrap_err().to_string(),
        blobs.get(&id).await.unwrap_err().to_string(),
        blobs.head(&id, 4).await.unwrap_err().to_string(),
        blobs
            .replace(&id, &version, bytes)
            .await
            .unwrap_err()
            .to_string(),
        blobs.delete(&id).await.unwrap_err().to_string(),
        blobs.list(ALL).try_next().await.unwrap_err().to_string(),
        blobs.claim("one").await.unwrap_err().to_string(),
        blobs.probe().await.unwrap_err().to_string(),
    ]
}

#[tokio::test]
async fn a_wrong_secret_is_refused_and_never_told() {
    let Some(bucket) = bucket() else { return };
    let place = prefix(&bucket);
    let wrong = variables(&[("AWS_SECRET_ACCESS_KEY", "hush-this-is-wrong")]);
    let blobs = ObjectBlobs::open(&place, wrong).unwrap();
    for told in errors(&blobs).await {
        // Without the version of what was read it is not even asked.
        let why = told.contains("AWS_SECRET_ACCESS_KEY") || told.contains("ETag required");
        assert!(why, "{told}");
        assert!(told.contains(place.as_str()), "{told}");
        assert!(!told.contains("hush"), "{told}");
    }
    assert!(!format!("{blobs:?}").contains("hush"), "{blobs:?}");
}

#[tokio::test]
async fn a_missing_bucket_is_an_error_and_no_missing_blob() {
    let Some(bucket) = bucket() else { return };
    let mut place = prefix(&bucket);
    let name = format!("none-{}", uuid::Uuid::new_v4().simple());
    place.set_host(Some(&name)).unwrap();
    let blobs = ObjectBlobs::open(&place, variables(&[])).unwrap();
    let missing = blobs.get(&BlobId::random()).await.unwrap_err().to_string();
    assert!(missing.contains("no such bucket"), "{missing}");
    let unlisted = blobs.list(ALL).try_next().await.unwrap_err().to_string();
    assert!(unlisted.contains("no such bucket"), "{unlisted}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_that_says_what_to_do() {
    let nobodys = crate::fixture::nobodys_port();
    let endpoint = format!("http://{}", nobodys.local_addr().unwrap());
    let blobs = ObjectBlobs::open(&Url::parse("s3://faces/p").unwrap(), keys(&endpoint)).unwrap();
    let told = blobs.get(&BlobId::random()).await.unwrap_err().to_string();
    for part in ["s3://faces/p", "reading a package", "AWS_ENDPOINT_URL"] {
        assert!(told.contains(part), "{told}");
    }
}

fn keys(endpoint: &str) -> Vec<(String, String)> {
    [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DISABLE_BULK_DELETE", "true"),
    ]
    .map(|(n, v)| (n.to_owned(), v.to_owned()))
    .to_vec()
}

/// A server that agrees to everything: what it writes over is lost.
async fn careless() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut seen = Vec::new();
                let mut buffer = [0; 4096];
                loop {
                    let read = connection.read(&mut buffer).await.unwrap_or(0);
                    seen.extend_from_slice(&buffer[..read]);
                    let ended = seen.windows(4).any(|w| w == b"\r\n\r\n");
                    if read == 0 || (ended && !seen.starts_with(b"PUT")) || seen.ends_with(b"mark")
                    {
                        break;
                    }
                }
                let answer = b"HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                let _ = connection.write_all(answer).await;
            });
        }
    });
    endpoint
}

#[tokio::test]
async fn a_server_that_writes_over_what_is_there_is_found_out() {
    let endpoint = careless().await;
    let blobs = ObjectBlobs::open(&Url::parse("s3://faces").unwrap(), keys(&endpoint)).unwrap();
    let told = blobs.probe().await.unwrap_err().to_string();
    assert!(told.contains("If-None-Match"), "{told}");
}
