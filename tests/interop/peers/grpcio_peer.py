"""A peer for the interoperability tests, on gRPC's Python library. It shares no code with Pintle.

    grpcio_peer.py server --port N [--use_tls --tls_cert_file F --tls_key_file F]
    grpcio_peer.py client --server_host H --server_port N --test_case NAME[,NAME...] [--use_tls --ca_file F ...]

The flags are those of the other languages' interop programs. The client prints a line per case, NAME ok SECONDS or
NAME FAILED SECONDS WHY, and exits with 0 when all passed.
"""

import argparse
import pathlib
import signal
import sys
import tempfile
import threading
import time
from concurrent import futures

import grpc
from grpc_tools import protoc


def load_contract():
    """Generates the Python code of grpc.testing into a temporary folder and imports it."""
    protos = pathlib.Path(__file__).resolve().parents[3] / "proto"
    with tempfile.TemporaryDirectory(prefix="pintle-peer-") as folder:
        files = [str(protos / "grpc" / "testing" / name) for name in ("empty.proto", "messages.proto", "test.proto")]
        if protoc.main(["protoc", f"-I{protos}", f"--python_out={folder}", f"--grpc_python_out={folder}", *files]):
            raise SystemExit("protoc failed")
        # The generated package is called grpc, like the library: join the folder to the library's search path.
        grpc.__path__.append(str(pathlib.Path(folder) / "grpc"))
        import grpc.testing.empty_pb2 as empty
        import grpc.testing.messages_pb2 as messages
        import grpc.testing.test_pb2_grpc as services
    return empty, messages, services


empty_pb2, messages_pb2, services = load_contract()

ECHO_INITIAL = "x-grpc-test-echo-initial"
ECHO_TRAILING = "x-grpc-test-echo-trailing-bin"
SPECIAL_MESSAGE = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
REQUEST_SIZES = (27182, 8, 1828, 45904)
RESPONSE_SIZES = (31415, 9, 2653, 58979)
LARGE_REQUEST, LARGE_RESPONSE = 271828, 314159


def payload(size):
    return messages_pb2.Payload(type=messages_pb2.COMPRESSABLE, body=bytes(size))


# ---------------------------------------------------------------------------------------------------- server


def echo_metadata(context):
    for key, value in context.invocation_metadata():
        if key == ECHO_INITIAL:
            context.send_initial_metadata(((key, value),))
        elif key == ECHO_TRAILING:
            context.set_trailing_metadata(((key, value),))


def end_with(context, status):
    """Ends the call with the status that the client asked for, if it asked."""
    if status.code:
        codes = {code.value[0]: code for code in grpc.StatusCode}
        context.abort(codes.get(status.code, grpc.StatusCode.UNKNOWN), status.message)


class TestService:
    def EmptyCall(self, request, context):
        echo_metadata(context)
        return empty_pb2.Empty()

    def UnaryCall(self, request, context):
        echo_metadata(context)
        end_with(context, request.response_status)
        if request.response_compressed.value:
            context.set_compression(grpc.Compression.Gzip)
        return messages_pb2.SimpleResponse(payload=payload(request.response_size))

    def CacheableUnaryCall(self, request, context):
        return self.UnaryCall(request, context)

    def StreamingOutputCall(self, request, context):
        echo_metadata(context)
        end_with(context, request.response_status)
        if any(p.compressed.value for p in request.response_parameters):
            context.set_compression(grpc.Compression.Gzip)
        yield from self._responses(request, context)

    def StreamingInputCall(self, requests, context):
        echo_metadata(context)
        return messages_pb2.StreamingInputCallResponse(
            aggregated_payload_size=sum(len(request.payload.body) for request in requests)
        )

    def FullDuplexCall(self, requests, context):
        echo_metadata(context)
        for request in requests:
            end_with(context, request.response_status)
            yield from self._responses(request, context)

    def HalfDuplexCall(self, requests, context):
        echo_metadata(context)
        for request in list(requests):
            end_with(context, request.response_status)
            yield from self._responses(request, context)

    def _responses(self, request, context):
        for parameters in request.response_parameters:
            if parameters.interval_us:
                time.sleep(parameters.interval_us / 1e6)
            if not parameters.compressed.value:
                context.disable_next_message_compression()
            yield messages_pb2.StreamingOutputCallResponse(payload=payload(parameters.size))


