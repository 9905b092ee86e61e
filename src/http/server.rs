//! The listeners: bounded connections, bounded headers, an end in order. Used by `node`.
//! A connection must never outlive the drain, nor a slow sender or reader hold one for ever.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use super::impatient::Impatient;
use super::{Limits, Peer};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1024;

/// How to serve.
#[derive(Clone, Debug)]
pub struct Serving {
    /// Bounds.
    pub limits: Limits,
    /// Places for connections, shared by all workers.
    pub places: Arc<Semaphore>,
    /// Turns true when it is time to stop.
    pub stop: watch::Receiver<bool>,
    /// How long open requests may take to end then.
    pub drain: Duration,
}

/// Binds `address`. Several workers may bind the same one: the kernel spreads connections over them.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Serves `router` until it is time to stop and every connection has ended, or the drain is over.
pub async fn serve(listener: TcpListener, router: Router, serving: Serving) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (mut stop, mut connections) = (serving.stop.clone(), JoinSet::new());
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            accepted = accept(&listener) => {
                let Some((stream, peer)) = accepted else { continue };
                // Its place is taken after it came: one taken before would be a place that another worker's connection waits for in
                // vain. Not inside of `accept`, which the end of another connection cancels, and would drop this one.
                let place = tokio::select! {
                    () = stopped(&mut stop) => break,
                    place = serving.places.clone().acquire_owned() => place,
                };
                let Ok(place) = place else { break };
                connections.spawn(connection(stream, peer, router.clone(), serving.clone(), place));
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    // What is still open after the drain is cut off with the set.
    let _ = tokio::time::timeout(serving.drain, all).await;
    Ok(())
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The sender is gone only when the node is: then it is time, too.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn accept(listener: &tokio::net::TcpListener) -> Option<(TcpStream, SocketAddr)> {
    match listener.accept().await {
        Ok(accepted) => Some(accepted),
        Err(error) => {
            // Out of file descriptors, as a rule: accepting at once again would only spin.
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    serving: Serving,
    _place: OwnedSemaphorePermit,
) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request)
    });
    let limits = &serving.limits;
    let write_timeout = Duration::from_millis(limits.request_timeout_ms);
    let serving_connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.header_timeout_ms))
        .max_headers(limits.headers_max)
        // The buffer alone does not bound the head: what one read brings in may be larger.
        .max_header_size(limits.header_bytes_max)
        .max_buf_size(limits.header_bytes_max.max(8192))
        .serve_connection(TokioIo::new(Impatient::new(stream, write_timeout)), service);
    let mut serving_connection = std::pin::pin!(serving_connection);
    let mut stop = serving.stop.clone();
    tokio::select! {
        _ended = serving_connection.as_mut() => {}
        () = stopped(&mut stop) => {
            serving_connection.as_mut().graceful_shutdown();
            let _ = serving_connection.await;
        }
    }
}
