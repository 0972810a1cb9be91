// Messages above 256 KiB, which other threads write, deflate, inflate and parse: they come as they went, in every kind
// of call and every coding, whatever their size and whatever the peer declares.
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "texts_service.hpp"
#include <pintle/async/nursery.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle::compression {
namespace {

using testing::InMemoryServer;
using wire::Encoding;

enum class Content { monotonous, random };

// Of `monotonous` a thousandth travels where it is compressed, of `random` all.
std::string content(Content kind, std::size_t size) {
  std::string text(size, 'x');
  if (kind == Content::monotonous) return text;
  std::minstd_rand random(static_cast<unsigned>(size));
  for (char& c : text) c = static_cast<char>('!' + random() % 90);
  return text;
}

class LargeMessages : public ::testing::TestWithParam<std::tuple<Encoding, Content>> {
 protected:
  LargeMessages() {
    service.coding = std::get<0>(GetParam());
    EXPECT_TRUE(host.server().add(service).ok());
    stub.emplace(host.channel());
  }
  static CallOptions options() { return CallOptions().compression(std::get<0>(GetParam())); }
  static std::vector<std::string> texts() {
    std::vector<std::string> made;
    for (const std::size_t size : {100u, 262'100u, 262'200u, 1'000'000u, 4'000'000u, 300u, 2'500'000u})
      made.push_back(content(std::get<1>(GetParam()), size));
    return made;
  }