def add_test_service(server):
    """Registers all methods but UnimplementedCall, which must stay unknown to the server."""
    service = TestService()
    unary, many = grpc.unary_unary_rpc_method_handler, grpc.stream_stream_rpc_method_handler
    simple = (messages_pb2.SimpleRequest.FromString, messages_pb2.SimpleResponse.SerializeToString)
    output = (
        messages_pb2.StreamingOutputCallRequest.FromString,
        messages_pb2.StreamingOutputCallResponse.SerializeToString,
    )
    gathered = (
        messages_pb2.StreamingInputCallRequest.FromString,
        messages_pb2.StreamingInputCallResponse.SerializeToString,
    )
    handlers = {
        "EmptyCall": unary(service.EmptyCall, empty_pb2.Empty.FromString, empty_pb2.Empty.SerializeToString),
        "UnaryCall": unary(service.UnaryCall, *simple),
        "CacheableUnaryCall": unary(service.CacheableUnaryCall, *simple),
        "StreamingOutputCall": grpc.unary_stream_rpc_method_handler(service.StreamingOutputCall, *output),
        "StreamingInputCall": grpc.stream_unary_rpc_method_handler(service.StreamingInputCall, *gathered),
        "FullDuplexCall": many(service.FullDuplexCall, *output),
        "HalfDuplexCall": many(service.HalfDuplexCall, *output),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("grpc.testing.TestService", handlers),))


def run_server(flags):
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    add_test_service(server)
    if flags.use_tls:
        key, cert = pathlib.Path(flags.tls_key_file).read_bytes(), pathlib.Path(flags.tls_cert_file).read_bytes()
        port = server.add_secure_port(f"[::]:{flags.port}", grpc.ssl_server_credentials([(key, cert)]))
    else:
        port = server.add_insecure_port(f"[::]:{flags.port}")
    server.start()
    print(f"listening on port {port}", flush=True)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    server.stop(grace=None).wait()


# ---------------------------------------------------------------------------------------------------- client


def expect(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, wanted {wanted!r}")


def expect_status(call, code, message=None):
    """call() must fail with this code, and with this message if one is given."""
    try:
        call()
    except grpc.RpcError as error:
        expect(error.code(), code, "status code")
        if message is not None:
            expect(error.details(), message, "status message")
    else:
        raise AssertionError(f"the call passed; {code} was wanted")


def large_request(**fields):
    return messages_pb2.SimpleRequest(
        response_type=messages_pb2.COMPRESSABLE,
        response_size=fields.pop("response_size", LARGE_RESPONSE),
        payload=payload(fields.pop("request_size", LARGE_REQUEST)),
        **fields,
    )


def expect_payload(response, size):
    expect(response.payload.type, messages_pb2.COMPRESSABLE, "payload type")
    expect(len(response.payload.body), size, "payload size")
    expect(response.payload.body == bytes(size), True, "payload is all zeros")


def output_request(*sizes, request_size=None, **fields):
    request = messages_pb2.StreamingOutputCallRequest(response_type=messages_pb2.COMPRESSABLE, **fields)
    for size in sizes:
        request.response_parameters.add(size=size)
    if request_size is not None:
        request.payload.CopyFrom(payload(request_size))
    return request


class Requests:
    """The sending half of a stream: what is pushed goes out, until done() is said."""

    def __init__(self):
        self._items, self._changed, self._done = [], threading.Condition(), False

    def push(self, request):
        with self._changed:
            self._items.append(request)
            self._changed.notify()

    def done(self):
        with self._changed:
            self._done = True
            self._changed.notify()

    def __iter__(self):
        return self

    def __next__(self):
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._done)
            if self._items:
                return self._items.pop(0)
            raise StopIteration


