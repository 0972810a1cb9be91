// Messages that travel compressed, from a stub to a handler and back: every coding, every kind of call.
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "texts_service.hpp"
#include <pintle/async/runtime.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle::compression {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::InMemoryServer;
using testing::MemoryPair;
using testing::MemoryPipeOptions;
using wire::Encoding;

const std::string kLong(20'000, 'x');

// A text that came, and whether it came compressed.
using Came = std::pair<std::string, bool>;

// -- The four kinds of call, each as its caller writes it
// --------------------------------------------------------------

Task<Result<Came>> get(v1::Texts::Stub& stub, std::string text, CallOptions options) {
  ResponseMetadata metadata;
  const Text request = text_of(std::move(text));
  auto response = co_await stub.Get(request, std::move(options).response_metadata(metadata));
  if (!response) co_return std::unexpected(response.error());
  co_return Came(response->text(), metadata.compressed);
}

Task<Result<std::vector<Came>>> list(v1::Texts::Stub& stub, std::string text, CallOptions options) {
  const Text request = text_of(std::move(text));
  auto stream = co_await stub.List(request, std::move(options));
  std::vector<Came> came;
  for (;;) {
    auto next = co_await stream.read();
    if (!next) co_return std::unexpected(next.error());
    if (*next == nullptr) co_return came;
    came.emplace_back((*next)->text(), stream.call().read_compressed());
  }
}

Task<Result<Came>> join(v1::Texts::Stub& stub, std::vector<Text> texts, CallOptions options) {
  auto stream = co_await stub.Join(std::move(options));
  for (const Text& text : texts) {
    WriteOptions write;
    if (text.secret()) write.no_compression();
    if (Status sent = co_await stream.write(text, write); !sent.ok()) break;
  }
  auto response = co_await stream.finish();
  if (!response) co_return std::unexpected(response.error());
  co_return Came(response->text(), stream.call().read_compressed());
}

Task<Result<std::vector<Came>>> chat(v1::Texts::Stub& stub, std::vector<Text> texts, CallOptions options) {
  auto stream = co_await stub.Chat(std::move(options));
  std::vector<Came> came;
  for (const Text& text : texts) {
    WriteOptions write;
    if (text.secret()) write.no_compression();
    if (Status sent = co_await stream.write(text, write); !sent.ok()) co_return std::unexpected(sent);
    auto back = co_await stream.read();
    if (!back) co_return std::unexpected(back.error());
    came.emplace_back((*back)->text(), stream.call().read_compressed());
  }
  if (Status ended = co_await stream.finish(); !ended.ok()) co_return std::unexpected(ended);
  co_return came;
}

struct House {
  explicit House(ServerOptions server = {}, MemoryPipeOptions pipe = {}, ChannelOptions channel_options = {})
      : host(std::move(server), pipe) {
    EXPECT_TRUE(host.server().add(service).ok());
    channel = host.channel(std::move(channel_options));
  }
  v1::Texts::Stub stub() { return v1::Texts::Stub(channel); }
  template <class T>
  T run(Task<T> task) {
    return host.loop().run(std::move(task));
  }
  std::uint64_t sent_up() { return host.connections().front().bytes_written(MemoryPair::Direction::a_to_b); }
  std::uint64_t sent_down() { return host.connections().front().bytes_written(MemoryPair::Direction::b_to_a); }

  TextsService service;
  InMemoryServer host;
  std::shared_ptr<Channel> channel;
};

const std::vector<Text> kThree = {text_of(kLong), text_of(kLong, true), text_of(kLong)};

class EveryCoding : public ::testing::TestWithParam<std::tuple<Encoding, std::size_t>> {
 protected:
  EveryCoding() : house({}, pipe()) { house.service.coding = coding(); }
  static Encoding coding() { return std::get<0>(GetParam()); }
  static MemoryPipeOptions pipe() {
    MemoryPipeOptions options;
    options.chunk = std::get<1>(GetParam());
    return options;
  }
  static CallOptions options() { return CallOptions().compression(coding()); }
  static bool is_coded() { return coding() != Encoding::identity; }
  // What went up and down: three texts of each call go plain whatever the coding.
  void expect_bytes(std::size_t long_texts_up, std::size_t long_texts_down) {
    EXPECT_GE(house.sent_up(), long_texts_up * kLong.size());
    EXPECT_LE(house.sent_up(), long_texts_up * (kLong.size() + 300) + 2000);
    EXPECT_GE(house.sent_down(), long_texts_down * kLong.size());
    EXPECT_LE(house.sent_down(), long_texts_down * (kLong.size() + 300) + 2000);
  }
  House house;
  v1::Texts::Stub stub = house.stub();
};

TEST_P(EveryCoding, UnaryCall) {
  const auto came = house.run(get(stub, kLong, options()));
  ASSERT_TRUE(came) << came.error().to_string();
  EXPECT_EQ(*came, Came(kLong, is_coded()));
  EXPECT_THAT(house.service.came_compressed, ElementsAre(is_coded()));
  expect_bytes(is_coded() ? 0 : 1, is_coded() ? 0 : 1);
}

TEST_P(EveryCoding, ServerStreamWithASecret) {
  const auto came = house.run(list(stub, kLong, options()));
  ASSERT_TRUE(came) << came.error().to_string();
  EXPECT_THAT(*came, ElementsAre(Came(kLong, is_coded()), Came(kLong, false), Came(kLong, is_coded())));
  EXPECT_THAT(house.service.came_compressed, ElementsAre(is_coded()));
  expect_bytes(is_coded() ? 0 : 1, is_coded() ? 1 : 3);
}

TEST_P(EveryCoding, ClientStreamWithASecret) {
  const auto came = house.run(join(stub, kThree, options()));
  ASSERT_TRUE(came) << came.error().to_string();
  EXPECT_EQ(*came, Came(kLong + kLong + kLong, is_coded()));
  EXPECT_THAT(house.service.came_compressed, ElementsAre(is_coded(), false, is_coded()));
  expect_bytes(is_coded() ? 1 : 3, is_coded() ? 0 : 3);
}

TEST_P(EveryCoding, BidirectionalStreamWithASecret) {
  const auto came = house.run(chat(stub, kThree, options()));
  ASSERT_TRUE(came) << came.error().to_string();
  EXPECT_THAT(*came, ElementsAre(Came(kLong, is_coded()), Came(kLong, false), Came(kLong, is_coded())));
  EXPECT_THAT(house.service.came_compressed, ElementsAre(is_coded(), false, is_coded()));
  expect_bytes(is_coded() ? 1 : 3, is_coded() ? 1 : 3);
}

TEST_P(EveryCoding, CallAfterCallOnOneConnection) {
  for (int i = 0; i < 5; ++i) {
    const auto came = house.run(get(stub, kLong, options()));
    ASSERT_TRUE(came) << came.error().to_string();
    EXPECT_EQ(*came, Came(kLong, is_coded()));
    const auto plain = house.run(get(stub, "short", CallOptions()));
    ASSERT_TRUE(plain) << plain.error().to_string();
    EXPECT_EQ(*plain, Came("short", false));
  }
  EXPECT_EQ(house.host.connections().size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Codings, EveryCoding,
                         ::testing::Combine(::testing::Values(Encoding::identity, Encoding::gzip, Encoding::deflate,
                                                              Encoding::zstd),
                                            ::testing::Values(SIZE_MAX, 7)),
                         [](const auto& info) {
                           return std::string(wire::encoding_name(std::get<0>(info.param))) +
                                  (std::get<1>(info.param) == SIZE_MAX ? "Whole" : "CutUp");
                         });

// -- Who decides
// -------------------------------------------------------------------------------------------------------

TEST(Compression, IsOffUntilSomebodyAsksForIt) {
  House house;
  v1::Texts::Stub stub = house.stub();
  EXPECT_EQ(*house.run(get(stub, kLong, {})), Came(kLong, false));
  EXPECT_THAT(house.service.came_compressed, ElementsAre(false));
}

TEST(Compression, TheOptionsOfChannelAndServerHoldForCallsThatDoNotSay) {
  ServerOptions server;
  server.compression = Encoding::zstd;
  ChannelOptions channel;
  channel.compression = Encoding::gzip;
  House house(server, {}, channel);
  v1::Texts::Stub stub = house.stub();
  EXPECT_EQ(*house.run(get(stub, kLong, {})), Came(kLong, true));
  house.service.coding = Encoding::identity;
  EXPECT_EQ(*house.run(get(stub, kLong, CallOptions().compression(Encoding::identity))), Came(kLong, false));
  EXPECT_THAT(house.service.came_compressed, ElementsAre(true, false));
}

// Sets the coding of whatever passes.
class Compressing final : public Layer {
 public:
  explicit Compressing(Encoding encoding) : encoding_(encoding) {}
  std::string_view name() const override { return "compressing"; }
  std::unique_ptr<Handler> wrap(const Site&, Handler& next) const override {
    struct Setting final : Handler {
      Setting(Encoding e, Handler& n) : encoding(e), next(n) {}
      Task<Status> operator()(LayerCall& call) override {
        call.compression = encoding;
        co_return co_await next(call);
      }
      Encoding encoding;
      Handler& next;
    };
    return std::make_unique<Setting>(encoding_, next);
  }

 private:
  Encoding encoding_;
};

TEST(Compression, ALayerMayDecideOnEitherSide) {
  ChannelOptions channel;
  channel.layers.push_back(std::make_shared<Compressing>(Encoding::deflate));
  TextsService service;
  InMemoryServer host;
  ASSERT_TRUE(host.server().add(service).ok());
  host.server().add_layer(std::make_shared<Compressing>(Encoding::zstd));
  v1::Texts::Stub stub(host.channel(channel));
  EXPECT_EQ(*host.loop().run(get(stub, kLong, {})), Came(kLong, true));
  EXPECT_THAT(service.came_compressed, ElementsAre(true));
}

// -- Limits
// ------------------------------------------------------------------------------------------------------------

class Bombs : public ::testing::TestWithParam<Encoding> {};

TEST_P(Bombs, OfARequestEndAtTheServersLimit) {
  ServerOptions options;
  options.max_receive_message = 1 << 20;
  House house(options);
  v1::Texts::Stub stub = house.stub();
  const auto came = house.run(get(stub, std::string(32 << 20, 'x'), CallOptions().compression(GetParam())));
  ASSERT_FALSE(came);
  EXPECT_EQ(came.error().code(), Code::resource_exhausted);
  EXPECT_EQ(came.error().origin(), Origin::peer);
  EXPECT_THAT(std::string(came.error().message()), HasSubstr("1048576"));
  EXPECT_LT(house.sent_up(), 1U << 20) << "it was a bomb: what travelled is within the limit";
  EXPECT_THAT(house.service.came_compressed, ElementsAre());
  EXPECT_TRUE(house.run(get(stub, kLong, CallOptions().compression(GetParam())))) << "the connection lives";
}

TEST_P(Bombs, OfAResponseEndAtTheClientsLimit) {
  ServerOptions server;
  server.max_receive_message = 64 << 20;
  ChannelOptions channel;
  channel.max_receive_message = 1 << 20;
  House house(server, {}, channel);
  house.service.coding = GetParam();
  v1::Texts::Stub stub = house.stub();
  const auto came = house.run(get(stub, std::string(32 << 20, 'x'), CallOptions().compression(GetParam())));
  ASSERT_FALSE(came);
  EXPECT_EQ(came.error().code(), Code::resource_exhausted);
  EXPECT_EQ(came.error().origin(), Origin::library);
  EXPECT_LT(house.sent_down(), 1U << 20);
  EXPECT_TRUE(house.run(get(stub, kLong, {})));
}

INSTANTIATE_TEST_SUITE_P(Codings, Bombs, ::testing::Values(Encoding::gzip, Encoding::deflate, Encoding::zstd),
                         [](const auto& info) { return std::string(wire::encoding_name(info.param)); });

// -- Threads that block
// ------------------------------------------------------------------------------------------------

TEST(Compression, BlockingStubsSayAndSeeTheSame) {
  RuntimeOptions one_loop;
  one_loop.threads = 1;
  Runtime runtime(one_loop);
  TextsService service;
  service.coding = Encoding::gzip;
  Server server(runtime);
  ASSERT_TRUE(server.add(service).ok());
  ASSERT_TRUE(server.start().ok());
  runtime.start();
  const auto address = server.listen(*net::SockAddress::from_ip("127.0.0.1", 0));
  ASSERT_TRUE(address) << address.error().to_string();
  {
    const auto channel = make_channel(runtime, address->to_string());
    ASSERT_TRUE(channel) << channel.error().to_string();
    v1::Texts::BlockingStub stub(*channel);
    ResponseMetadata metadata;
    const auto gzip = [] { return CallOptions().compression(Encoding::gzip); };
    EXPECT_TRUE(stub.Get(text_of(kLong), gzip().response_metadata(metadata)));
    EXPECT_TRUE(metadata.compressed);

    auto up = stub.Join(gzip());
    EXPECT_EQ(up.write(text_of(kLong)), Status());
    EXPECT_EQ(up.write(text_of(kLong), WriteOptions().no_compression()), Status());
    EXPECT_TRUE(up.finish());
    EXPECT_TRUE(up.read_compressed());

    auto both = stub.Chat(gzip());
    EXPECT_EQ(both.write(text_of(kLong, true), WriteOptions().no_compression()), Status());
    EXPECT_TRUE(both.read());
    EXPECT_FALSE(both.read_compressed());
    both.close_writing();
    EXPECT_EQ(both.finish(), Status());
  }
  EXPECT_THAT(service.came_compressed, ElementsAre(true, true, false, false));
  server.drain(Duration::zero(), [&] { runtime.stop(); });
  runtime.join();
}

}  // namespace
}  // namespace pintle::compression
