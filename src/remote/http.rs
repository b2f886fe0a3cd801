//! One bounded HTTP request at a time, over a connection of its own.
//!
//! No redirection is followed, no cookie kept, nothing but status 200 taken. The whole of it, name lookup
//! included, ends with the deadline.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::service::ports::{RemoteFault, RemoteFaultKind};

use super::address::Address;

/// How much one request may cost.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// How long it may take from beginning to end.
    pub deadline: Duration,
    /// The longest answer that is read, in bytes.
    pub answer_bytes: usize,
}

/// Makes requests.
#[derive(Clone)]
pub struct Http {
    tls: Option<TlsConnector>,
}

/// What is sent.
pub(super) struct Ask<'a> {
    /// Where to.
    pub(super) to: &'a Address,
    /// The content type of the body, and the body; without one it is a GET.
    pub(super) body: Option<(&'static str, Vec<u8>)>,
    /// The content type that is wanted.
    pub(super) accept: &'static str,
}

impl Http {
    /// Makes requests over plain HTTP only: what comes back is signed, and checked, whatever the way.
    pub fn plain() -> Self {
        Self { tls: None }
    }

    /// Also makes requests over TLS, to servers that one of the certificates in this PEM file stands behind.
    pub fn with_roots(pem: &Path) -> io::Result<Self> {
        let broken =
            |error: &dyn std::fmt::Display| io::Error::other(format!("{}: {error}", pem.display()));
        let certificates = CertificateDer::pem_file_iter(pem).map_err(|error| broken(&error))?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            // A system's file has old roots among the good ones; those that do not parse vouch for nobody.
            let _ = roots.add(certificate.map_err(|error| broken(&error))?);
        }
        if roots.is_empty() {
            return Err(broken(&"holds no certificate"));
        }
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Ok(Self { tls: Some(TlsConnector::from(Arc::new(config))) })
    }

    /// The body of the answer.
    pub(super) async fn ask(
        &self,
        ask: Ask<'_>,
        limits: HttpLimits,
    ) -> Result<Vec<u8>, RemoteFault> {
        let from = ask.to.to_string();
        match tokio::time::timeout(limits.deadline, self.exchange(ask, limits.answer_bytes)).await {
            Ok(answered) => answered.map_err(|(kind, detail)| RemoteFault::new(kind, from, detail)),
            Err(_) => {
                let detail = format!("no whole answer within {:?}", limits.deadline);
                Err(RemoteFault::new(RemoteFaultKind::Timeout, from, detail))
            }
        }
    }

    async fn exchange(
        &self,
        ask: Ask<'_>,
        answer_bytes: usize,
    ) -> Result<Vec<u8>, (RemoteFaultKind, String)> {
        let refused = |error: &dyn std::fmt::Display| (RemoteFaultKind::Refused, error.to_string());
        let stream = self.connect(ask.to).await.map_err(|error| refused(&error))?;
        let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_headers(64)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| refused(&error))?;
        // Ends with this request, however it ends.
        let _driver = Driver(tokio::spawn(async move {
            // What goes wrong with the connection is told by the request as well.
            let _ = connection.await;
        }));
        let request = request(&ask).map_err(|error| refused(&error))?;
        let answer = sender.send_request(request).await.map_err(|error| {
            if error.is_parse() {
                (RemoteFaultKind::Garbage, error.to_string())
            } else {
                refused(&error)
            }
        })?;
        if answer.status() != StatusCode::OK {
            return Err((RemoteFaultKind::HttpStatus, format!("status {}", answer.status())));
        }
        let too_large = || {
            let detail = format!("an answer of more than {answer_bytes} bytes");
            (RemoteFaultKind::TooLarge, detail)
        };
        let announced = answer.body().size_hint().lower();
        if usize::try_from(announced).map_or(true, |announced| announced > answer_bytes) {
            return Err(too_large());
        }
        match Limited::new(answer.into_body(), answer_bytes).collect().await {
            Ok(body) => Ok(body.to_bytes().to_vec()),
            Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
            Err(error) => Err(refused(&error)),
        }
    }

    async fn connect(&self, to: &Address) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect((to.host(), to.port())).await?;
        stream.set_nodelay(true)?;
        if !to.is_tls() {
            return Ok(Box::new(stream));
        }
        let tls = self.tls.as_ref().ok_or_else(|| io::Error::other("TLS is not set up"))?;
        let name = ServerName::try_from(to.host().to_owned()).map_err(io::Error::other)?;
        Ok(Box::new(tls.connect(name, stream).await?))
    }
}

/// A connection, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The task that drives a connection; it is stopped when this is dropped.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn request(ask: &Ask<'_>) -> Result<Request<Pin<Box<Full<Bytes>>>>, hyper::http::Error> {
    let (method, body) = match &ask.body {
        Some((_, body)) => (Method::POST, body.clone()),
        None => (Method::GET, Vec::new()),
    };
    let mut request = Request::builder()
        .method(method)
        .uri(ask.to.path())
        .header(HOST, ask.to.authority())
        .header(USER_AGENT, concat!("zhengku/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, ask.accept)
        .header(CONNECTION, "close");
    if let Some((content_type, _)) = &ask.body {
        request = request.header(CONTENT_TYPE, *content_type);
    }
    request.body(Box::pin(Full::new(Bytes::from(body))))
}