def empty_unary(stub, flags):
    expect(stub.EmptyCall(empty_pb2.Empty()), empty_pb2.Empty(), "response")


def large_unary(stub, flags):
    expect_payload(stub.UnaryCall(large_request()), LARGE_RESPONSE)


def client_streaming(stub, flags):
    requests = (messages_pb2.StreamingInputCallRequest(payload=payload(size)) for size in REQUEST_SIZES)
    expect(stub.StreamingInputCall(requests).aggregated_payload_size, sum(REQUEST_SIZES), "aggregated size")


def server_streaming(stub, flags):
    responses = list(stub.StreamingOutputCall(output_request(*RESPONSE_SIZES)))
    expect(len(responses), len(RESPONSE_SIZES), "number of responses")
    for response, size in zip(responses, RESPONSE_SIZES):
        expect_payload(response, size)


def ping_pong(stub, flags):
    requests = Requests()
    responses = stub.FullDuplexCall(requests)
    for request_size, response_size in zip(REQUEST_SIZES, RESPONSE_SIZES):
        requests.push(output_request(response_size, request_size=request_size))
        expect_payload(next(responses), response_size)
    requests.done()
    expect(list(responses), [], "responses after the last request")
    expect(responses.code(), grpc.StatusCode.OK, "status code")


def empty_stream(stub, flags):
    requests = Requests()
    requests.done()
    expect(list(stub.FullDuplexCall(requests)), [], "responses")


def custom_metadata(stub, flags):
    sent = ((ECHO_INITIAL, "test_initial_metadata_value"), (ECHO_TRAILING, b"\xab\xab\xab"))

    def check(call):
        initial, trailing = dict(call.initial_metadata()), dict(call.trailing_metadata())
        expect(initial.get(ECHO_INITIAL), "test_initial_metadata_value", "initial metadata")
        expect(trailing.get(ECHO_TRAILING), b"\xab\xab\xab", "trailing metadata")

    response, call = stub.UnaryCall.with_call(large_request(), metadata=sent)
    expect_payload(response, LARGE_RESPONSE)
    check(call)
    requests = Requests()
    call = stub.FullDuplexCall(requests, metadata=sent)
    requests.push(output_request(LARGE_RESPONSE, request_size=LARGE_REQUEST))
    expect_payload(next(call), LARGE_RESPONSE)
    requests.done()
    expect(list(call), [], "responses after the last request")
    check(call)


def status_code_and_message(stub, flags):
    status = messages_pb2.EchoStatus(code=2, message="test status message")
    call = messages_pb2.SimpleRequest(response_status=status)
    expect_status(lambda: stub.UnaryCall(call), grpc.StatusCode.UNKNOWN, status.message)
    requests = Requests()
    responses = stub.FullDuplexCall(requests)
    requests.push(output_request(response_status=status))
    requests.done()
    expect_status(lambda: next(responses), grpc.StatusCode.UNKNOWN, status.message)


def special_status_message(stub, flags):
    status = messages_pb2.EchoStatus(code=2, message=SPECIAL_MESSAGE)
    call = messages_pb2.SimpleRequest(response_status=status)
    expect_status(lambda: stub.UnaryCall(call), grpc.StatusCode.UNKNOWN, SPECIAL_MESSAGE)


def unimplemented_method(stub, flags):
    expect_status(lambda: stub.UnimplementedCall(empty_pb2.Empty()), grpc.StatusCode.UNIMPLEMENTED)


def unimplemented_service(stub, flags):
    other = services.UnimplementedServiceStub(flags.channel)
    expect_status(lambda: other.UnimplementedCall(empty_pb2.Empty()), grpc.StatusCode.UNIMPLEMENTED)


