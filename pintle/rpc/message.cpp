#include <pintle/rpc/message.hpp>

#include <cstring>

namespace pintle {

const void* Message::object() {
  if (object_ == nullptr && has_bytes_ && type_ != nullptr && slot_ != nullptr) {
    *slot_ = type_->slot(*slot_);
    if (type_->parse(*slot_, {data_, size_})) object_ = *slot_;
  }
  return object_;
}

void Message::encode(std::byte* to) const {
  if (has_bytes_) {
    if (size_ != 0) std::memcpy(to, data_, size_);
  } else if (object_ != nullptr) {
    type_->encode(object_, to);
  }
}

void Message::encode(Pieces& to) const {
  if (!has_bytes_) return type_->encode_pieces(object_, to);
  for (std::span<const std::byte> left = bytes(); !left.empty();) {
    const std::span<std::byte> piece = to.next();
    if (piece.empty()) return;
    std::memcpy(piece.data(), left.data(), piece.size());
    left = left.subspan(piece.size());
  }
}

Message Message::retain(std::shared_ptr<std::byte[]>& owner) const {
  const std::size_t n = size();
  owner = std::make_shared<std::byte[]>(n);
  encode(owner.get());
  Message copy = *this;
  copy.object_ = nullptr;
  copy.large_ = nullptr;
  copy.moved({owner.get(), n});
  copy.has_bytes_ = true;
  return copy;
}

}  // namespace pintle
