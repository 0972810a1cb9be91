// Whatever is sent, whichever way it is coded and however it is cut up, arrives as it was.
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "texts_service.hpp"
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle::compression {
namespace {

using testing::InMemoryServer;
using testing::MemoryPipeOptions;
using wire::Encoding;

rc::Gen<Encoding> any_coding() {
  return rc::gen::element(Encoding::identity, Encoding::gzip, Encoding::deflate, Encoding::zstd);
}

// Letters only, as a string field demands; runs and noise.
std::string any_text() {
  std::string text;
  const auto pieces = *rc::gen::inRange(0, 8);
  for (int i = 0; i < pieces; ++i) {
    if (*rc::gen::arbitrary<bool>())
      text.append(*rc::gen::element<std::size_t>(1, 30, 1000, 40'000), *rc::gen::inRange('a', 'z'));
    else
      text += *rc::gen::container<std::string>(rc::gen::inRange('a', 'z'));
  }
  return text;
}

Task<Result<std::vector<std::string>>> chat(v1::Texts::Stub& stub, std::vector<Text> texts, CallOptions options) {
  auto stream = co_await stub.Chat(std::move(options));
  std::vector<std::string> came;
  for (const Text& text : texts) {
    WriteOptions write;
    if (text.secret()) write.no_compression();
    if (Status sent = co_await stream.write(text, write); !sent.ok()) co_return std::unexpected(sent);
    auto back = co_await stream.read();
    if (!back) co_return std::unexpected(back.error());
    if (text.secret() && stream.call().read_compressed())
      co_return std::unexpected(Status(Code::data_loss, "a secret was compressed"));
    came.push_back((*back)->text());
  }
  if (Status ended = co_await stream.finish(); !ended.ok()) co_return std::unexpected(ended);
  co_return came;
}

RC_GTEST_PROP(CompressionProperty, TextsArriveInOrderAndNoSecretIsCompressed, ()) {
  MemoryPipeOptions pipe;
  pipe.chunk = *rc::gen::element<std::size_t>(1, 7, 100, 5000, SIZE_MAX);
  const Encoding up = *any_coding(), down = *any_coding();
  std::vector<Text> texts;
  const auto count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) texts.push_back(text_of(any_text(), *rc::gen::arbitrary<bool>()));

  TextsService service;
  service.coding = down;
  InMemoryServer host({}, pipe);
  RC_ASSERT(host.server().add(service).ok());
  v1::Texts::Stub stub(host.channel());
  const auto came = host.loop().run(chat(stub, texts, CallOptions().compression(up)));
  RC_ASSERT(came.has_value());
  RC_ASSERT(came->size() == texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    RC_ASSERT((*came)[i] == texts[i].text());
    RC_ASSERT(!(service.came_compressed[i] && (texts[i].secret() || up == Encoding::identity)));
    if (texts[i].text().size() > 5000 && !texts[i].secret())
      RC_ASSERT(service.came_compressed[i] == (up != Encoding::identity));
  }
}

}  // namespace
}  // namespace pintle::compression
