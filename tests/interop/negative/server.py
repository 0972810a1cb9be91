"""A server that misbehaves as HTTP/2 allows or forbids: one negative case of grpc/doc/http2-interop-test-descriptions.md.

    server.py --port N --test_case NAME

It answers every call as TestService.UnaryCall, on the Python library h2, and shares no code with Pintle. At SIGTERM it ends with 0
when its clients did what the case wants of them, and else says on stderr what they did.
"""

import argparse
import signal
import socket
import sys
import threading
import time

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings
from hyperframe.frame import GoAwayFrame

FLUSH_BYTES = 64 * 1024
HEAD = [(":status", "200"), ("content-type", "application/grpc"), ("grpc-encoding", "identity")]
TRAILERS = [("grpc-status", "0")]


# ---------------------------------------------------------------------------------------------------- messages


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def response_size(message):
    """The field response_size (2) of a SimpleRequest behind its five bytes of framing."""
    at = 5
    while at < len(message):
        key, at = read_varint(message, at)
        value, at = read_varint(message, at)
        if key == 2 << 3:
            return value
        if key & 7 == 2:  # bytes: the value was their length
            at += value
    return 0


def framed_response(size):
    """A SimpleResponse (payload 1) whose payload has a body (2) of `size` zeros, behind its five bytes of framing."""
    payload = b"\x12" + varint(size) + bytes(size)
    message = b"\x0a" + varint(len(payload)) + payload
    return b"\0" + len(message).to_bytes(4, "big") + message


# ---------------------------------------------------------------------------------------------------- cases


class Case:
    """What all cases do: answer each request well. A case changes one step of it."""

    def __init__(self):
        self.connections, self.failures = [], []

    def settings(self):
        return {}

    def request_came(self, connection, stream):
        self.answer(connection, stream)

    def answer(self, connection, stream):
        connection.h2.send_headers(stream, HEAD)
        connection.send_body(stream, self.body(connection, stream))

    def body(self, connection, stream):
        return framed_response(connection.response_sizes[stream])

    # How the body is cut into DATA frames, None for the largest that fit; and how many bytes each is padded with.
    piece, padding = None, None

    def body_sent(self, connection, stream):
        connection.h2.send_headers(stream, TRAILERS, end_stream=True)

    def ping_acknowledged(self, connection):
        pass

    def connection_lost(self, connection):
        pass

    def verdict(self):
        """What is wrong when the client has ended."""
        if not any(connection.response_sizes for connection in self.connections):
            self.failures.append("no request came")


class GoAway(Case):
    """GOAWAY as soon as the first request is here, before its answer: the next call needs another connection."""

    def request_came(self, connection, stream):
        if stream == max(connection.response_sizes) and len(connection.response_sizes) == 1:
            # By hand: h2 would not let the answer out any more.
            connection.out += GoAwayFrame(0, last_stream_id=stream, error_code=h2.errors.ErrorCodes.NO_ERROR).serialize()
        else:
            self.failures.append("a call came on a connection that the server had said GOAWAY to")
        self.answer(connection, stream)

    def verdict(self):
        super().verdict()
        used = sum(bool(connection.response_sizes) for connection in self.connections)
        if used != 2:
            self.failures.append(f"{used} connections were used instead of 2")


class RstAfterHeader(Case):
    def answer(self, connection, stream):
        connection.h2.send_headers(stream, HEAD)
        connection.h2.reset_stream(stream, h2.errors.ErrorCodes.NO_ERROR)


class RstAfterData(Case):
    def body_sent(self, connection, stream):
        connection.h2.reset_stream(stream, h2.errors.ErrorCodes.NO_ERROR)


