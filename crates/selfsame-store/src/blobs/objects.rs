//! Blobs as objects in a bucket: S3 and what speaks its protocol, Google's, Azure's.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, Error, GetOptions, GetRange, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMode, PutPayload, RetryConfig, UpdateVersion,
};
use url::{Host, Url};

use super::bucket_errors::{Asked, no_such_bucket};
use super::{BlobId, Blobs, Kept, MAX_BYTES, OWNER, Version};
use crate::error::StoreError;

/// From connecting to the last byte of one attempt.
const ATTEMPT: Duration = Duration::from_secs(30);
/// All attempts of one operation together.
const OPERATION: Duration = Duration::from_secs(75);
/// No further attempt is begun after this.
const RETRY: Duration = Duration::from_secs(40);
/// What the names of marks begin with, which are no blobs: they tell what time it is for the bucket.
const MARK: &str = "mark-";

/// Blobs in a bucket.
#[derive(Debug, Clone)]
pub struct ObjectBlobs {
    objects: Arc<dyn ObjectStore>,
    prefix: Path,
    place: String,
}

/// A builder with what `variables` say for it: those that begin with its prefix and that it knows.
macro_rules! configured {
    ($builder:ty, $url:expr, $prefix:literal, $variables:expr) => {{
        let mut builder = <$builder>::new()
            .with_client_options(client())
            .with_retry(retries());
        for (name, value) in $variables {
            if name.starts_with($prefix)
                && !value.is_empty()
                && let Ok(key) = name.to_ascii_lowercase().parse()
            {
                builder = builder.with_config(key, value);
            }
        }
        builder.with_url($url.as_str())
    }};
}

fn client() -> ClientOptions {
    ClientOptions::new()
        .with_timeout(ATTEMPT)
        .with_connect_timeout(Duration::from_secs(5))
        .with_user_agent(http_name())
}

fn http_name() -> http::HeaderValue {
    http::HeaderValue::from_static(concat!("selfsame/", env!("CARGO_PKG_VERSION")))
}

fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            max_backoff: Duration::from_secs(5),
            ..BackoffConfig::default()
        },
        max_retries: 4,
        retry_timeout: RETRY,
    }
}

