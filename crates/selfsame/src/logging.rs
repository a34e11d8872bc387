//! The server's log: every line names the node, so that those of several nodes may stand in one place.

use std::fmt;

use selfsame_server::node::NodeName;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{FilterExt, LevelFilter, filter_fn};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, format};
use tracing_subscriber::layer::{Filter, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry};

use crate::traces::Traces;

/// Logs to standard error from now on, as `SELFSAME_LOG` filters it, and makes traces where they are wanted.
pub(crate) fn start(json: bool, node: &NodeName, traces: Option<&Traces>) {
    let wanted = EnvFilter::try_from_env("SELFSAME_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // Lines say themselves what they are about: spans are for traces.
    let lines = FilterExt::<Registry>::and(wanted, only_events());
    let layer = tracing_subscriber::fmt::layer::<Registry>().with_writer(std::io::stderr);
    let node = node.clone();
    let layer = if json {
        // Before the formatter of events, so that fields are written as JSON too.
        let named = Named {
            node,
            inner: format().json(),
        };
        layer.json().event_format(named).with_filter(lines).boxed()
    } else {
        let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
        let inner = format().with_ansi(ansi);
        layer
            .with_ansi(ansi)
            .event_format(Named { node, inner })
            .with_filter(lines)
            .boxed()
    };
    tracing_subscriber::registry()
        .with(layer)
        .with(traces.map(|traces| traces.layer()))
        .init();
}

/// Says that it goes by no level: else every level of every crate counts as wanted, and lines are put together that nobody writes.
fn only_events() -> impl Filter<Registry> {
    filter_fn(|about| about.is_event()).with_max_level_hint(LevelFilter::TRACE)
}

/// Lines of another format, with the node's name.
struct Named<F> {
    node: NodeName,
    inner: F,
}

/// The line with the node's name in it. A name needs no escaping.
fn named(line: &str, node: &str) -> String {
    let line = line.trim_end_matches('\n');
    match line.strip_prefix('{') {
        Some(rest) => format!("{{\"node\":\"{node}\",{rest}\n"),
        None => format!("{line} node={node}\n"),
    }
}

impl<S, N, F> FormatEvent<S, N> for Named<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        let inside = Writer::new(&mut line);
        self.inner.format_event(context, inside, event)?;
        writer.write_str(&named(&line, self.node.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_text_or_json_names_the_node_and_stays_one_line() {
        assert_eq!(named("INFO x: a b=1\n", "n1"), "INFO x: a b=1 node=n1\n");
        let json = named("{\"level\":\"INFO\"}\n", "n1");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value, serde_json::json!({"node": "n1", "level": "INFO"}));
        assert_eq!(json.lines().count(), 1);
    }
}
