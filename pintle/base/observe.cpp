#include <pintle/base/observe.hpp>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace pintle {

struct Logger::Context {
  std::deque<std::string> texts;  // what the fields view; a deque's elements stay where they are
  std::vector<Field> fields;

  std::string_view keep(std::string_view text) { return texts.emplace_back(text); }
  void add(const Field& field) {
    Field copy = field;
    copy.key = keep(field.key);
    if (const auto* text = std::get_if<std::string_view>(&field.value)) copy.value = keep(*text);
    const auto same = std::ranges::find(fields, field.key, &Field::key);
    if (same == fields.end())
      fields.push_back(copy);
    else
      *same = copy;
  }
};

Logger Logger::with(std::initializer_list<Field> fields) const {
  if (sink_ == nullptr) return *this;
  auto context = std::make_shared<Context>();
  if (context_ != nullptr)
    for (const Field& field : context_->fields) context->add(field);
  for (const Field& field : fields) context->add(field);
  Logger other(sink_);
  other.context_ = std::move(context);
  return other;
}

void Logger::write_with_context(Level level, std::string_view message, std::span<const Field> fields) const {
  std::vector<Field> all;
  all.reserve(context_->fields.size() + fields.size());
  for (const Field& field : context_->fields)
    if (std::ranges::find(fields, field.key, &Field::key) == fields.end()) all.push_back(field);
  all.insert(all.end(), fields.begin(), fields.end());
  sink_->write(level, message, all);
}

}  // namespace pintle
