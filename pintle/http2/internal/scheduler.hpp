// Whose turn it is to put stream data into output(): a ring of streams in the order in which they became ready.
#pragma once

#include <pintle/http2/internal/stream.hpp>

namespace pintle::http2 {

// Intrusive; a stream is in one ring at most.
class Scheduler {
 public:
  StreamRecord* front() const { return first_; }

  void push_back(StreamRecord& stream) {
    if (stream.scheduled) return;
    stream.scheduled = true;
    stream.next = nullptr;
    stream.previous = last_;
    (last_ != nullptr ? last_->next : first_) = &stream;
    last_ = &stream;
  }
  void remove(StreamRecord& stream) {
    if (!stream.scheduled) return;
    stream.scheduled = false;
    (stream.previous != nullptr ? stream.previous->next : first_) = stream.next;
    (stream.next != nullptr ? stream.next->previous : last_) = stream.previous;
    stream.previous = stream.next = nullptr;
  }

 private:
  StreamRecord* first_ = nullptr;
  StreamRecord* last_ = nullptr;
};

}  // namespace pintle::http2
