// Messages that travel compressed, seen from a client that is a string of frames (grpc/doc/compression.md).
#include <pintle/wire/compression.hpp>

#include <gmock/gmock.h>
#include <malloc.h>
#if __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
#endif

#include <pintle/async/event.hpp>
#include <pintle/server/test_support/frame_client.hpp>

namespace pintle::server::test {
namespace {

using ::pintle::wire::Codec;
using ::pintle::wire::Encoding;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using wire::data;
using wire::headers;

constexpr Encoding kCodings[] = {Encoding::gzip, Encoding::deflate, Encoding::zstd};

std::string name_of(Encoding encoding) { return std::string(::pintle::wire::encoding_name(encoding)); }

// A message with its prefix that says that it is compressed.
std::string packed(Encoding encoding, std::string_view text) {
  Codec codec;
  const auto bytes = codec.compress(encoding, wire::as_bytes(text));
  std::string out = message(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()));
  out[0] = 1;
  return out;
}

const auto kStartsCompressed = HasSubstr(R"("\x01\x00\x00\x00)");
const auto kIsPlain = HasSubstr(" 205 bytes");  // the prefix and 200 times x

// -- Requests ---------------------------------------------------------------------------------------------------------

class CompressedRequests : public ::testing::Test, public ServerTest {
 protected:
  explicit CompressedRequests(ServerOptions options = {}) : ServerTest(std::move(options)) {
    // Says what came, compressed messages in brackets.
    service.add("/s/tell", [this](Call& call) -> Task<Status> {
      for (;;) {
        Result<Message*> next = co_await call.read();
        if (!next) co_return std::move(next).error();
        if (*next == nullptr) co_return Status();
        const auto bytes = (*next)->bytes();
        const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        came.push_back((*next)->was_compressed() ? "[" + text + "]" : text);
      }
    });
    start();
  }
  static wire::Fields with(Encoding encoding) { return grpc("/s/tell", {{"grpc-encoding", name_of(encoding)}}); }
  Lines came;
};

TEST_F(CompressedRequests, AreReadInEveryCodingThatWeOffer) {
  const std::string text(200, 'x');
  std::uint32_t id = 1;
  for (const Encoding encoding : kCodings) {
    came.clear();
    const Lines answer =
        client().send(headers(id, with(encoding)) +
                      data(id, packed(encoding, text) + message("plain") + packed(encoding, text)).end_stream());
    EXPECT_THAT(answer, ElementsAre(HasSubstr("grpc-status=0"))) << name_of(encoding);
    EXPECT_THAT(came, ElementsAre("[" + text + "]", "plain", "[" + text + "]")) << name_of(encoding);
    id += 2;
  }
}

TEST_F(CompressedRequests, OfOneCallDoNotMakeThoseOfTheNextReadable) {
  client().send(headers(1, with(Encoding::gzip)) + data(1, packed(Encoding::gzip, std::string(200, 'x'))).end_stream());
  const Lines answer =
      client().send(headers(3, grpc("/s/tell")) + data(3, packed(Encoding::gzip, std::string(200, 'x'))).end_stream());
  EXPECT_THAT(answer, ElementsAre(AllOf(HasSubstr("grpc-status=13"), HasSubstr("grpc-encoding"))));
  EXPECT_EQ(came.size(), 1u);
}

TEST_F(CompressedRequests, WhoseDataAreBrokenEndTheCallAsInternal) {
  std::uint32_t id = 1;
  for (const Encoding encoding : kCodings) {
    std::string broken = packed(encoding, std::string(200, 'x'));
    broken.back() ^= 0x55;
    broken[8] ^= 0x55;
    EXPECT_THAT(client().send(headers(id, with(encoding)) + data(id, broken).end_stream()),
                ElementsAre(AllOf(HasSubstr("grpc-status=13"), HasSubstr(name_of(encoding)))));
    id += 2;
  }
  EXPECT_THAT(came, IsEmpty());
}

class SmallLimit : public CompressedRequests {
 protected:
  SmallLimit() : CompressedRequests(limited()) {}
  static ServerOptions limited() {
    ServerOptions options;
    options.max_receive_message = 1000;
    return options;
  }
};

TEST_F(SmallLimit, HoldsForWhatComesOutAsItDoesForWhatComesIn) {
  std::uint32_t id = 1;
  for (const Encoding encoding : kCodings) {
    EXPECT_THAT(
        client().send(headers(id, with(encoding)) + data(id, packed(encoding, std::string(1000, 'x'))).end_stream()),
        ElementsAre(HasSubstr("grpc-status=0")));
    id += 2;
    came.clear();
    EXPECT_THAT(client().send(headers(id, with(encoding)) + data(id, packed(encoding, std::string(1001, 'x')))),
                ElementsAre(AllOf(HasSubstr("grpc-status=8"), HasSubstr("1000")), HasSubstr("RST_STREAM")));
    EXPECT_THAT(came, IsEmpty());
    id += 2;
  }
  // A thousandfold, a thousand times on one connection: each costs no more than the limit.
  const std::string bomb = packed(Encoding::zstd, std::string(1'000'000, '\0'));
  for (int i = 0; i < 1000; ++i, id += 2) {
    ASSERT_THAT(client().send(headers(id, with(Encoding::zstd)) + data(id, bomb).end_stream()),
                ElementsAre(HasSubstr("grpc-status=8")));
  }
}

std::size_t allocated_bytes() {
#if __has_feature(address_sanitizer)
  return __sanitizer_get_current_allocated_bytes();
#else
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#endif
}

TEST(CompressedMemory, OfLargeMessagesIsNotKeptForTheNextCall) {
  ServerTest test;
  Event door;
  test.service.add("/s/hold", [&](Call& call) -> Task<Status> {
    Result<Message*> next = co_await call.read();
    if (!next) co_return std::move(next).error();
    (void)co_await door.wait();
    co_return Status();
  });
  FrameClient& client = test.start();
  constexpr std::uint32_t kCalls = 50;
  std::uint32_t id = 1;
  // Many calls at once, each with a message of this size at hand; then all of them end.
  const auto hold = [&](std::size_t size) {
    const std::string body = packed(Encoding::zstd, std::string(size, 'x'));
    for (std::uint32_t i = 0; i < kCalls; ++i, id += 2)
      client.send(headers(id, grpc("/s/hold", {{"grpc-encoding", "zstd"}})) + data(id, body).end_stream());
    const std::size_t held = allocated_bytes();
    door.set();
    EXPECT_EQ(client.received().size(), kCalls);
    door.reset();
    return held;
  };
  hold(1000);
  const std::size_t before = allocated_bytes();
  EXPECT_GT(hold(1 << 20), before + kCalls * (1 << 20));
  EXPECT_LT(allocated_bytes(), before + (4 << 20)) << "what is left is the loop's own";
}

// -- Responses --------------------------------------------------------------------------------------------------------

class CompressedResponses : public ::testing::Test, public ServerTest {
 protected:
  explicit CompressedResponses(ServerOptions options = {}) : ServerTest(std::move(options)) {
    service.add("/s/say", [this](Call& call) -> Task<Status> {
      if (head_first) call.send_head();
      call.compression = chosen;
      const std::string text(200, 'x');
      for (const bool allowed : {true, false, true}) {
        Message answer(wire::as_bytes(text), nullptr, nullptr);
        if (!allowed) answer.without_compression();
        if (Status sent = co_await call.write(answer); !sent.ok()) co_return sent;
      }
      co_return Status();
    });
    service.add("/s/fail", [](Call& call) -> Task<Status> {
      call.compression = Encoding::gzip;
      co_return Status(Code::aborted, "no");
    });
    start();
  }
  // The answer to a client that takes `accepted`; empty: it says nothing.
  Lines ask(const std::string& accepted, const std::string& path = "/s/say") {
    wire::Fields fields = grpc(path);
    if (!accepted.empty()) fields.emplace_back("grpc-accept-encoding", accepted);
    return client().send(headers(std::exchange(next_id_, next_id_ + 2), fields).end_stream());
  }
  void expect_compressed(const Lines& lines, Encoding encoding) {
    EXPECT_THAT(lines, ElementsAre(HasSubstr(" grpc-encoding=" + name_of(encoding) +
                                             " grpc-accept-encoding=identity,gzip,deflate,zstd"),
                                   kStartsCompressed, kIsPlain, kStartsCompressed, HasSubstr("grpc-status=0")))
        << name_of(encoding);
  }
  void expect_plain(const Lines& lines) {
    EXPECT_THAT(lines, ElementsAre(AllOf(HasSubstr(":status=200"), Not(HasSubstr("grpc-encoding"))), kIsPlain, kIsPlain,
                                   kIsPlain, HasSubstr("grpc-status=0")));
  }
  std::optional<Encoding> chosen;
  bool head_first = false;

