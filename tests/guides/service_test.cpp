// The service of the guides does what they say; and how they say that a service is tested.
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notes_service.hpp"
#include <pintle/testing/kit/direct_channel.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>

namespace guides {
namespace {

using pintle::CallOptions;
using pintle::Code;
using ::testing::ElementsAre;

Note note(std::string room, std::string text) {
  Note made;
  made.set_room(std::move(room));
  made.set_text(std::move(text));
  return made;
}

// [direct]
class NotesTest : public ::testing::Test {
 protected:
  pintle::testing::TestLoop loop_;
  Archive archive_;
  Notes notes_{archive_};
  guides::v1::Notes::Stub stub_{std::make_shared<pintle::testing::DirectChannel>(notes_, loop_)};
};

TEST_F(NotesTest, ANoteWithoutTextIsRefusedByField) {
  const auto response = loop_.run(stub_.Add(note("lobby", "")));
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code(), Code::invalid_argument);
  const auto bad = pintle::detail_of<google::rpc::BadRequest>(response.error());
  ASSERT_TRUE(bad.has_value());
  EXPECT_EQ(bad->field_violations(0).field(), "text");
}
// [/direct]

TEST_F(NotesTest, MetadataSayTheRoomAndTrailersTheNumber) {
  pintle::ResponseMetadata metadata;
  const auto response =
      loop_.run(stub_.Add(note("", "hello"), CallOptions().metadata("x-room", "kitchen").response_metadata(metadata)));
  ASSERT_TRUE(response.has_value()) << response.error().to_string();
  EXPECT_EQ(response->room(), "kitchen");
  EXPECT_EQ(metadata.trailers.get("x-notes"), "1");
}

Task<Result<Count>> import(const guides::v1::Notes::Stub& stub, std::vector<Note> notes) {
  auto stream = co_await stub.Import();
  for (const Note& one : notes)
    if (Status gone = co_await stream.write(one); !gone.ok()) break;
  co_return co_await stream.finish();
}
// [caller]
Task<std::vector<std::string>> texts_of(const guides::v1::Notes::Stub& stub, Room room) {
  std::vector<std::string> texts;
  auto stream = co_await stub.List(room, CallOptions().timeout(std::chrono::seconds(2)));
  for (;;) {
    const auto next = co_await stream.read();
    if (!next || *next == nullptr) break;
    texts.push_back((*next)->text());
  }
  const Status end = co_await stream.finish();
  texts.push_back(end.to_string());
  co_return texts;
}
// [/caller]

TEST_F(NotesTest, WhatWasImportedIsListed) {
  const auto count = loop_.run(import(stub_, {note("a", "1"), note("b", "2"), note("a", "3")}));
  ASSERT_TRUE(count.has_value());
  EXPECT_EQ(count->notes(), 3);
  Room room;
  room.set_name("a");
  EXPECT_THAT(loop_.run(texts_of(stub_, room)), ElementsAre("1", "3", Status().to_string()));
}

Task<std::string> echo(const guides::v1::Notes::Stub& stub) {
  auto stream = co_await stub.Echo();
  (void)co_await stream.write(note("a", "hello"));
  const auto back = co_await stream.read();
  co_return back && *back != nullptr ? (*back)->text() : "nothing";
}
TEST_F(NotesTest, WhatIsSentComesBack) { EXPECT_EQ(loop_.run(echo(stub_)), "hello"); }

// [in_memory]
class NotesOverTheWire : public ::testing::Test {
 protected:
  NotesOverTheWire() { EXPECT_TRUE(memory_.server().add(notes_).ok()); }

  Archive archive_;
  Notes notes_{archive_};
  pintle::testing::InMemoryServer memory_;
};

Task<Status> follow(guides::v1::Notes::Stub stub, std::vector<std::string>& heard) {
  Room room;
  room.set_name("a");
  auto stream = co_await stub.Follow(room);
  for (;;) {
    const auto next = co_await stream.read();
    if (!next || *next == nullptr) break;
    heard.push_back((*next)->text());
  }
  co_return co_await stream.finish();
}

TEST_F(NotesOverTheWire, AFeedEndsWithOkWhenTheServerDrains) {
  const guides::v1::Notes::Stub stub(memory_.channel());
  std::vector<std::string> heard;
  auto following = memory_.loop().start(follow(stub, heard));
  (void)memory_.loop().run(stub.Add(note("a", "hello")));
  (void)memory_.loop().run(stub.Add(note("b", "elsewhere")));
  EXPECT_THAT(heard, ElementsAre("hello"));
  EXPECT_FALSE(following.done());
  memory_.server().drain(std::chrono::hours(1), [] {});
  memory_.loop().run_until_idle();
  ASSERT_TRUE(following.done());
  EXPECT_EQ(following.get(), Status());
}
// [/in_memory]

TEST_F(NotesOverTheWire, AFeedEndsWithItsClientBeforeTheServerDrains) {
  const guides::v1::Notes::Stub stub(memory_.channel());
  std::vector<std::string> heard;
  auto following = memory_.loop().start(follow(stub, heard));
  following.cancel();
  memory_.loop().run_until_idle();
  ASSERT_TRUE(following.done());
  EXPECT_EQ(following.get().code(), Code::cancelled);
}

}  // namespace
}  // namespace guides
