// Memory of coroutine frames: per thread, in size classes of 64 bytes, used again and again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace pintle::detail {

// A frame is freed on the thread that runs it, which is the one that made it: no locks. What a thread keeps is bounded
// by what it once used at the same time, and given back when the thread ends. Sanitizer builds go to malloc, so that
// they see each frame's life.
class Frames {
 public:
  static void* allocate(std::size_t size) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return ::operator new(size);
#endif
#endif
    const std::size_t c = (size + 63) / 64;
    if (c >= kClasses) return ::operator new(size);
    Node*& head = here().free_[c];
    if (head == nullptr) return ::operator new(c * 64);
    Node* node = head;
    head = node->next;
    return node;
  }
  static void release(void* frame, std::size_t size) noexcept {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return ::operator delete(frame);
#endif
#endif
    const std::size_t c = (size + 63) / 64;
    if (c >= kClasses) return ::operator delete(frame);
    Node*& head = here().free_[c];
    head = new (frame) Node{head};
  }

 private:
  struct Node {
    Node* next;
  };
  static constexpr std::size_t kClasses = 64;
  ~Frames() {
    for (Node* head : free_)
      while (head != nullptr) ::operator delete(std::exchange(head, head->next));
  }
  static Frames& here() {
    static thread_local Frames frames;
    return frames;
  }
  std::array<Node*, kClasses> free_{};
};

}  // namespace pintle::detail
