#include <pintle/validate/violations.hpp>

#include <fmt/format.h>

namespace pintle {

namespace {

struct SubscriptText {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(ListIndex index) const { return fmt::format("[{}]", index.value); }
  std::string operator()(bool key) const { return key ? "[true]" : "[false]"; }
  std::string operator()(std::int64_t key) const { return fmt::format("[{}]", key); }
  std::string operator()(std::uint64_t key) const { return fmt::format("[{}]", key); }
  std::string operator()(const std::string& key) const {
    std::string quoted = "[\"";
    for (const char c : key) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    return quoted + "\"]";
  }
};

}  // namespace

std::string path_text(const FieldPath& path) {
  std::string text;
  for (const PathElement& element : path) {
    if (!text.empty()) text += '.';
    text += element.name;
    text += std::visit(SubscriptText(), element.subscript);
  }
  return text;
}

}  // namespace pintle
