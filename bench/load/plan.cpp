#include <stdexcept>

#include <zlib.h>

#include "plan.hpp"

namespace pintle::bench {
namespace {

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// Fields that hold their default are left out, as proto3 serializers do.
void put_bytes(std::string& out, unsigned field, std::string_view value) {
  if (value.empty()) return;
  put_varint(out, (field << 3) | 2);
  put_varint(out, value.size());
  out.append(value);
}

void put_number(std::string& out, unsigned field, std::uint64_t value) {
  if (value == 0) return;
  put_varint(out, field << 3);
  put_varint(out, value);
}

std::string framed(const std::string& message, bool compressed = false) {
  std::string out(1, compressed ? '\1' : '\0');
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(message.size() >> shift));
  return out + message;
}

std::string echo(std::string_view name, std::string_view payload) {
  std::string message;
  put_bytes(message, 1, name);
  put_bytes(message, 2, payload);
  return framed(message);
}

std::string chunk(std::uint32_t size) {
  std::string message;
  put_bytes(message, 1, std::string(size, 'x'));
  return framed(message);
}

std::string gzip(std::string& plain) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16, kMemory = 8;
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("zlib: deflateInit2 failed");
  std::string out(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int done = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (done != Z_STREAM_END) throw std::runtime_error("zlib: deflate failed");
  return out;
}

constexpr std::string_view kService = "/pintle.bench.v1.Echo/";

}  // namespace

CallPlan unary_plan(std::string_view name, std::size_t payload) {
  CallPlan plan;
  plan.path = std::string(kService) + "Unary";
  plan.request = echo(name, std::string(payload, 'x'));
  plan.reply = plan.request;
  return plan;
}

CallPlan down_plan(std::uint32_t messages, std::uint32_t size) {
  CallPlan plan;
  plan.path = std::string(kService) + "Down";
  std::string request;
  put_number(request, 1, messages);
  put_number(request, 2, size);
  plan.request = framed(request);
  plan.reply = chunk(size);
  plan.reply_repeats = messages;
  return plan;
}

CallPlan bomb_plan(std::size_t payload) {
  CallPlan plan;
  plan.path = std::string(kService) + "Unary";
  plan.metadata = {{"grpc-encoding", "gzip"}};
  std::string message;
  put_bytes(message, 2, std::string(payload, 'x'));
  plan.request = framed(gzip(message), true);
  plan.reply_repeats = 0;
  plan.status = 8;
  return plan;
}

CallPlan up_plan(std::uint32_t messages, std::uint32_t size) {
  CallPlan plan;
  plan.path = std::string(kService) + "Up";
  plan.request = chunk(size);
  plan.request_repeats = messages;
  plan.reply = echo(std::to_string(std::uint64_t{messages} * size), {});
  return plan;
}

}  // namespace pintle::bench
