//! Traces over OTLP: off until an operator says where they are to go. Spans only, and of what this project names itself: no
//! log lines, no paths, nothing of a person.

use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use selfsame_server::node::NodeName;
use tokio::runtime::Handle;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// How long a collector may take for a batch, and the last batch at the end of the process.
const PATIENCE: Duration = Duration::from_secs(5);
/// What this project's spans have as their target. Libraries' spans are not sent: they may name paths, which hold secrets.
const OURS: &str = "selfsame";

/// Sends batches on the runtime that serves; the exporter works on a thread that has none.
#[derive(Debug)]
struct OnRuntime {
    client: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for OnRuntime {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        self.runtime
            .spawn(async move { client.send_bytes(request).await })
            .await?
    }
}

/// What sends traces, to be finished before the process ends.
pub(crate) struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Sends to a collector's URL for traces, e.g. `http://127.0.0.1:4318/v1/traces`. A collector that is down costs spans and
    /// nothing else: they wait in a queue of fixed size. Sampling, headers and the resource's attributes are set by the
    /// variables that OpenTelemetry names (`OTEL_TRACES_SAMPLER` and so on). Needs to be called within the runtime.
    pub(crate) fn to(
        collector: &url::Url,
        node: &NodeName,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(OnRuntime {
                client,
                runtime: Handle::current(),
            })
            .with_endpoint(collector.as_str())
            .with_timeout(PATIENCE)
            .build()?;
        let resource = Resource::builder()
            .with_service_name("selfsame")
            .with_attribute(KeyValue::new("service.instance.id", node.to_string()))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build();
        Ok(Self { provider })
    }

    /// What takes the spans in.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("selfsame"))
            .with_location(false)
            .with_threads(false)
            .with_filter(filter_fn(|about| {
                about.is_span() && about.target().starts_with(OURS)
            }))
    }

    /// Sends what is left.
    pub(crate) async fn finish(self) {
        // It waits for the exporter's thread, which waits for this runtime: not on one of the runtime's own threads.
        let ended =
            tokio::task::spawn_blocking(move || self.provider.shutdown_with_timeout(PATIENCE));
        if let Ok(Err(error)) = ended.await {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}
