#include <gtest/gtest.h>

#include <pintle/rpc/test_support/text.hpp>

namespace pintle {
namespace {

using test::bytes_of;
using test::Text;
using test::text_of;

std::string encoded(const Message& m) {
  std::string out(m.size(), '?');
  m.encode(reinterpret_cast<std::byte*>(out.data()));
  return out;
}

TEST(Message, IsParsedOnceAndOnlyWhenAsked) {
  MessageSlot slot(&type_of<Text>);
  Text::parses = 0;
  Message m(bytes_of("hello"), &type_of<Text>, slot.at());
  EXPECT_EQ(m.size(), 5u);
  EXPECT_EQ(encoded(m), "hello");
  EXPECT_EQ(Text::parses, 0) << "a call that is refused must cost no parsing";
  EXPECT_EQ(m.as<Text>()->value, "hello");
  EXPECT_EQ(m.as<Text>()->value, "hello");
  EXPECT_EQ(Text::parses, 1);
}

TEST(Message, BytesThatAreNoMessageGiveNull) {
  MessageSlot slot(&type_of<Text>);
  Message m(bytes_of("bad"), &type_of<Text>, slot.at());
  EXPECT_EQ(m.as<Text>(), nullptr);
  EXPECT_EQ(text_of(m.bytes()), "bad") << "they can still be passed on";
}

TEST(Message, BytesOfAnUnknownTypeAreNeverParsed) {
  Message m(bytes_of("x"), nullptr, nullptr);
  EXPECT_EQ(m.object(), nullptr);
  EXPECT_EQ(encoded(m), "x");
}

TEST(Message, AnObjectIsEncodedWhereItIsNeeded) {
  const Text text("hello");
  Message m(&text, type_of<Text>);
  EXPECT_FALSE(m.has_bytes());
  EXPECT_EQ(m.as<Text>(), &text);
  EXPECT_EQ(encoded(m), "hello");
}

TEST(Message, TheDefaultOneIsEmpty) {
  Message m;
  EXPECT_EQ(m.size(), 0u);
  EXPECT_EQ(m.object(), nullptr);
  m.encode(nullptr);
}

TEST(Message, ARetainedOneOutlivesWhatItWasMadeOf) {
  std::shared_ptr<std::byte[]> a, b;
  Message from_object, from_bytes;
  MessageSlot slot(&type_of<Text>);
  {
    Text text("object");
    std::string bytes = "bytes";
    from_object = Message(&text, type_of<Text>).retain(a);
    from_bytes = Message(bytes_of(bytes), &type_of<Text>, slot.at()).retain(b);
    bytes.assign(bytes.size(), '#');
    text.value.assign(text.value.size(), '#');
  }
  EXPECT_EQ(encoded(from_object), "object");
  EXPECT_EQ(encoded(from_bytes), "bytes");
  EXPECT_EQ(from_bytes.as<Text>()->value, "bytes");
}

TEST(Message, WhatItSaysOfCompressionGoesWithEveryCopy) {
  std::shared_ptr<std::byte[]> owner;
  MessageSlot slot(&type_of<Text>);
  const Text text("object");
  Message m(&text, type_of<Text>);
  EXPECT_TRUE(m.compressible());
  EXPECT_FALSE(m.was_compressed());
  m.without_compression();
  m.set_was_compressed();
  for (const Message& copy : {m, m.retain(owner), m.in(slot.at())}) {
    EXPECT_FALSE(copy.compressible()) << "a retry must not compress what the caller said not to";
    EXPECT_TRUE(copy.was_compressed());
  }
}

TEST(Message, InAnotherSlotItIsParsedAnewAndTheFirstObjectStays) {
  MessageSlot one(&type_of<Text>), two(&type_of<Text>);
  Message m(bytes_of("hello"), &type_of<Text>, one.at());
  const Text* first = m.as<Text>();
  Message copy = m.in(two.at());
  const Text* second = copy.as<Text>();
  EXPECT_NE(first, second);
  EXPECT_EQ(second->value, "hello");
  EXPECT_EQ(m.as<Text>(), first);

  const Text text("object");
  EXPECT_EQ(Message(&text, type_of<Text>).in(two.at()).as<Text>(), &text);
}

TEST(MessageSlot, KeepsOneObjectForAllMessagesOfItsType) {
  MessageSlot slot(&type_of<Text>);
  Message one(bytes_of("one"), &type_of<Text>, slot.at());
  const void* object = one.object();
  Message two(bytes_of("two"), &type_of<Text>, slot.at());
  EXPECT_EQ(two.object(), object);
  EXPECT_EQ(static_cast<Text*>(slot.fresh())->value, "");
  EXPECT_EQ(slot.fresh(), object);
  slot.drop();
  EXPECT_EQ(*slot.at(), nullptr);
}

}  // namespace
}  // namespace pintle