 private:
  std::uint32_t next_id_ = 1;
};

TEST_F(CompressedResponses, AreCodedAsTheHandlerChoseWhereTheClientTakesItMessageByMessage) {
  for (const Encoding encoding : kCodings) {
    chosen = encoding;
    expect_compressed(ask("identity," + name_of(encoding)), encoding);
    expect_compressed(ask("br, " + name_of(encoding) + " ,x"), encoding);
  }
}

TEST_F(CompressedResponses, ArePlainForAClientThatTakesSomethingElseOrSaysNothing) {
  chosen = Encoding::gzip;
  for (const char* accepted : {"", "identity", "zstd,deflate", "br"}) expect_plain(ask(accepted));
}

TEST_F(CompressedResponses, ArePlainWhereNobodyChose) { expect_plain(ask("gzip,zstd")); }

TEST_F(CompressedResponses, StayAsTheyWereWhenTheHeadHasGoneOut) {
  chosen = Encoding::gzip;
  head_first = true;
  expect_plain(ask("gzip"));
}

TEST_F(CompressedResponses, OfOneCallDoNotCompressThoseOfTheNext) {
  chosen = Encoding::gzip;
  expect_compressed(ask("gzip"), Encoding::gzip);
  chosen.reset();
  expect_plain(ask("gzip"));
  chosen = Encoding::gzip;
  expect_plain(ask(""));
}

TEST_F(CompressedResponses, WithoutAMessageNameNoCoding) {
  EXPECT_THAT(ask("gzip", "/s/fail"), ElementsAre(AllOf(HasSubstr("grpc-status=10"), Not(HasSubstr("grpc-encoding")))));
}

TEST_F(CompressedResponses, KeepTheSuffixOfTheContentType) {
  chosen = Encoding::zstd;
  const Lines lines = client().send(headers(1, wire::request("/s/say", {{"content-type", "application/grpc+proto"},
                                                                        {"grpc-accept-encoding", "zstd"}}))
                                        .end_stream());
  EXPECT_THAT(lines.at(0), HasSubstr("content-type=application/grpc+proto grpc-encoding=zstd "));
}

// A list may be spread over several fields (RFC 9110 section 5.3).
TEST_F(CompressedResponses, KnowEveryFieldOfWhatTheClientTakes) {
  chosen = Encoding::gzip;
  const Lines lines = client().send(
      headers(1, grpc("/s/say", {{"grpc-accept-encoding", "gzip"}, {"grpc-accept-encoding", "zstd"}})).end_stream());
  expect_compressed(lines, Encoding::gzip);
}

// What a client says again by index means the same: the meaning is kept with the entry of the header table.
TEST_F(CompressedResponses, KnowWhatTheClientTakesAlsoFromItsHeaderTable) {
  chosen = Encoding::gzip;
  const std::string literal = wire::block(grpc("/s/say"));
  std::string indexed_name = "\x40\x14grpc-accept-encoding\x04";
  client().send(wire::headers_raw(1, literal + indexed_name + "zstd").end_stream());
  expect_compressed(client().send(wire::headers_raw(3, literal + indexed_name + "gzip").end_stream()), Encoding::gzip);
  expect_compressed(client().send(wire::headers_raw(5, literal + "\xbe").end_stream()), Encoding::gzip);
  expect_plain(client().send(wire::headers_raw(7, literal + "\xbf").end_stream()));
}

class DefaultCompression : public CompressedResponses {
 protected:
  DefaultCompression() : CompressedResponses(zstd()) {}
  static ServerOptions zstd() {
    ServerOptions options;
    options.compression = Encoding::zstd;
    return options;
  }
};

TEST_F(DefaultCompression, HoldsUntilAHandlerSaysSomethingElse) {
  expect_compressed(ask("zstd"), Encoding::zstd);
  expect_plain(ask("gzip"));
  chosen = Encoding::gzip;
  expect_compressed(ask("gzip,zstd"), Encoding::gzip);
  chosen = Encoding::identity;
  expect_plain(ask("gzip,zstd"));
}

// -- Who is told what we take -----------------------------------------------------------------------------------------

TEST_F(CompressedResponses, SayWhatWeTakeToThoseWhoSpokeOfCodingsAndToNobodyElse) {
  const auto offered = HasSubstr("grpc-accept-encoding=identity,gzip,deflate,zstd");
  EXPECT_THAT(ask("").at(0), Not(offered));
  EXPECT_THAT(ask("identity").at(0), offered);
  EXPECT_THAT(ask("br", "/s/fail").at(0), offered);
  EXPECT_THAT(client().send(headers(101, grpc("/s/say", {{"grpc-encoding", "identity"}})).end_stream()).at(0), offered);
}

}  // namespace
}  // namespace pintle::server::test
