//! A mirror of k3s' releases on this machine that asks for a login.

use std::path::Path;
use std::sync::{Arc, Mutex};

use acceptance_tests::k3s::lab::Release;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

/// Who may load, and how that stands in a request.
const LOGIN: (&str, &str) = ("cht:mirror-s3cret", "basic y2h0om1pcnjvci1zm2nyzxq=");

/// One release, served to whoever logs in.
pub(crate) struct Mirror {
    port: u16,
    release: Release,
    answers: Arc<Mutex<Vec<u16>>>,
    _serving: AbortOnDropHandle<()>,
}

impl Mirror {
    pub(crate) async fn of(release: Release) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let answers: Arc<Mutex<Vec<u16>>> = Arc::default();
        let (noted, path) = (Arc::clone(&answers), release.path.clone());
        let place = format!("get /k3s/{}/k3s ", release.version.replace('+', "%2b"));
        let serving = async move {
            while let Ok((stream, _)) = listener.accept().await {
                let status = answer(stream, &place, &path).await;
                noted.lock().expect("nobody panics").push(status);
            }
        };
        Self {
            port,
            release,
            answers,
            _serving: AbortOnDropHandle::new(tokio::spawn(serving)),
        }
    }

    /// The attribute `binary` of a resource, with the login or without.
    pub(crate) fn attribute(&self, with_login: bool) -> String {
        let login = if with_login {
            format!("{}@", LOGIN.0)
        } else {
            String::new()
        };
        format!(
            "{{ url = \"http://{login}127.0.0.1:{}/k3s\", sha256 = {:?} }}",
            self.port, self.release.sha256
        )
    }

    /// The status of each answer.
    pub(crate) fn answers(&self) -> Vec<u16> {
        self.answers.lock().expect("nobody panics").clone()
    }
}

async fn answer(mut stream: TcpStream, place: &str, path: &Path) -> u16 {
    let mut request = vec![0; 8192];
    let length = stream.read(&mut request).await.unwrap_or_default();
    let request = String::from_utf8_lossy(&request[..length]).to_lowercase();
    let status = match request.contains(LOGIN.1) {
        true if request.starts_with(place) => 200,
        true => 404,
        false => 401,
    };
    let body = match status {
        200 => std::fs::read(path).expect("the release can be read"),
        _ => Vec::new(),
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // Whoever has gone is not waited for.
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&body).await;
    status
}
