//! A server in the process of the test, and a provider that answers just enough RPCs to see messages pass.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use tf_framework::server::{Mode, ServeError, ServeOptions, serve_in};
use tfplugin::tfplugin6::provider_server::Provider;
use tfplugin::tfplugin6::{apply_resource_change, get_metadata};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::go_plugin::Handshake;

pub(crate) struct TestProvider {
    /// Told when an apply begins.
    applying: mpsc::UnboundedSender<()>,
    /// Lets an apply end.
    release: Arc<Notify>,
}

/// The test's hold on the applies of a [`TestProvider`].
pub(crate) struct Applies {
    pub(crate) begun: mpsc::UnboundedReceiver<()>,
    pub(crate) release: Arc<Notify>,
}

impl TestProvider {
    pub(crate) fn new() -> (Self, Applies) {
        let (applying, begun) = mpsc::unbounded_channel();
        let release = Arc::new(Notify::new());
        let applies = Applies {
            begun,
            release: Arc::clone(&release),
        };
        (Self { applying, release }, applies)
    }
}

#[tonic::async_trait]
impl Provider for TestProvider {
    async fn get_metadata(
        &self,
        _request: Request<get_metadata::Request>,
    ) -> Result<Response<get_metadata::Response>, Status> {
        let resources = vec![get_metadata::ResourceMetadata {
            type_name: "test_thing".to_owned(),
        }];
        Ok(Response::new(get_metadata::Response {
            resources,
            ..Default::default()
        }))
    }

    async fn apply_resource_change(
        &self,
        _request: Request<apply_resource_change::Request>,
    ) -> Result<Response<apply_resource_change::Response>, Status> {
        self.applying.send(()).unwrap();
        self.release.notified().await;
        Ok(Response::new(apply_resource_change::Response::default()))
    }
}

/// A server in this process, and what it announced.
pub(crate) struct Server {
    pub(crate) line: String,
    pub(crate) stop: CancellationToken,
    pub(crate) serving: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    pub(crate) async fn start(environment: BTreeMap<&'static str, String>, mode: Mode) -> Result<Self, ServeError> {
        Self::serve(|_| TestProvider::new().0, environment, mode).await
    }

    /// Serves what `provider` makes; it is told when the server stops.
    pub(crate) async fn serve<S: Provider>(
        provider: impl FnOnce(&ServeOptions) -> S,
        environment: BTreeMap<&'static str, String>,
        mode: Mode,
    ) -> Result<Self, ServeError> {
        let (announcement, mut announced) = mpsc::unbounded_channel();
        let options = ServeOptions {
            mode,
            ..ServeOptions::new("registry.terraform.io/medic/test")
        };
        let stop = options.stop.clone();
        let lookup = move |name: &str| environment.get(name).cloned();
        let provider = provider(&options);
        let serving = tokio::spawn(serve_in(provider, options, lookup, Announcement(announcement)));
        match announced.recv().await {
            Some(line) => Ok(Self { line, stop, serving }),
            None => Err(serving.await.unwrap().expect_err("nothing was announced")),
        }
    }

    pub(crate) fn handshake(&self) -> Handshake {
        Handshake::parse(&self.line)
    }

    /// Asks for the end, and waits for it.
    pub(crate) async fn finish(self) {
        self.stop.cancel();
        self.serving.await.unwrap().unwrap();
    }
}

/// Hands on what is written at once.
struct Announcement(mpsc::UnboundedSender<String>);

impl Write for Announcement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(String::from_utf8(bytes.to_vec()).unwrap()).unwrap();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
