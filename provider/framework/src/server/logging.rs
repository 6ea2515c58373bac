//! Logs: `tracing` events as the JSON lines that go-plugin's clients read from stderr.
//!
//! A line is built in `line`; which events become one, `level` decides, as the user asks.

mod level;
mod line;

use std::io::Write as _;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::server::ServeOptions;
use crate::server::logging::level::Levels;
use crate::server::logging::line::Fields;

/// Sends the events of the process to stderr. Does nothing if the program has a subscriber already.
pub fn install(options: &ServeOptions) {
    let levels = Levels::read(&options.provider_address, |name| std::env::var(name).ok());
    let log_targets = options.log_targets.clone();
    let filter = filter_fn(move |metadata| levels.allow(metadata, &log_targets));
    let layer = HclogLayer::stderr().with_filter(filter);
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
}

/// Takes one whole line.
type Write = dyn Fn(&[u8]) + Send + Sync;

/// Writes one line for each event, with its own fields and those of the spans around it.
pub struct HclogLayer {
    write: Box<Write>,
}

impl HclogLayer {
    /// A layer that writes to stderr.
    pub fn stderr() -> Self {
        // If stderr is closed, the core is gone and nobody reads.
        Self::new(|line| drop(std::io::stderr().write_all(line)))
    }

    /// A layer that hands each line, with its line feed, to `write`.
    pub fn new(write: impl Fn(&[u8]) + Send + Sync + 'static) -> Self {
        Self { write: Box::new(write) }
    }
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for HclogLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = cx.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(span) = cx.span(id)
            && let Some(earlier) = span.extensions_mut().get_mut::<Fields>()
        {
            earlier.extend(&fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        let mut fields = Fields::default();
        for span in cx.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.extend(outer);
            }
        }
        fields.extend(&own);
        let metadata = event.metadata();
        (self.write)(&fields.into_line(*metadata.level(), metadata.target(), std::time::SystemTime::now()));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::Value;
    use tracing_subscriber::filter::LevelFilter;

    use super::*;

    /// The lines that `events` lead to.
    fn lines(level: LevelFilter, events: impl FnOnce()) -> Vec<Value> {
        let levels = Levels::all(level);
        let lines = Arc::new(Mutex::new(Vec::new()));
        let layer = HclogLayer::new({
            let lines = Arc::clone(&lines);
            move |line| lines.lock().unwrap().push(serde_json::from_slice(line).unwrap())
        });
        let filter = filter_fn(move |metadata| levels.allow(metadata, &["cht"]));
        let subscriber = tracing_subscriber::registry().with(layer.with_filter(filter));
        tracing::subscriber::with_default(subscriber, events);
        Arc::into_inner(lines).unwrap().into_inner().unwrap()
    }

    #[test]
    fn fields_of_spans_are_on_every_line_and_inner_ones_win() {
        let lines = lines(LevelFilter::ERROR, || {
            let rpc = tracing::debug_span!("rpc", tf_rpc = "ReadResource", tf_resource_type = tracing::field::Empty);
            rpc.record("tf_resource_type", "cht_user");
            let _rpc = rpc.enter();
            let _step = tracing::info_span!("step", step = 1, host = "a").entered();
            tracing::error!(host = "b", "step failed");
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["@message"], "step failed");
        assert_eq!(lines[0]["@level"], "error");
        assert_eq!(lines[0]["@module"], "tf_framework.server.logging.tests");
        assert_eq!(lines[0]["tf_rpc"], "ReadResource");
        assert_eq!(lines[0]["tf_resource_type"], "cht_user");
        assert_eq!(lines[0]["step"], 1);
        assert_eq!(lines[0]["host"], "b");
    }

    #[test]
    fn dependencies_are_never_logged_below_warn() {
        let lines = lines(LevelFilter::TRACE, || {
            tracing::debug!(target: "h2::codec", "frame");
            tracing::trace!(target: "chtulhu", "not ours, though it begins like ours");
            tracing::warn!(target: "hyper", "connection lost");
            tracing::trace!(target: "cht::vsphere", "call");
        });
        let messages: Vec<_> = lines.iter().map(|line| line["@message"].as_str().unwrap()).collect();
        assert_eq!(messages, ["connection lost", "call"]);
    }
}
