#include <pintle/app/config/internal/schema.hpp>

#include <algorithm>

#include <pintle/app/config/internal/value.hpp>
#include <pintle/config/v1/config.pb.h>

namespace pintle::app {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('.') + 1); }
std::string_view parent(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

// maxConnections and max-connections → max_connections: the spellings of other tools.
std::string snake(std::string_view path) {
  std::string out;
  for (char c : path) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital && !out.empty() && out.back() != '.' && out.back() != '_') out.push_back('_');
    out.push_back(capital ? static_cast<char>(c - 'A' + 'a') : c == '-' ? '_' : c);
  }
  return out;
}

}  // namespace

Schema::Schema(const std::vector<ConfigSection>& application) {
  const auto& own = config::v1::Config::default_instance();
  for (int i = 0; i < own.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *own.GetDescriptor()->field(i);
    sections_.emplace_back(field.name(), own.GetReflection()->GetMessage(own, &field));
  }
  sections_.insert(sections_.end(), application.begin(), application.end());

  for (const ConfigSection& section : sections_) {
    fields_.emplace(section.key(), nullptr);
    std::vector<const Descriptor*> above;
    collect(section.key(), *section.prototype().GetDescriptor(), above);
  }
}

void Schema::collect(const std::string& path, const Descriptor& type, std::vector<const Descriptor*>& above) {
  if (std::ranges::find(above, &type) != above.end()) return;  // a recursive message: as deep as its own first level
  above.push_back(&type);
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const std::string key = path + '.' + field.name();
    const bool section = !is_value(field) && !field.is_repeated();
    fields_.emplace(key, section ? nullptr : &field);
    if (section) {
      collect(key, *field.message_type(), above);
    } else {
      keys_.push_back({key, &field});
    }
  }
  above.pop_back();
}

const FieldDescriptor* Schema::find(std::string_view path) const {
  const auto at = fields_.find(path);
  return at == fields_.end() ? nullptr : at->second;
}

bool Schema::is_section(std::string_view path) const {
  const auto at = fields_.find(path);
  return at != fields_.end() && at->second == nullptr;
}

Schema::Guess Schema::guess_at(std::string_view unknown) const {
  const std::string word = snake(unknown);
  if (fields_.contains(word)) return {true, {word}};

  // A slip of the finger.
  const std::size_t most = std::max<std::size_t>(1, std::min<std::size_t>(3, last_part(word).size() / 3));
  std::size_t least = most + 1;
  std::string closest;
  for (const auto& [path, field] : fields_) {
    const std::size_t distance = edit_distance(word, path);
    if (distance < least) {
      least = distance;
      closest = path;
    }
  }
  if (least <= most) return {true, {closest}};

  // The right name in the wrong place.
  Guess guess{true, {}};
  for (const auto& [path, field] : fields_) {
    if (last_part(path) == last_part(word) && guess.paths.size() < 3) guess.paths.push_back(path);
  }
  if (!guess.paths.empty()) return guess;

  // What there is, in the nearest section that exists.
  std::string_view place = parent(word);
  while (!place.empty() && !fields_.contains(place)) place = parent(place);
  guess.close = false;
  for (const auto& [path, field] : fields_) {
    if (parent(path) == place) guess.paths.push_back(path);
  }
  return guess;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.size()];
}

std::string variable_of(std::string_view path) {
  std::string out = "PINTLE_";
  for (char c : path) {
    if (c == '.') {
      out += "__";
    } else {
      out.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    }
  }
  return out;
}

}  // namespace pintle::app
