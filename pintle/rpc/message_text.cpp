#include <pintle/rpc/message_text.hpp>

#include <cstdint>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include <pintle/log/v1/redact.pb.h>

namespace pintle {

namespace {

namespace pb = google::protobuf;

constexpr int kDebugRedact = 16;  // FieldOptions.debug_redact, which Protobuf 3.21 does not know

bool is_redacted(const pb::FieldDescriptor& field) {
  const pb::FieldOptions& options = field.options();
  if (options.GetExtension(log::v1::redact)) return true;
  const pb::UnknownFieldSet& unknown = options.GetReflection()->GetUnknownFields(options);
  for (int i = 0; i < unknown.field_count(); ++i) {
    const pb::UnknownField& one = unknown.field(i);
    if (one.number() == kDebugRedact && one.type() == pb::UnknownField::TYPE_VARINT && one.varint() != 0) return true;
  }
  return false;
}

class Writer {
 public:
  explicit Writer(std::size_t most) : most_(most) {}

  void message(const pb::Message& message) {
    std::vector<const pb::FieldDescriptor*> set;
    message.GetReflection()->ListFields(message, &set);
    text_ += '{';
    bool first = true;
    for (const pb::FieldDescriptor* field : set) {
      if (is_full()) break;
      if (!first) text_ += ',';
      first = false;
      quoted(field->name());
      text_ += ':';
      if (is_redacted(*field))
        text_ += "\"[REDACTED]\"";
      else
        values(message, *field);
    }
    text_ += '}';
  }

  std::string take() {
    if (!is_full()) return std::move(text_);
    std::size_t end = most_;
    while (end > 0 && (static_cast<unsigned char>(text_[end]) & 0xc0) == 0x80) --end;  // no half character
    return text_.substr(0, end) + "...";
  }

 private:
  bool is_full() const { return text_.size() > most_; }

  void values(const pb::Message& message, const pb::FieldDescriptor& field) {
    if (!field.is_repeated()) return value(message, field, -1);
    text_ += '[';
    const int size = message.GetReflection()->FieldSize(message, &field);
    for (int i = 0; i < size && !is_full(); ++i) {
      if (i > 0) text_ += ',';
      value(message, field, i);
    }
    text_ += ']';
  }

  void value(const pb::Message& m, const pb::FieldDescriptor& field, int index) {
    const pb::Reflection& r = *m.GetReflection();
    const pb::FieldDescriptor* f = &field;
    const bool one = index < 0;
    switch (field.cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_INT32:
        return add(one ? r.GetInt32(m, f) : r.GetRepeatedInt32(m, f, index));
      case pb::FieldDescriptor::CPPTYPE_INT64:
        return add(one ? r.GetInt64(m, f) : r.GetRepeatedInt64(m, f, index));
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        return add(one ? r.GetUInt32(m, f) : r.GetRepeatedUInt32(m, f, index));
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        return add(one ? r.GetUInt64(m, f) : r.GetRepeatedUInt64(m, f, index));
      case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        return add(one ? r.GetDouble(m, f) : r.GetRepeatedDouble(m, f, index));
      case pb::FieldDescriptor::CPPTYPE_FLOAT:
        return add(one ? r.GetFloat(m, f) : r.GetRepeatedFloat(m, f, index));
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        return add(one ? r.GetBool(m, f) : r.GetRepeatedBool(m, f, index));
      case pb::FieldDescriptor::CPPTYPE_ENUM: {
        const int number = one ? r.GetEnumValue(m, f) : r.GetRepeatedEnumValue(m, f, index);
        const pb::EnumValueDescriptor* name = field.enum_type()->FindValueByNumber(number);
        return name != nullptr ? quoted(name->name()) : add(number);
      }
      case pb::FieldDescriptor::CPPTYPE_STRING: {
        const std::string text = one ? r.GetString(m, f) : r.GetRepeatedString(m, f, index);
        if (field.type() == pb::FieldDescriptor::TYPE_BYTES) return quoted(fmt::format("{} bytes", text.size()));
        return quoted(text);
      }
      case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        return message(one ? r.GetMessage(m, f) : r.GetRepeatedMessage(m, f, index));
    }
  }

  template <class T>
  void add(const T& value) {
    text_ += fmt::format("{}", value);
  }

  void quoted(std::string_view text) {
    text_ += '"';
    for (const char c : text.substr(0, most_ + 4)) {
      if (c == '"' || c == '\\') text_ += '\\';
      if (static_cast<unsigned char>(c) < 0x20)
        text_ += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
      else
        text_ += c;
    }
    text_ += '"';
  }

  const std::size_t most_;
  std::string text_;
};

}  // namespace

std::string message_text(const pb::Message& message, std::size_t most) {
  Writer writer(most);
  writer.message(message);
  return writer.take();
}

}  // namespace pintle
