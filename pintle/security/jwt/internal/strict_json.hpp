// JSON from strangers, read so that no two readers can understand it differently (RFC 8725 section 3.7).
#pragma once

#include <optional>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace pintle::jwt {

// An object; nothing where the text is not one JSON object and nothing else in UTF-8, where an object has a member
// twice, where a text holds a NUL, a number is beyond a double, or objects and arrays lie deeper than 16.
std::optional<boost::json::object> parse_object(std::string_view text);

// The member when it is there and a text; null otherwise.
const boost::json::string* text_at(const boost::json::object& object, std::string_view key);

}  // namespace pintle::jwt
