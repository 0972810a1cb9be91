// The TypeInfo of a Protobuf message class, made from its own member functions: no Protobuf header is needed here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <pintle/rpc/type_info.hpp>

namespace pintle {

namespace detail {

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
                                     nullptr,
                                     &detail::ProtobufHooks<T>::move};

}  // namespace pintle
