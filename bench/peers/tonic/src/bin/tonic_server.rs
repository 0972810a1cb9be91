//! tonic as a server of bench/echo.proto, on one thread: the benchmark gives a server one core.

use bench_peer_tonic::echo::echo_server::{Echo, EchoServer};
use bench_peer_tonic::echo::{Chunk, EchoReply, EchoRequest, StreamRequest};
use bench_peer_tonic::Options;
use std::net::{Ipv4Addr, SocketAddr};
use tonic::{Request, Response, Status, Streaming};

struct Service;

#[tonic::async_trait]
impl Echo for Service {
    async fn unary(&self, request: Request<EchoRequest>) -> Result<Response<EchoReply>, Status> {
        let EchoRequest { name, payload } = request.into_inner();
        Ok(Response::new(EchoReply { name, payload }))
    }

    type DownStream = std::pin::Pin<Box<dyn tokio_stream::Stream<Item = Result<Chunk, Status>> + Send>>;

    async fn down(&self, request: Request<StreamRequest>) -> Result<Response<Self::DownStream>, Status> {
        let StreamRequest { messages, size } = request.into_inner();
        let chunk = Chunk { payload: vec![b'x'; size as usize] };
        let chunks = (0..messages).map(move |_| Ok(chunk.clone()));
        Ok(Response::new(Box::pin(tokio_stream::iter(chunks))))
    }

    async fn up(&self, request: Request<Streaming<Chunk>>) -> Result<Response<EchoReply>, Status> {
        let mut chunks = request.into_inner();
        let mut sum = 0;
        while let Some(chunk) = chunks.message().await? {
            sum += chunk.payload.len();
        }
        Ok(Response::new(EchoReply { name: sum.to_string(), payload: Vec::new() }))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), tonic::transport::Error> {
    let options = Options::parse(&["--port"], "usage: tonic_server --port N");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.number("--port", 0)));
    tonic::transport::Server::builder().add_service(EchoServer::new(Service)).serve(address).await
}
