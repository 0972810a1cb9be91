#include <pintle/http2/internal/sections.hpp>

#include <gmock/gmock.h>

#include <pintle/http2/test_support/engine.hpp>

namespace pintle::http2 {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using test::Established;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A section that is told apart by the value of its one field.
class Book {
 public:
  std::string_view read(std::string_view block, std::uint64_t version) {
    const Section* section = sections_.find(bytes(block), version);
    return section != nullptr ? section->fields.front().value : "not known";
  }
  void write(std::string_view block, std::uint64_t version, std::string_view value) {
    sections_.fresh().fields.emplace_back().value = value;
    EXPECT_EQ(sections_.keep(bytes(block), version).fields.front().value, value);
  }

 private:
  static std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }
  Sections sections_;
};

TEST(Sections, KnowsABlockByItsLengthItsBytesAndTheTable) {
  for (std::size_t n = 1; n <= Sections::kLongest; ++n) {
    Book book;
    const std::string block(n, '\x88');
    book.write(block, 3, "first");
    EXPECT_EQ(book.read(block, 3), "first");
    EXPECT_EQ(book.read(block, 4), "not known");
    EXPECT_EQ(book.read(block + '\x88', 3), "not known");
    for (std::size_t at = 0; at < n; ++at) {
      std::string other = block;
      other[at] = '\x89';
      EXPECT_EQ(book.read(other, 3), "not known") << n << " bytes, number " << at;
    }
  }
}

TEST(Sections, WhatMayMeanAnotherThingNextTimeIsNotRemembered) {
  Book book;
  for (const std::string& block : {std::string("\x88\x10"), std::string("\x88\x40"), std::string("\xff\x01"),
                                   std::string(), std::string(Sections::kLongest + 1, '\x88')}) {
    book.write(block, 1, "said once");
    EXPECT_EQ(book.read(block, 1), "not known");
  }
}

std::string inserted(std::string_view name, std::string_view value) {
  std::string block = {'\x40', static_cast<char>(name.size())};
  block.append(name).push_back(static_cast<char>(value.size()));
  return block.append(value);
}

TEST(Sections, ARepeatedBlockMeansWhatTheTableSaysNow) {
  Established server;
  const std::string head = "\x83\x86\x84\xbe";  // POST, http, /, the newest entry
  server.feed(headers_raw(1, "\x83\x86\x84" + inserted("a", "1")).end_stream());
  EXPECT_THAT(server.feed(headers_raw(3, head).end_stream()),
              ElementsAre("headers 3 :method=POST :scheme=http :path=/ a=1 end"));
  EXPECT_THAT(server.feed(headers_raw(5, head).end_stream()),
              ElementsAre("headers 5 :method=POST :scheme=http :path=/ a=1 end"));
  EXPECT_THAT(server.feed(headers_raw(7, "\x83\x86\x84" + inserted("a", "2")).end_stream()),
              ElementsAre("headers 7 :method=POST :scheme=http :path=/ a=2 end"));
  EXPECT_THAT(server.feed(headers_raw(9, head).end_stream()),
              ElementsAre("headers 9 :method=POST :scheme=http :path=/ a=2 end"));
}

TEST(Sections, ARepeatedBlockWhoseEntryIsGoneEndsTheConnection) {
  Established server;
  server.feed(headers_raw(1, "\x83\x86\x84" + inserted("a", "1")).end_stream());
  server.feed(headers_raw(3, "\x83\x86\x84\xbe").end_stream());
  server.feed(headers_raw(5, "\x20\x83\x86\x84").end_stream());  // a table of no bytes
  EXPECT_THAT(server.feed(headers_raw(7, "\x83\x86\x84\xbe").end_stream()),
              Contains("connection error COMPRESSION_ERROR by library: bad header block"));
}

TEST(Sections, EachPlaceOfABlockHasItsOwnRules) {
  Established server;
  const std::string head = "\x83\x86\x84";
  server.feed(headers_raw(1, head));
  EXPECT_THAT(server.feed(headers_raw(1, head).end_stream()), ElementsAre(HasSubstr("PROTOCOL_ERROR"), "closed 1"));
  EXPECT_THAT(server.feed(headers_raw(3, head)), ElementsAre("headers 3 :method=POST :scheme=http :path=/"));
}

}  // namespace
}  // namespace pintle::http2
