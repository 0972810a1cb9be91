// The service of texts.proto, and what it remembers of its calls.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <texts.pintle.hpp>

#include <pintle/rpc/call.hpp>
#include <pintle/rpc/reader_writer.hpp>

namespace pintle::compression {

using v1::Text;

inline Text text_of(std::string value, bool secret = false) {
  Text text;
  text.set_text(std::move(value));
  text.set_secret(secret);
  return text;
}

class TextsService final : public v1::Texts::Service {
 public:
  std::optional<wire::Encoding> coding;  // of the responses; nothing: what the server was told
  std::vector<bool> came_compressed;     // of each request

  Task<Result<Text>> Get(Call& call, const Text& request) override {
    begin(call);
    came_compressed.push_back(call.read_compressed());
    co_return request;
  }

  Task<Status> List(Call& call, const Text& request, Writer<Text>& texts) override {
    begin(call);
    came_compressed.push_back(call.read_compressed());
    for (const bool secret : {false, true, false})
      if (Status sent = co_await write(texts, text_of(request.text(), secret)); !sent.ok()) co_return sent;
    co_return Status();
  }

  Task<Result<Text>> Join(Call& call, Reader<Text>& requests) override {
    begin(call);
    Text all;
    for (;;) {
      auto request = co_await requests.read();
      if (!request) co_return std::unexpected(request.error());
      if (*request == nullptr) co_return all;
      came_compressed.push_back(call.read_compressed());
      all.mutable_text()->append((*request)->text());
    }
  }

  Task<Status> Chat(Call& call, Reader<Text>& requests, Writer<Text>& texts) override {
    begin(call);
    for (;;) {
      auto request = co_await requests.read();
      if (!request) co_return request.error();
      if (*request == nullptr) co_return Status();
      came_compressed.push_back(call.read_compressed());
      if (Status sent = co_await write(texts, **request); !sent.ok()) co_return sent;
    }
  }

 private:
  void begin(Call& call) const {
    if (coding) call.compression = coding;
  }
  static Task<Status> write(Writer<Text>& texts, Text text) {
    WriteOptions options;
    if (text.secret()) options.no_compression();
    co_return co_await texts.write(text, options);
  }
};

}  // namespace pintle::compression
