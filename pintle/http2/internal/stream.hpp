// One stream's record in a session.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <pintle/base/buffer.hpp>
#include <pintle/http2/internal/flow.hpp>
#include <pintle/http2/session.hpp>

namespace pintle::http2 {

// The states of RFC 9113 section 5.1 that a record can be in; H is HEADERS, E is END_STREAM, R is RST_STREAM. Idle
// streams have no record, and there is no push, so the reserved states do not exist.
//
//                    (idle)
//              H sent or received
//                      |
//                      v
//      E received   +------+   E put in output()
//     +-------------| open |--------------+
//     |             +------+              |
//     v                |                  v
//  +-------------+     |      +-------------+
//  | half_closed |     |      | half_closed |
//  |  _remote    |     | R    |  _local     |
//  +-------------+     | (*)  +-------------+
//     |  E put in      |        E received |
//     |  output(), R   v        or R       |
//     |            +--------+              |
//     +----------->| closed |<-------------+
//                  +--------+
//
// (*) Also a server's own early end: E followed by R with NO_ERROR (section 8.1).
enum class StreamState : std::uint8_t { open, half_closed_remote, half_closed_local, closed };

// Trailers that wait for the stream's queue. They are encoded when their turn comes, because header blocks must go out
// in the order in which they were encoded.
struct PendingTrailers {
  std::vector<std::pair<std::string, std::string>> storage;
  std::vector<Indexing> indexing;
};

struct StreamRecord final : Stream {
  void start(StreamId id, std::uint32_t send_window, std::uint32_t receive_window) {
    id_ = id;
    context = nullptr;
    state = StreamState::open;
    end_wanted = head_sent = head_received = writable_wanted = output_filled = false;
    content_left = -1;
    moved = 0;
    send = Window(send_window);
    receive = ReceiveWindow(receive_window);
  }
  void forget() {
    id_ = 0;
    context = nullptr;
  }

  bool peer_ended() const { return state == StreamState::half_closed_remote || closed(); }
  bool end_sent() const { return state == StreamState::half_closed_local || closed(); }
  bool closed() const { return state == StreamState::closed; }
  void set_peer_ended() { state = state == StreamState::open ? StreamState::half_closed_remote : StreamState::closed; }
  void set_end_sent() { state = state == StreamState::open ? StreamState::half_closed_local : StreamState::closed; }
  bool has_output() const { return !queue.empty() || trailers != nullptr || (end_wanted && !end_sent()); }

  StreamState state = StreamState::closed;
  bool end_wanted = false;         // the room above ended our side; the queue may still hold bytes
  bool head_sent = false;          // server: the response has begun
  bool head_received = false;      // client: the final response's head was delivered
  bool writable_wanted = false;    // on_writable() is owed
  bool output_filled = false;      // and until then its writer waits: output() is full of what it wrote
  bool scheduled = false;          // in the scheduler's ring
  std::int64_t content_left = -1;  // bytes that content-length still promises; -1 when it was absent
  Window send{0};
  ReceiveWindow receive{0};
  Buffer queue;
  std::uint32_t moved = 0;  // bytes that have left the queue
  std::unique_ptr<PendingTrailers> trailers;
  StreamRecord* previous = nullptr;  // the scheduler's ring
  StreamRecord* next = nullptr;
  // The next in the one list that it is in: the store's bucket or free list, or the session's finished streams.
  StreamRecord* link = nullptr;
};

}  // namespace pintle::http2
