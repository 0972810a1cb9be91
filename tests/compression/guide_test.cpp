// The code of docs/guides/compression.md, at work.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <texts.pintle.hpp>

#include <pintle/testing/kit/in_memory_server.hpp>

namespace {

using pintle::compression::v1::Text;
using pintle::compression::v1::Texts;

// [handler]
class Letters final : public Texts::Service {
 public:
  pintle::Task<pintle::Status> List(pintle::Call& call, const Text& request, pintle::Writer<Text>& letters) override {
    call.compression = pintle::wire::Encoding::zstd;  // before the first message; plain where the client lacks it
    pintle::Status sent = co_await letters.write(request);
    if (!sent.ok()) co_return sent;
    Text token;
    token.set_text("token=" + secret_);
    co_return co_await letters.write(token, pintle::WriteOptions().no_compression());
  }

 private:
  std::string secret_ = std::string(100, '7');
};
// [/handler]

// [caller]
pintle::Task<pintle::Result<std::size_t>> count_compressed(const Texts::Stub& stub, const Text& request) {
  auto letters = co_await stub.List(request, pintle::CallOptions().compression(pintle::wire::Encoding::gzip));
  std::size_t compressed = 0;
  for (;;) {
    auto letter = co_await letters.read();
    if (!letter) co_return letter.error();
    if (*letter == nullptr) co_return compressed;
    if (letters.call().read_compressed()) ++compressed;
  }
}
// [/caller]

TEST(CompressionGuide, SaysWhatHappens) {
  Letters letters;
  pintle::testing::InMemoryServer host;
  ASSERT_TRUE(host.server().add(letters).ok());
  const Texts::Stub stub(host.channel());
  Text request;
  request.set_text(std::string(10'000, 'x'));
  EXPECT_EQ(host.loop().run(count_compressed(stub, request)), 1u) << "the letter, not the token";
}

}  // namespace
