// The TypeInfo of a Protobuf message class, made from its own member functions.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream.h>
#include <google/protobuf/message.h>

#include <pintle/rpc/message_text.hpp>
#include <pintle/rpc/type_info.hpp>

namespace pintle {

namespace detail {

class PieceStream final : public google::protobuf::io::ZeroCopyOutputStream {
 public:
  explicit PieceStream(Pieces& pieces) : pieces_(pieces) {}
  bool Next(void** data, int* size) override {
    const std::span<std::byte> piece = pieces_.next();
    *data = piece.data();
    *size = static_cast<int>(piece.size());
    given_ += *size;
    return !piece.empty();
  }
  void BackUp(int count) override { given_ -= count; }  // 0: the pieces are as long as the object is
  std::int64_t ByteCount() const override { return given_; }

 private:
  Pieces& pieces_;
  std::int64_t given_ = 0;
};

template <class T>
constexpr bool kWritesToStreams = requires(const T& object, google::protobuf::io::CodedOutputStream* coded) {
  object.SerializeWithCachedSizes(coded);
};

template <class T>
struct ProtobufHooks {
  static std::string_view name() { return T::descriptor()->full_name(); }  // descriptors live as long as the program
  static void* slot(void* reuse) {
    if (reuse == nullptr) return new T;
    static_cast<T*>(reuse)->Clear();
    return reuse;
  }
  static void drop(void* object) noexcept { delete static_cast<T*>(object); }
  static bool parse(void* object, std::span<const std::byte> bytes) {
    return static_cast<T*>(object)->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  }
  static std::size_t size(const void* object) { return static_cast<const T*>(object)->ByteSizeLong(); }
  static void encode(const void* object, std::byte* to) {
    static_cast<const T*>(object)->SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(to));
  }
  static void encode_pieces(const void* object, Pieces& to)
    requires kWritesToStreams<T>
  {
    PieceStream stream(to);
    google::protobuf::io::CodedOutputStream coded(&stream);
    static_cast<const T*>(object)->SerializeWithCachedSizes(&coded);
  }
  static constexpr decltype(TypeInfo::encode_pieces) pieces_hook() {
    if constexpr (kWritesToStreams<T>) {
      return &encode_pieces;
    } else {
      return nullptr;
    }
  }
  static void describe(const void* object, std::string& out, std::size_t most) {
    if constexpr (std::derived_from<T, google::protobuf::Message>)
      out = message_text(*static_cast<const T*>(object), most);
  }
  static void move(void* to, void* from) { *static_cast<T*>(to) = std::move(*static_cast<T*>(from)); }
};

}  // namespace detail

template <class T>
inline constexpr TypeInfo type_of = {&detail::ProtobufHooks<T>::name,
                                     &detail::ProtobufHooks<T>::slot,
                                     &detail::ProtobufHooks<T>::drop,
                                     &detail::ProtobufHooks<T>::parse,
                                     &detail::ProtobufHooks<T>::size,
                                     &detail::ProtobufHooks<T>::encode,
                                     nullptr,
                                     nullptr,
                                     &detail::ProtobufHooks<T>::move,
                                     detail::ProtobufHooks<T>::pieces_hook(),
                                     &detail::ProtobufHooks<T>::describe};

}  // namespace pintle