def cancel_after_begin(stub, flags):
    requests = Requests()
    call = stub.StreamingInputCall.future(requests)
    call.cancel()
    requests.done()
    expect(call.cancelled(), True, "cancelled")
    expect(call.code(), grpc.StatusCode.CANCELLED, "status code")


def cancel_after_first_response(stub, flags):
    requests = Requests()
    call = stub.FullDuplexCall(requests)
    requests.push(output_request(RESPONSE_SIZES[0], request_size=REQUEST_SIZES[0]))
    expect_payload(next(call), RESPONSE_SIZES[0])
    call.cancel()
    requests.done()
    expect_status(lambda: next(call), grpc.StatusCode.CANCELLED)


def timeout_on_sleeping_server(stub, flags):
    requests = Requests()
    call = stub.FullDuplexCall(requests, timeout=0.001)
    requests.push(output_request(request_size=REQUEST_SIZES[0]))
    try:
        expect_status(lambda: next(call), grpc.StatusCode.DEADLINE_EXCEEDED)
    finally:
        requests.done()


def client_compressed_unary(stub, flags):
    def request(compressed):
        return large_request(expect_compressed=messages_pb2.BoolValue(value=compressed))

    # The probe: a server that can't see the flag of a message can't be tested.
    expect_status(lambda: stub.UnaryCall(request(True)), grpc.StatusCode.INVALID_ARGUMENT)
    expect_payload(stub.UnaryCall(request(True), compression=grpc.Compression.Gzip), LARGE_RESPONSE)
    expect_payload(stub.UnaryCall(request(False)), LARGE_RESPONSE)


# The library doesn't tell how a message came: these two show that it can read what it asked for.
def server_compressed_unary(stub, flags):
    for compressed in (True, False):
        wanted = messages_pb2.BoolValue(value=compressed)
        expect_payload(stub.UnaryCall(large_request(response_compressed=wanted)), LARGE_RESPONSE)


def server_compressed_streaming(stub, flags):
    request = messages_pb2.StreamingOutputCallRequest()
    sizes = (31415, 92653)
    request.response_parameters.add(size=sizes[0], compressed=messages_pb2.BoolValue(value=True))
    request.response_parameters.add(size=sizes[1], compressed=messages_pb2.BoolValue(value=False))
    responses = list(stub.StreamingOutputCall(request))
    expect(len(responses), len(sizes), "number of responses")
    for response, size in zip(responses, sizes):
        expect_payload(response, size)


def soak(flags, stub_of):
    """Large unary calls, one after the other; fails when too many failed or were slow, or when the time was up."""
    end, failures = time.monotonic() + flags.soak_overall_timeout_seconds, []
    for iteration in range(flags.soak_iterations):
        if time.monotonic() > end:
            raise AssertionError(f"time was up after {iteration} of {flags.soak_iterations} iterations")
        started = time.monotonic()
        try:
            with stub_of() as stub:
                request = large_request(request_size=flags.soak_request_size, response_size=flags.soak_response_size)
                expect_payload(stub.UnaryCall(request), flags.soak_response_size)
        except (grpc.RpcError, AssertionError) as error:
            failures.append(f"iteration {iteration}: {error}")
            continue
        took = (time.monotonic() - started) * 1000
        if took > flags.soak_per_iteration_max_acceptable_latency_ms:
            failures.append(f"iteration {iteration}: took {took:.0f} ms")
    if len(failures) > flags.soak_max_failures:
        raise AssertionError(f"{len(failures)} of {flags.soak_iterations} iterations failed; {failures[0]}")


class Borrowed:
    """A stub on the channel that all iterations share."""

    def __init__(self, flags):
        self._stub = services.TestServiceStub(flags.channel)

    def __enter__(self):
        return self._stub

    def __exit__(self, *_):
        return False


