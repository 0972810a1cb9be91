// What generated code says about messages, methods and services: plain tables, no virtual calls, no Protobuf.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pintle {

struct Violations;

// Room that comes in pieces, for an object that is written in one go.
class Pieces {
 public:
  // The next piece, to be filled whole. Empty: nobody wants the rest.
  virtual std::span<std::byte> next() = 0;

 protected:
  ~Pieces() = default;
};

// How a message type is made, parsed and written. Emitted once per type; a null hook was not generated.
struct TypeInfo {
  std::string_view (*name)();  // "items.v1.Item"
  void* (*slot)(void* reuse);  // `reuse`, cleared, or a new object when it is null
  void (*drop)(void* object) noexcept;
  bool (*parse)(void* object, std::span<const std::byte> bytes);
  std::size_t (*size)(const void* object);            // also caches sizes for encode()
  void (*encode)(const void* object, std::byte* to);  // writes the size() bytes that the last size() promised
  bool (*from_json)(void* object, std::string_view json) = nullptr;
  void (*to_json)(const void* object, std::string& out) = nullptr;
  void (*move)(void* to, void* from) = nullptr;                     // `from` keeps some value
  void (*encode_pieces)(const void* object, Pieces& to) = nullptr;  // encode(), where the room is not in one piece
  // For people, at most so many bytes, without what is marked as secret (message_text.hpp).
  void (*describe)(const void* object, std::string& out, std::size_t most) = nullptr;
};

// Which sides of a call are streams.
enum class Kind : std::uint8_t { unary, client_stream, server_stream, bidi };
constexpr bool client_streams(Kind k) { return k == Kind::client_stream || k == Kind::bidi; }
constexpr bool server_streams(Kind k) { return k == Kind::server_stream || k == Kind::bidi; }

// google.protobuf.MethodOptions.IdempotencyLevel: what retries may assume.
enum class Idempotency : std::uint8_t { unknown, no_side_effects, idempotent };

struct ServiceInfo;

struct MethodInfo {
  std::string_view path;     // "/items.v1.ItemService/GetItem"
  std::string_view service;  // "items.v1.ItemService"
  std::string_view name;     // "GetItem"
  Kind kind = Kind::unary;
  Idempotency idempotency = Idempotency::unknown;
  const TypeInfo* request = nullptr;  // null: bytes only
  const TypeInfo* response = nullptr;
  // The serialised google.protobuf.MethodOptions of the .proto; options.hpp reads them. Empty: none are set.
  std::string_view options = {};    // NOLINT(readability-redundant-member-init): initialisers may leave it out
  const ServiceInfo* of = nullptr;  // null: nobody knows, as for a proxy's methods
  // What the rules of buf.validate in the .proto say of a request, which is an object of its type. Null: there are
  // none.
  void (*validate)(const void* request, Violations& out) = nullptr;
};

struct ServiceInfo {
  std::string_view name;  // "items.v1.ItemService"
  std::string_view file;  // "items/v1/items.proto"
  std::span<const MethodInfo> methods;
  // The serialised google.protobuf.ServiceOptions.
  std::string_view options = {};  // NOLINT(readability-redundant-member-init): initialisers may leave it out
};

}  // namespace pintle
