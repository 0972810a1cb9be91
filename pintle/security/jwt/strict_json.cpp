#include <pintle/security/jwt/internal/strict_json.hpp>

#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>

namespace pintle::jwt {

namespace {

namespace json = boost::json;

constexpr std::size_t kDeepest = 16;

// Looks for what the parser of values would let pass.
struct Scrutiny {
  static constexpr std::size_t max_object_size = 100'000, max_array_size = 100'000, max_key_size = 1 << 20,
                               max_string_size = 1 << 20;
  using Error = boost::system::error_code;

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) {
    keys.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, Error&) {
    keys.pop_back();
    return true;
  }
  bool on_array_begin(Error&) { return true; }
  bool on_array_end(std::size_t, Error&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, Error&) {
    key.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, Error& failed) {
    key.append(part.data(), part.size());
    const bool fresh = key.find('\0') == std::string::npos && keys.back().insert(std::move(key)).second;
    key.clear();
    return fresh || fail(failed);
  }
  bool on_string_part(json::string_view part, std::size_t, Error& failed) { return no_nul(part, failed); }
  bool on_string(json::string_view part, std::size_t, Error& failed) { return no_nul(part, failed); }
  bool on_number_part(json::string_view, Error&) { return true; }
  bool on_int64(std::int64_t, json::string_view, Error&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, Error&) { return true; }
  bool on_double(double number, json::string_view, Error& failed) { return std::isfinite(number) || fail(failed); }
  bool on_bool(bool, Error&) { return true; }
  bool on_null(Error&) { return true; }
  bool on_comment_part(json::string_view, Error&) { return true; }
  bool on_comment(json::string_view, Error&) { return true; }

  static bool no_nul(json::string_view text, Error& failed) {
    return text.find('\0') == json::string_view::npos || fail(failed);
  }
  static bool fail(Error& failed) {
    failed = json::error::syntax;
    return false;
  }

  std::vector<std::set<std::string>> keys;  // of the objects that are open
  std::string key;
};

json::parse_options options() {
  json::parse_options o;
  o.max_depth = kDeepest;
  return o;
}

}  // namespace

std::optional<json::object> parse_object(std::string_view text) {
  json::basic_parser<Scrutiny> parser(options());
  json::error_code failed;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), failed);
  if (failed || read != text.size()) return std::nullopt;
  json::value value = json::parse(json::string_view(text.data(), text.size()), failed, {}, options());
  if (failed || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

const json::string* text_at(const json::object& object, std::string_view key) {
  const json::value* member = object.if_contains(json::string_view(key.data(), key.size()));
  return member != nullptr ? member->if_string() : nullptr;
}

}  // namespace pintle::jwt