class Owned(Borrowed):
    """A stub on a channel of its own, which is closed afterwards."""

    def __init__(self, flags):
        self._channel = open_channel(flags, alone=True)
        self._stub = services.TestServiceStub(self._channel)

    def __exit__(self, *_):
        self._channel.close()
        return False


def rpc_soak(stub, flags):
    soak(flags, lambda: Borrowed(flags))


def channel_soak(stub, flags):
    soak(flags, lambda: Owned(flags))


CASES = {
    case.__name__: case
    for case in (
        empty_unary,
        large_unary,
        client_streaming,
        server_streaming,
        ping_pong,
        empty_stream,
        custom_metadata,
        status_code_and_message,
        special_status_message,
        unimplemented_method,
        unimplemented_service,
        cancel_after_begin,
        cancel_after_first_response,
        timeout_on_sleeping_server,
        client_compressed_unary,
        server_compressed_unary,
        server_compressed_streaming,
        rpc_soak,
        channel_soak,
    )
}


def open_channel(flags, alone=False):
    target = f"{flags.server_host}:{flags.server_port}"
    # A local subchannel pool: without it the library would hand the next channel the old connection.
    options = [("grpc.use_local_subchannel_pool", 1)] if alone else []
    if not flags.use_tls:
        return grpc.insecure_channel(target, options)
    roots = pathlib.Path(flags.ca_file).read_bytes() if flags.ca_file else None
    if flags.server_host_override:
        options.append(("grpc.ssl_target_name_override", flags.server_host_override))
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(roots), options)


def why_not(name, stub, flags):
    """Runs a case, and says why it failed; nothing when it passed."""
    if name not in CASES:
        return "no case has this name"
    try:
        CASES[name](stub, flags)
    except (AssertionError, grpc.RpcError) as error:
        return " ".join(str(error).split())
    return ""


def run_client(flags):
    failed = False
    with open_channel(flags) as channel:
        flags.channel = channel
        stub = services.TestServiceStub(channel)
        for name in flags.test_case.split(","):
            started = time.monotonic()
            why = why_not(name, stub, flags)
            took = time.monotonic() - started
            print(f"{name} {'FAILED' if why else 'ok'} {took:.3f} {why}".rstrip(), flush=True)
            failed |= bool(why)
    return 1 if failed else 0


def flag(text):
    return text.lower() in ("", "1", "true", "yes")


def main():
    parser = argparse.ArgumentParser(description="gRPC interop peer on grpcio", allow_abbrev=False)
    roles = parser.add_subparsers(dest="role", required=True)
    server = roles.add_parser("server")
    server.add_argument("--port", type=int, default=10000)
    server.add_argument("--tls_cert_file")
    server.add_argument("--tls_key_file")
    client = roles.add_parser("client")
    client.add_argument("--server_host", default="localhost")
    client.add_argument("--server_port", type=int, default=10000)
    client.add_argument("--test_case", default="large_unary")
    client.add_argument("--ca_file")
    client.add_argument("--use_test_ca", type=flag, nargs="?", const=True, default=False)
    client.add_argument("--server_host_override")
    client.add_argument("--soak_iterations", type=int, default=10)
    client.add_argument("--soak_max_failures", type=int, default=0)
    client.add_argument("--soak_per_iteration_max_acceptable_latency_ms", type=float, default=1000)
    client.add_argument("--soak_overall_timeout_seconds", type=float, default=10)
    client.add_argument("--soak_num_threads", type=int, default=1, choices=[1])
    client.add_argument("--soak_request_size", type=int, default=LARGE_REQUEST)
    client.add_argument("--soak_response_size", type=int, default=LARGE_RESPONSE)
    for role in (server, client):
        role.add_argument("--use_tls", type=flag, nargs="?", const=True, default=False)
    flags = parser.parse_args()
    return run_server(flags) if flags.role == "server" else run_client(flags)


if __name__ == "__main__":
    sys.exit(main())