/// A server on this machine may be spoken to without TLS; for any other, `AWS_ALLOW_HTTP` must say so.
fn is_here(endpoint: Option<&String>) -> bool {
    let Some(url) = endpoint.and_then(|e| Url::parse(e).ok()) else {
        return false;
    };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

impl ObjectBlobs {
    /// Uses a bucket: `s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`. `variables` are those of the
    /// environment that say who asks and where: `AWS_…`, `GOOGLE_…`, `AZURE_…`.
    ///
    /// # Errors
    /// When the URL is no bucket, or what the variables say does not fit together. Nothing is asked of the bucket yet.
    pub fn open(
        url: &Url,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, StoreError> {
        // reqwest asks for the process's provider, and finds none where nobody named it: ring is the only one built in.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let place = place(url);
        let asked = Asked::new(&place, "opening it");
        let prefix = Path::from_url_path(url.path()).map_err(|e| asked.failed(&Error::from(e)))?;
        let objects: Result<Arc<dyn ObjectStore>, Error> = match url.scheme() {
            "s3" => {
                let mut s3 = configured!(AmazonS3Builder, url, "AWS_", variables);
                let keys = ["aws_endpoint_url_s3", "aws_endpoint_url"];
                let endpoint = keys
                    .iter()
                    .find_map(|key| s3.get_config_value(&key.parse().ok()?));
                if is_here(endpoint.as_ref()) {
                    s3 = s3.with_allow_http(true);
                }
                s3.build().map(|s| Arc::new(s) as _)
            }
            "gs" => configured!(GoogleCloudStorageBuilder, url, "GOOGLE_", variables)
                .build()
                .map(|s| Arc::new(s) as _),
            "az" => configured!(MicrosoftAzureBuilder, url, "AZURE_", variables)
                .build()
                .map(|s| Arc::new(s) as _),
            other => {
                return Err(StoreError::Objects {
                    place: place.clone(),
                    doing: "opening it",
                    said: format!("there is no kind of storage {other}"),
                    advice: "name a folder, or a bucket as s3://, gs:// or az://",
                });
            }
        };
        Ok(Self {
            objects: objects.map_err(|e| asked.failed(&e))?,
            prefix,
            place,
        })
    }

    fn path(&self, name: &str) -> Path {
        self.prefix.clone().join(name)
    }

    /// Does something that may take so long and no longer. `None`: there is no such object.
    async fn ask<T>(
        &self,
        doing: &'static str,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<Option<T>, StoreError> {
        let asked = Asked::new(&self.place, doing);
        match tokio::time::timeout(OPERATION, work).await {
            Ok(Ok(done)) => Ok(Some(done)),
            Ok(Err(error @ Error::NotFound { .. })) if !no_such_bucket(&error) => Ok(None),
            Ok(Err(error)) => Err(asked.failed(&error)),
            Err(_) => Err(asked.took_too_long()),
        }
    }

    /// Writes an object that is not there yet; `None`: there is one.
    async fn create(
        &self,
        doing: &'static str,
        path: &Path,
        bytes: Bytes,
    ) -> Result<Option<()>, StoreError> {
        let put = async {
            let payload = PutPayload::from_bytes(bytes);
            match self
                .objects
                .put_opts(path, payload, PutMode::Create.into())
                .await
            {
                Ok(_) => Ok(Some(())),
                Err(Error::AlreadyExists { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        };
        match self.ask(doing, put).await? {
            Some(written) => Ok(written),
            None => Err(Asked::new(&self.place, doing).no_bucket()),
        }
    }

    /// Leaves a mark, and says when that was by the bucket's clock, in milliseconds.
    async fn clock(&self) -> Result<i64, StoreError> {
        let doing = "asking what time it is there";
        let path = self.path(&format!("{MARK}{}", uuid::Uuid::new_v4().simple()));
        self.create(doing, &path, Bytes::from_static(b"mark"))
            .await?;
        let mark = self.ask(doing, self.objects.head(&path)).await;
        self.ask(doing, self.objects.delete(&path)).await?;
        match mark? {
            Some(meta) => Ok(meta.last_modified.timestamp_millis()),
            None => Err(Asked::new(&self.place, doing).lost()),
        }
    }

    /// Every object under the prefix and older than `min_age` that `chosen` makes something of, from its name there.
    fn found<T: Send + 'static>(
        &self,
        min_age: Duration,
        chosen: fn(&str, &Self) -> Option<T>,
    ) -> BoxStream<'_, Result<T, StoreError>> {
        let before = async move {
            let age = i64::try_from(min_age.as_millis()).unwrap_or(i64::MAX);
            match age {
                0 => Ok::<i64, StoreError>(i64::MAX),
                age => Ok(self.clock().await?.saturating_sub(age)),
            }
        };
        let prefix = (!self.prefix.is_root()).then_some(&self.prefix);
        stream::once(before)
            .map_ok(move |before| {
                self.objects
                    .list(prefix)
                    .map_err(move |e| Asked::new(&self.place, "listing it").failed(&e))
                    .try_filter_map(move |meta: ObjectMeta| async move {
                        // The last part alone would take objects of deeper folders for ours.
                        let name = meta.location.filename().unwrap_or_default();
                        let old = meta.last_modified.timestamp_millis() < before;
                        let ours = old && self.path(name) == meta.location;
                        Ok(ours.then(|| chosen(name, self)).flatten())
                    })
            })
            .try_flatten()
            .boxed()
    }
}

/// The URL without what may be secret or does not count.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{}://{host}{}", url.scheme(), url.path())
}

#[async_trait]
impl Blobs for ObjectBlobs {
    fn place(&self) -> &str {
        &self.place
    }

    async fn put(&self, id: &BlobId, sealed: Bytes) -> Result<bool, StoreError> {
        let (doing, path) = ("writing a package", self.path(id.as_str()));
        if self.create(doing, &path, sealed.clone()).await?.is_some() {
            return Ok(true);
        }
        // An attempt of this very call may have arrived while its answer was lost. The bytes tell: no two ciphertexts are equal.
        let there = self.get(id).await?;
        Ok(there.is_some_and(|there| there.sealed == sealed))
    }

    async fn get(&self, id: &BlobId) -> Result<Option<Kept>, StoreError> {
        let (doing, path) = ("reading a package", self.path(id.as_str()));
        let read = async {
            let found = self.objects.get(&path).await?;
            if found.meta.size > MAX_BYTES as u64 {
                return Ok(None);
            }
            let version = Version {
                tag: found.meta.e_tag.clone(),
                number: found.meta.version.clone(),
            };
            let sealed = found.bytes().await?;
            Ok(Some(Kept { sealed, version }))
        };
        match self.ask(doing, read).await? {
            Some(None) => Err(StoreError::Corrupt("blob", "it is too large".to_owned())),
            found => Ok(found.flatten()),
        }
    }

    async fn head(&self, id: &BlobId, bytes: usize) -> Result<Option<Bytes>, StoreError> {
        let (doing, path) = ("reading a package", self.path(id.as_str()));
        let options = GetOptions {
            range: Some(GetRange::Bounded(0..bytes as u64)),
            ..GetOptions::default()
        };
        let read = async { self.objects.get_opts(&path, options).await?.bytes().await };
        match self.ask(doing, read).await {
            // Nothing has no first bytes, and some servers call that an error.
            Err(error) => match self.ask(doing, self.objects.head(&path)).await? {
                Some(meta) if meta.size == 0 => Ok(Some(Bytes::new())),
                _ => Err(error),
            },
            read => read,
        }
    }

    async fn replace(&self, id: &BlobId, was: &Version, sealed: Bytes) -> Result<bool, StoreError> {
        let (doing, path) = ("writing a package anew", self.path(id.as_str()));
        let version = UpdateVersion {
            e_tag: was.tag.clone(),
            version: was.number.clone(),
        };
        let put = async {
            let payload = PutPayload::from_bytes(sealed.clone());
            let mode = PutMode::Update(version);
            match self.objects.put_opts(&path, payload, mode.into()).await {
                Ok(_) => Ok(true),
                Err(Error::Precondition { .. } | Error::AlreadyExists { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        };
        if self.ask(doing, put).await? == Some(true) {
            return Ok(true);
        }
        // As with `put`: an attempt whose answer was lost.
        let there = self.get(id).await?;
        Ok(there.is_some_and(|there| there.sealed == sealed))
    }

    async fn delete(&self, id: &BlobId) -> Result<(), StoreError> {
        let path = self.path(id.as_str());
        self.ask("deleting a package", self.objects.delete(&path))
            .await?;
        Ok(())
    }

    fn list(&self, min_age: Duration) -> BoxStream<'_, Result<BlobId, StoreError>> {
        self.found(min_age, |name, _| BlobId::parse(name))
    }

    async fn tidy(&self, min_age: Duration) -> Result<u64, StoreError> {
        let mut marks = self.found(min_age, |name, all| {
            name.starts_with(MARK).then(|| all.path(name))
        });
        let mut removed = 0;
        while let Some(mark) = marks.try_next().await? {
            self.ask("deleting a mark", self.objects.delete(&mark))
                .await?;
            removed += 1;
        }
        Ok(removed)
    }

    async fn claim(&self, owner: &str) -> Result<(), StoreError> {
        let (doing, path) = ("claiming it", self.path(OWNER));
        let bytes = Bytes::copy_from_slice(owner.as_bytes());
        if self.create(doing, &path, bytes).await?.is_some() {
            return Ok(());
        }
        let read = async { self.objects.get(&path).await?.bytes().await };
        match self.ask(doing, read).await? {
            Some(there) if there == owner.as_bytes() => Ok(()),
            _ => Err(StoreError::OthersBlobs(self.place.clone())),
        }
    }

    async fn probe(&self) -> Result<(), StoreError> {
        let doing = "trying it";
        let path = self.path(&format!("{MARK}{}", uuid::Uuid::new_v4().simple()));
        let bytes = Bytes::from_static(b"mark");
        self.create(doing, &path, bytes.clone()).await?;
        let again = self.create(doing, &path, bytes).await;
        self.ask(doing, self.objects.delete(&path)).await?;
        match again? {
            None => Ok(()),
            Some(()) => Err(Asked::new(&self.place, doing).overwrites()),
        }
    }
}