  TextsService service;
  InMemoryServer host;
  std::optional<v1::Texts::Stub> stub;
};

Task<std::vector<std::string>> get_each(v1::Texts::Stub& stub, std::vector<std::string> texts, CallOptions options) {
  std::vector<std::string> came;
  for (std::string& text : texts) {
    const Text request = text_of(std::move(text));
    auto response = co_await stub.Get(request, CallOptions(options));
    came.push_back(response ? response->text() : response.error().to_string());
  }
  co_return came;
}

TEST_P(LargeMessages, ComeBackFromAUnaryCall) {
  EXPECT_EQ(host.loop().run(get_each(*stub, texts(), options())), texts());
}

Task<std::vector<std::string>> list(v1::Texts::Stub& stub, std::string text, CallOptions options) {
  const Text request = text_of(std::move(text));
  auto stream = co_await stub.List(request, std::move(options));
  std::vector<std::string> came;
  for (;;) {
    auto next = co_await stream.read();
    if (!next) came.push_back(next.error().to_string());
    if (!next || *next == nullptr) co_return came;
    came.push_back((*next)->text());
  }
}

TEST_P(LargeMessages, StreamDown) {
  for (const std::string& text : texts())
    EXPECT_EQ(host.loop().run(list(*stub, text, options())), std::vector<std::string>(3, text)) << text.size();
}

Task<std::string> join(v1::Texts::Stub& stub, std::vector<std::string> texts, CallOptions options) {
  auto stream = co_await stub.Join(std::move(options));
  for (std::string& text : texts)
    if (Status sent = co_await stream.write(text_of(std::move(text))); !sent.ok()) break;
  auto response = co_await stream.finish();
  co_return response ? response->text() : response.error().to_string();
}

TEST_P(LargeMessages, StreamUp) {
  std::vector<std::string> three = {content(std::get<1>(GetParam()), 1'100'000), "a",
                                    content(std::get<1>(GetParam()), 900'000)};
  EXPECT_EQ(host.loop().run(join(*stub, three, options())), three[0] + three[1] + three[2]);
}

Task<std::vector<std::string>> chat(v1::Texts::Stub& stub, std::vector<std::string> texts, CallOptions options) {
  auto stream = co_await stub.Chat(std::move(options));
  std::vector<std::string> came;
  for (const std::string& text : texts) {
    const Text request = text_of(text);
    if (Status sent = co_await stream.write(request); !sent.ok()) break;
    auto back = co_await stream.read();
    if (!back || *back == nullptr) break;
    came.push_back((*back)->text());
  }
  if (Status ended = co_await stream.finish(); !ended.ok()) came.push_back(ended.to_string());
  co_return came;
}

TEST_P(LargeMessages, GoBothWays) { EXPECT_EQ(host.loop().run(chat(*stub, texts(), options())), texts()); }

// The two sides of the stream at once, and nobody reads in time: what is written waits.
Task<std::vector<std::string>> write_all_then_read(v1::Texts::Stub& stub, std::vector<std::string> texts,
                                                   CallOptions options) {
  auto stream = co_await stub.Chat(std::move(options));
  Nursery writer;
  const Env env = co_await current_env();
  writer.spawn(env, [](auto& to, std::vector<std::string> all) -> Task<Status> {
    for (std::string& text : all)
      if (Status sent = co_await to.write(text_of(std::move(text))); !sent.ok()) co_return sent;
    to.close_writing();
    co_return Status();
  }(stream, std::move(texts)));
  std::vector<std::string> came;
  for (;;) {
    auto back = co_await stream.read();
    if (!back || *back == nullptr) break;
    came.push_back((*back)->text());
  }
  co_await writer.join();
  co_return came;
}

TEST_P(LargeMessages, WaitForOneAnother) {
  EXPECT_EQ(host.loop().run(write_all_then_read(*stub, texts(), options())), texts());
}

INSTANTIATE_TEST_SUITE_P(Codings, LargeMessages,
                         ::testing::Combine(::testing::Values(Encoding::identity, Encoding::gzip, Encoding::zstd),
                                            ::testing::Values(Content::monotonous, Content::random)),
                         [](const auto& info) {
                           return std::string(wire::encoding_name(std::get<0>(info.param))) +
                                  (std::get<1>(info.param) == Content::random ? "Random" : "Monotonous");
                         });

Task<std::vector<Status>> get_more_than_the_limit(v1::Texts::Stub& stub) {
  std::vector<Status> all;
  for (const Encoding coding : {Encoding::identity, Encoding::gzip, Encoding::zstd}) {
    const Text request = text_of(std::string(5'000'000, 'x'));
    auto response = co_await stub.Get(request, CallOptions().compression(coding));
    all.push_back(response ? Status() : Status(response.error()));
  }
  co_return all;
}

TEST(LargeMessage, AboveTheLimitIsRefusedHoweverItComes) {
  TextsService service;
  InMemoryServer host;
  ASSERT_TRUE(host.server().add(service).ok());
  v1::Texts::Stub stub(host.channel());
  for (const Status& status : host.loop().run(get_more_than_the_limit(stub)))
    EXPECT_EQ(status.code(), Code::resource_exhausted) << status.to_string();
  EXPECT_THAT(service.came_compressed, ::testing::IsEmpty());
  EXPECT_EQ(host.loop().run(get_each(stub, {"still there"}, {})), std::vector<std::string>{"still there"});
}

// Whatever is cancelled, and whenever: nobody is left behind, nothing is read that is gone (ASan), and the connection
// serves on.
TEST(LargeMessage, MayBeCancelledAtAnyStep) {
  TextsService service;
  service.coding = Encoding::gzip;
  InMemoryServer host;
  ASSERT_TRUE(host.server().add(service).ok());
  v1::Texts::Stub stub(host.channel());
  const std::string text = content(Content::random, 700'000);
  int done = 0;
  for (int turns = 0; done < 3 && turns < 400; ++turns) {
    CancelScope scope;
    bool over = false;
    auto call = [](v1::Texts::Stub& of, std::string what, bool& is_over) -> Root {
      const auto came = co_await chat(of, {what, what}, CallOptions().compression(Encoding::gzip));
      is_over = true;
    };
    call(stub, text, over).start({&host.loop().loop(), &scope, nullptr});
    for (int i = 0; i < turns && !over; ++i) host.loop().turn_once();
    if (over) ++done;
    scope.cancel(Status(Code::cancelled, "the test cancelled it"));
    host.loop().run_until_idle();
    EXPECT_TRUE(over) << turns;
  }
  EXPECT_EQ(done, 3) << "the loop never saw a whole call";
  EXPECT_EQ(host.loop().run(get_each(stub, {text}, {})), std::vector<std::string>{text});
}

}  // namespace
}  // namespace pintle::compression
