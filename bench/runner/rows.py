"""The rows of the benchmark: what is asked of each subject."""

import base64
import hmac
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    name: str
    load: tuple[str, ...]  # arguments of pintle_load, or of a client under test
    subjects: tuple[str, ...] = ("pintle", "grpc_cpp", "floor", "engine", "tonic", "grpc_go")
    side: str = "server"  # whose CPU time is the result: the server's or the client's
    messages: int = 1  # in each call
    message_bytes: int = 0  # what a stream carries in each message; 0 for unary rows
    tls: bool = False
    loops: int = 1  # of the server, which then has both cores
    layers: str = ""  # of the server, around every call
    beside: tuple[str, ...] = ()  # arguments of another pintle_load that loads the server meanwhile


def _unary(connections: int, streams: int) -> Row:
    return Row(f"unary_{connections}x{streams}",
               ("--connections", str(connections), "--streams", str(streams)))


def _metadata(entries: int) -> Row:
    plain = _unary(10, 10)
    return Row(f"{plain.name}_meta{entries}", (*plain.load, "--metadata", str(entries)))


def _stream(name: str, method: str, size: int, messages: int) -> Row:
    load = ("--connections", "1", "--streams", "1", "--method", method,
            "--payload", str(size), "--messages", str(messages))
    return Row(name, load, ("pintle", "grpc_cpp", "tonic", "grpc_go"), messages=messages, message_bytes=size)


def _client(connections: int, streams: int) -> Row:
    return Row(f"client_{connections}x{streams}",
               ("--connections", str(connections), "--streams", str(streams)),
               ("pintle", "grpc_cpp", "tonic"), side="client")


def _tls(plain: Row) -> Row:
    return Row(f"tls_{plain.name}", (*plain.load, "--tls"), ("pintle", "grpc_cpp", "floor"), tls=True)


def _connect(name: str, *more: str) -> Row:
    """A new connection for each call, no faster than the machine's ports come back; nothing is resumed."""
    return Row(name, ("--churn", "--connections", "16", "--rate", "500", *more), ("pintle", "grpc_cpp", "floor"),
               tls="--tls" in more)


def _neighbour(name: str, beside: tuple[str, ...], subjects: tuple[str, ...], tls: bool = False) -> Row:
    """The calls of unary_10x10, while somebody else is there whose calls take long."""
    plain = _unary(10, 10)
    return Row(f"neighbour_{name}", (*plain.load, "--tls") if tls else plain.load, subjects, tls=tls, beside=beside)


def _loops(number: int) -> Row:
    plain = _unary(10, 10)
    return Row(f"{plain.name}_{number}_loops", plain.load, ("pintle",), loops=number)


def token() -> str:
    """Signed with the secret of the benchmark's server (echo/layers.cpp)."""
    def part(text: bytes) -> str:
        return base64.urlsafe_b64encode(text).rstrip(b"=").decode()

    signed = part(b'{"alg":"HS256"}') + "." + part(
        b'{"iss":"bench","aud":"echo","sub":"load","roles":["caller"],"exp":9999999999}')
    secret = b"the benchmark's secret, 32 bytes"
    return signed + "." + part(hmac.digest(secret, signed.encode(), "sha256"))


def _layers(names: str) -> Row:
    plain = _unary(10, 10)
    return Row(f"layers_{names}", plain.load, ("pintle",), layers=names)


def _guarded(names: str) -> Row:
    plain = _unary(10, 10)
    return Row(f"layers_{names}", (*plain.load, "--authorization", "Bearer " + token()), ("pintle",), layers=names)


ROWS = {row.name: row for row in (
    _unary(1, 1),
    _unary(1, 100),
    _unary(10, 10),
    _unary(100, 1),
    _metadata(8),
    _tls(_unary(10, 10)),
    _connect("connect_plain"),
    _connect("connect_tls", "--tls"),
    _stream("stream_64k_down", "down", 65536, 64),
    _stream("stream_64k_up", "up", 65536, 64),
    _stream("stream_64b_down", "down", 64, 2000),
    _client(10, 10),
    _client(1, 100),
    Row("client_layers", (*_client(10, 10).load, "--layers"), ("pintle",), side="client"),
    _neighbour("large", ("--connections", "4", "--streams", "1", "--payload", "4194000"),
               ("pintle", "grpc_cpp", "tonic", "grpc_go")),
    _neighbour("bombs", ("--connections", "100", "--streams", "1", "--method", "bomb", "--payload", "67108864"), ("pintle",)),
    _neighbour("handshakes", ("--tls", "--churn", "--connections", "16", "--rate", "1000"), ("pintle", "grpc_cpp"), tls=True),
    _loops(2),
    *(_layers(names) for names in ("request_id", "tracing", "metrics", "access_log", "sight")),
    *(_guarded(names) for names in ("authentication", "gate", "full")),
    _layers("validation"),
)}

DEFAULT_ROWS = ("unary_1x1", "unary_1x100", "unary_10x10", "unary_100x1", "tls_unary_10x10", "connect_plain", "connect_tls")
