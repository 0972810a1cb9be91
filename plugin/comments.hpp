// The comments of a .proto, carried over into C++.
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/descriptor.h>

namespace pintle::plugin {

// `text` as // lines, each indented and ended; empty for an empty text. Whatever stands in the text, the result is
// comment and nothing but comment: control characters become blanks, every kind of line end starts a new // line, and a
// backslash at the end of a line, which would continue the comment into the code below, gets a full stop behind it.
std::string comment_lines(std::string_view text, std::string_view indent);

// The comment that stands right above a service or method in its .proto.
template <class Descriptor>
std::string leading_comment(const Descriptor& of, std::string_view indent) {
  google::protobuf::SourceLocation location;
  return of.GetSourceLocation(&location) ? comment_lines(location.leading_comments, indent) : std::string();
}

}  // namespace pintle::plugin
