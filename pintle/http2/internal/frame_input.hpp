// The state of what is being received: a frame that is split over feeds, a DATA frame whose payload is still coming,
// a header block that is still open.
#pragma once

#include <cstddef>
#include <cstdint>

#include <pintle/base/buffer.hpp>
#include <pintle/http2/internal/stream.hpp>

namespace pintle::http2 {

// A DATA frame whose header was accepted. Payload is handed up as it arrives, so that a frame that is split over reads
// is never copied.
struct DataInput {
  StreamRecord* stream = nullptr;  // null: the payload is dropped
  StreamId id = 0;
  std::uint32_t payload_left = 0;
  std::uint32_t padding_left = 0;
  bool end_stream = false;

  bool open() const { return payload_left + padding_left != 0; }
  // The stream, unless it has ended in the meantime.
  StreamRecord* target() const {
    return stream != nullptr && stream->id() == id && !stream->closed() ? stream : nullptr;
  }
};

// A header block that began without END_HEADERS: only CONTINUATION frames of its stream may follow.
struct BlockInput {
  StreamId id = 0;
  bool end_stream = false;
  std::uint32_t depends_on = 0;
  std::size_t continuations = 0;
  Buffer bytes;

  bool open() const { return id != 0; }
  void close() {
    id = 0;
    bytes.clear();
    bytes.shrink(4096);
  }
};

}  // namespace pintle::http2