class RstDuringData(RstAfterData):
    def body(self, connection, stream):
        whole = super().body(connection, stream)
        return whole[: len(whole) // 2]


class Ping(Case):
    """PINGs before and after the head and the body. The trailers wait for the acknowledgements: a client that owes one doesn't
    get its answer, and none is owed because the client ended before it could send it."""

    def answer(self, connection, stream):
        connection.ping()
        connection.h2.send_headers(stream, HEAD)
        connection.ping()
        connection.ping()
        connection.send_body(stream, self.body(connection, stream))

    def body_sent(self, connection, stream):
        connection.ping()
        connection.waiting_for_pings.append(stream)

    def ping_acknowledged(self, connection):
        if not connection.pings:
            while connection.waiting_for_pings:
                super().body_sent(connection, connection.waiting_for_pings.pop())

    def connection_lost(self, connection):
        if connection.pings:
            self.failures.append(f"{len(connection.pings)} pings were never acknowledged")

    def verdict(self):
        super().verdict()
        if not any(connection.pings_sent for connection in self.connections):
            self.failures.append("no ping was sent")


class MaxStreams(Case):
    """One stream at a time. h2 ends a connection that opens a second one after it has acknowledged the limit."""

    def settings(self):
        return {h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 1}

    def verdict(self):
        super().verdict()
        used = sum(bool(connection.response_sizes) for connection in self.connections)
        if used != 1:
            self.failures.append(f"{used} connections were used: the limit was gone round")


class SmallPieces(Case):
    piece = 5


class PaddedPieces(SmallPieces):
    """5 bytes of body and 255 of padding in each frame: 16 MB of flow control for 300 KB."""

    padding = 255


CASES = {
    "goaway": GoAway,
    "rst_after_header": RstAfterHeader,
    "rst_during_data": RstDuringData,
    "rst_after_data": RstAfterData,
    "ping": Ping,
    "max_streams": MaxStreams,
    "data_frame_padding": PaddedPieces,
    "no_df_padding_sanity_test": SmallPieces,
}


# ---------------------------------------------------------------------------------------------------- connections


class Connection:
    """One connection on a thread of its own. `out` is what goes out behind the bytes that h2 has."""

    def __init__(self, peer, case):
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self._peer, self._case = peer, case
        self.out = b""
        self.response_sizes = {}  # by stream, in the order of the requests
        self.pings, self.pings_sent, self.waiting_for_pings = set(), 0, []
        self._received = {}  # by stream: what has come of its request
        self._unsent = {}  # by stream: (body, where its unsent rest begins)

    def run(self):
        try:
            if settings := self._case.settings():
                # As initial values: what is set later holds, for h2, after the next acknowledgement only.
                self.h2.local_settings = h2.settings.Settings(client=False, initial_values=settings)
            self.h2.initiate_connection()
            self._flush()
            while data := self._peer.recv(1 << 16):
                for event in self.h2.receive_data(data):
                    self._on_event(event)
                self._flush()
        except h2.exceptions.ProtocolError as error:
            self._case.failures.append(f"the client broke the rules of HTTP/2: {type(error).__name__} {error}")
            self._flush()
        except OSError:
            pass  # the client ended
        finally:
            self._case.connection_lost(self)
            self._peer.close()

    def ping(self):
        self.pings_sent += 1
        opaque = self.pings_sent.to_bytes(8, "big")
        self.pings.add(opaque)
        self.h2.ping(opaque)

    def send_body(self, stream, body):
        self._unsent[stream] = (body, 0)
        self._pump(stream)

    def _pump(self, stream):
        """Sends as much of the body as flow control allows."""
        body, at = self._unsent[stream]
        padding = self._case.padding
        overhead = 0 if padding is None else padding + 1
        while at < len(body):
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size) - overhead
            piece = self._case.piece or room
            if room < min(piece, len(body) - at) or room <= 0:
                self._unsent[stream] = (body, at)
                return
            self.h2.send_data(stream, body[at : at + piece], pad_length=padding)
            at += piece
            if at % FLUSH_BYTES < piece:
                self._flush()
        del self._unsent[stream]
        self._case.body_sent(self, stream)

    def _on_event(self, event):
        if isinstance(event, h2.events.RequestReceived):
            self._received[event.stream_id] = b""
        elif isinstance(event, h2.events.DataReceived):
            self._received[event.stream_id] += event.data
            if event.flow_controlled_length:
                self.h2.increment_flow_control_window(event.flow_controlled_length)
                if not event.stream_ended:
                    self.h2.increment_flow_control_window(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.response_sizes[event.stream_id] = response_size(self._received.pop(event.stream_id))
            self._case.request_came(self, event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self._unsent.pop(event.stream_id, None)
        elif isinstance(event, (h2.events.WindowUpdated, h2.events.RemoteSettingsChanged)):
            for stream in list(self._unsent):
                self._pump(stream)
        elif isinstance(event, h2.events.PingAckReceived):
            self.pings.discard(event.ping_data)
            self._case.ping_acknowledged(self)

    def _flush(self):
        data, self.out = self.out + self.h2.data_to_send(), b""
        if data:
            self._peer.sendall(data)


def main():
    parser = argparse.ArgumentParser(description="a server for the negative HTTP/2 cases")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--test_case", choices=CASES, required=True)
    flags = parser.parse_args()
    case, threads = CASES[flags.test_case](), []
    listener = socket.create_server(("127.0.0.1", flags.port))

    def accept():
        while True:
            peer, _ = listener.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            case.connections.append(Connection(peer, case))
            threads.append(threading.Thread(target=case.connections[-1].run, daemon=True))
            threads[-1].start()

    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    threading.Thread(target=accept, daemon=True).start()
    signal.sigwait([signal.SIGTERM, signal.SIGINT])
    end = time.monotonic() + 5
    for thread in threads:  # the client has ended: what it sent last may still be on its way
        thread.join(max(0, end - time.monotonic()))
    case.verdict()
    for failure in case.failures:
        print(failure, file=sys.stderr)
    return 1 if case.failures else 0


if __name__ == "__main__":
    sys.exit(main())
