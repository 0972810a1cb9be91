// One message of a call: an object, its bytes, or both.
//
// Above 256 KiB its memory may be handed on instead of copied: large() and take_object() let a Sink take what it would
// else have to write or parse again, and then the message is empty for those who look later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include <pintle/rpc/type_info.hpp>

namespace pintle {

struct LargeMessage;

// Borrowed: valid until the next poll() of the Source that gave it (an object parsed from it stays until the next
// parse). bytes() may move whenever the coroutine that holds it is suspended: ask again instead of keeping the span. It
// parses on the first as(), so that a call can be refused before CPU is spent on its bytes. Cheap to copy.
class Message {
 public:
  Message() = default;
  // An object, to be encoded where it is needed. Both must outlive the message.
  Message(const void* object, const TypeInfo& type) : object_(object), type_(&type) {}
  // Bytes, to be parsed into `*slot` when somebody asks; `type` null: never.
  Message(std::span<const std::byte> bytes, const TypeInfo* type, void** slot)
      : type_(type), data_(bytes.data()), size_(bytes.size()), slot_(slot), has_bytes_(true) {}

  // The object as a T; null when the bytes are not one. REQUIRES: T is the type of the method's messages.
  template <class T>
  const T* as() {
    return static_cast<const T*>(object());
  }
  const void* object();

  // Encoded size in bytes. For an object it must be asked right before encode(), unless measure() was.
  std::size_t size() const {
    if (size_ != 0 || has_bytes_) return size_;
    return object_ != nullptr ? type_->size(object_) : 0;
  }
  // size() of an object, which is then known: it must not change before encode(). REQUIRES: not has_bytes().
  std::size_t measure() { return size_ = type_->size(object_); }
  // Writes size() bytes.
  void encode(std::byte* to) const;
  // The same into pieces. REQUIRES: in_pieces(), which says whether its type can.
  void encode(Pieces& to) const;
  bool in_pieces() const { return has_bytes_ || (object_ != nullptr && type_->encode_pieces != nullptr); }
  // The same message in bytes of its own, kept alive by `owner`: for replay, hedging, another loop.
  Message retain(std::shared_ptr<std::byte[]>& owner) const;
  // The same bytes, to be parsed into another slot.
  Message in(void** slot) const {
    Message copy = *this;
    copy.slot_ = slot;
    if (has_bytes_) copy.object_ = nullptr;
    return copy;
  }

  // It is sent as it is, also in a call that compresses: WriteOptions::no_compression() for those who write by hand.
  Message& without_compression() {
    compressible_ = false;
    return *this;
  }
  bool compressible() const { return compressible_; }
  // It was compressed on its way here. The bytes are not any more.
  bool was_compressed() const { return was_compressed_; }

  // Its source has ended with it: the next poll() says so. False says nothing.
  bool is_last() const { return last_; }

  // The buffer in which the bytes of a large message lie, for whoever wants to keep it; null: it can't be had.
  LargeMessage* large() const { return large_; }
  // The parsed object, which leaves its slot; null when nobody has parsed it.
  void* take_object() const {
    return slot_ != nullptr && object_ != nullptr && *slot_ == object_ ? std::exchange(*slot_, nullptr) : nullptr;
  }

  // For sources: the object was parsed already, and lies in the slot.
  void set_parsed(const void* object) { object_ = object; }
  // It was tried, and the bytes are no such object.
  void set_malformed() { slot_ = nullptr; }
  // The bytes are those of `large`, which outlives the message.
  void set_large(LargeMessage& large, std::span<const std::byte> bytes) {
    large_ = &large;
    moved(bytes);
    has_bytes_ = true;
  }
  // For sources: the bytes lie elsewhere now; they came compressed; nothing follows.
  void moved(std::span<const std::byte> bytes) {
    data_ = bytes.data();
    size_ = bytes.size();
  }
  void set_was_compressed(bool compressed = true) { was_compressed_ = compressed; }
  void set_last(bool last = true) { last_ = last; }

  bool has_bytes() const { return has_bytes_; }
  std::span<const std::byte> bytes() const { return {data_, has_bytes_ ? size_ : 0}; }
  const TypeInfo* type() const { return type_; }

 private:
  const void* object_ = nullptr;
  const TypeInfo* type_ = nullptr;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;  // of an object: when it was measured
  void** slot_ = nullptr;
  LargeMessage* large_ = nullptr;
  bool has_bytes_ = false, compressible_ = true, was_compressed_ = false, last_ = false;
};

// The object that a message was parsed into, kept for the next one of its type.
class MessageSlot {
 public:
  explicit MessageSlot(const TypeInfo* type) : type_(type) {}
  MessageSlot(const MessageSlot&) = delete;
  ~MessageSlot() { drop(); }
  void** at() { return &object_; }
  const TypeInfo* type() const { return type_; }
  // An empty object, the old one cleared where there is one.
  void* fresh() { return object_ = type_->slot(object_); }
  void drop() {
    if (object_ != nullptr) type_->drop(object_);
    object_ = nullptr;
  }
  // An object of the type, in place of the old one.
  void put(void* object) {
    drop();
    object_ = object;
  }

 private:
  const TypeInfo* type_;
  void* object_ = nullptr;
};

}  // namespace pintle
