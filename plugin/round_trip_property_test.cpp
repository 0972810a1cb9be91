// Property 13: Protobuf Round Trip. Any message survives serialisation, and re-serialises to the same bytes; through
// the functions by which Pintle makes, writes and parses messages.
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "plugin/test_support/generated.pb.h"
#include <pintle/rpc/message.hpp>
#include <pintle/rpc/type_of.hpp>

namespace pintle::plugin {
namespace {

namespace pb = google::protobuf;
using ::plugin::test::Everything;

// UTF-8, as strings of proto3 must be.
std::string random_text() {
  std::string text;
  for (const char32_t c : *rc::gen::container<std::u32string>(
           rc::gen::oneOf(rc::gen::inRange<char32_t>(1, 0x80), rc::gen::inRange<char32_t>(0x80, 0x800),
                          rc::gen::inRange<char32_t>(0x800, 0xd800), rc::gen::inRange<char32_t>(0x10000, 0x110000)))) {
    if (c < 0x80) {
      text += static_cast<char>(c);
    } else if (c < 0x800) {
      text += static_cast<char>(0xc0 | (c >> 6));
      text += static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
      text += static_cast<char>(0xe0 | (c >> 12));
      text += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
      text += static_cast<char>(0x80 | (c & 0x3f));
    } else {
      text += static_cast<char>(0xf0 | (c >> 18));
      text += static_cast<char>(0x80 | ((c >> 12) & 0x3f));
      text += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
      text += static_cast<char>(0x80 | (c & 0x3f));
    }
  }
  return text;
}

std::string random_string(const pb::FieldDescriptor& field) {
  return field.type() == pb::FieldDescriptor::TYPE_BYTES ? *rc::gen::arbitrary<std::string>() : random_text();
}

// Open enums keep values that have no name.
int random_enum(const pb::FieldDescriptor& field) {
  const pb::EnumDescriptor& type = *field.enum_type();
  const int named = type.value(*rc::gen::inRange(0, type.value_count()))->number();
  return *rc::gen::weightedElement<int>({{4, named}, {1, *rc::gen::arbitrary<int>()}});
}

void fill(pb::Message& message, int depth);

void set_one(pb::Message& m, const pb::FieldDescriptor& f, int depth) {
  const pb::Reflection& r = *m.GetReflection();
  switch (f.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return r.SetInt32(&m, &f, *rc::gen::arbitrary<std::int32_t>());
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return r.SetInt64(&m, &f, *rc::gen::arbitrary<std::int64_t>());
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return r.SetUInt32(&m, &f, *rc::gen::arbitrary<std::uint32_t>());
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return r.SetUInt64(&m, &f, *rc::gen::arbitrary<std::uint64_t>());
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return r.SetDouble(&m, &f, *rc::gen::arbitrary<double>());
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return r.SetFloat(&m, &f, *rc::gen::arbitrary<float>());
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return r.SetBool(&m, &f, *rc::gen::arbitrary<bool>());
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return r.SetEnumValue(&m, &f, random_enum(f));
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return r.SetString(&m, &f, random_string(f));
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return fill(*r.MutableMessage(&m, &f), depth - 1);
  }
}

void add_one(pb::Message& m, const pb::FieldDescriptor& f, int depth) {
  const pb::Reflection& r = *m.GetReflection();
  switch (f.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return r.AddInt32(&m, &f, *rc::gen::arbitrary<std::int32_t>());
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return r.AddInt64(&m, &f, *rc::gen::arbitrary<std::int64_t>());
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return r.AddUInt32(&m, &f, *rc::gen::arbitrary<std::uint32_t>());
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return r.AddUInt64(&m, &f, *rc::gen::arbitrary<std::uint64_t>());
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return r.AddDouble(&m, &f, *rc::gen::arbitrary<double>());
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return r.AddFloat(&m, &f, *rc::gen::arbitrary<float>());
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return r.AddBool(&m, &f, *rc::gen::arbitrary<bool>());
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return r.AddEnumValue(&m, &f, random_enum(f));
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return r.AddString(&m, &f, random_string(f));
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return fill(*r.AddMessage(&m, &f), depth - 1);
  }
}

std::string key_of(const pb::Message& entry) {
  std::string key;
  pb::TextFormat::PrintFieldValueToString(entry, entry.GetDescriptor()->map_key(), -1, &key);
  return key;
}

// Removes the last entry of a map when its key is there already: two entries of one key are no map.
void drop_double_key(pb::Message& message, const pb::FieldDescriptor& map) {
  const pb::Reflection& r = *message.GetReflection();
  const int last = r.FieldSize(message, &map) - 1;
  for (int i = 0; i < last; ++i) {
    if (key_of(r.GetRepeatedMessage(message, &map, i)) != key_of(r.GetRepeatedMessage(message, &map, last))) continue;
    r.RemoveLast(&message, &map);
    return;
  }
}

void fill(pb::Message& message, int depth) {
  if (depth < 0) return;
  const pb::Descriptor& type = *message.GetDescriptor();
  const bool entry = type.options().map_entry();
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    if (!entry && !*rc::gen::weightedElement<bool>({{1, true}, {2, false}})) continue;
    if (!field.is_repeated()) {
      set_one(message, field, depth);
      continue;
    }
    for (int n = *rc::gen::inRange(0, 4); n > 0; --n) {
      add_one(message, field, depth);
      if (field.is_map()) drop_double_key(message, field);
    }
  }
}

std::string deterministic(const pb::Message& message) {
  std::string bytes;
  {
    pb::io::StringOutputStream stream(&bytes);
    pb::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

bool same(const pb::Message& a, const pb::Message& b) {
  pb::util::MessageDifferencer differ;
  pb::util::DefaultFieldComparator comparator;
  comparator.set_treat_nan_as_equal(true);
  differ.set_field_comparator(&comparator);
  return differ.Compare(a, b);
}

RC_GTEST_PROP(Property13_ProtobufRoundTrip, AnyMessageSurvivesAndReserialisesToTheSameBytes, ()) {
  ::testing::Test::RecordProperty("property", "Property 13: Protobuf Round Trip");
  Everything original;
  fill(original, 3);

  // As a call does it: an object, its bytes, another object in a slot that is used again.
  Message message(&original, type_of<Everything>);
  std::vector<std::byte> bytes(message.size());
  message.encode(bytes.data());
  MessageSlot slot(&type_of<Everything>);
  static_cast<Everything*>(slot.fresh())->set_word("left over from the message before");
  Message received(bytes, &type_of<Everything>, slot.at());
  const auto* back = received.as<Everything>();

  RC_ASSERT(back != nullptr);
  RC_ASSERT(same(original, *back));
  RC_ASSERT(deterministic(original) == deterministic(*back));
}

RC_GTEST_PROP(Property13_ProtobufRoundTrip, BytesThatWereParsedComeOutAsTheyWere, ()) {
  ::testing::Test::RecordProperty("property", "Property 13: Protobuf Round Trip");
  Everything original;
  fill(original, 2);
  const std::string bytes = deterministic(original);
  Everything back;
  RC_ASSERT(type_of<Everything>.parse(&back, std::as_bytes(std::span(bytes))));
  RC_ASSERT(deterministic(back) == bytes);
}

}  // namespace
}  // namespace pintle::plugin
