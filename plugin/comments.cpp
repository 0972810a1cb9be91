#include "comments.hpp"

namespace pintle::plugin {
namespace {

bool ends_line(char c) { return c == '\n' || c == '\r'; }

std::string one_line(std::string_view line) {
  std::string clean;
  for (const char c : line) clean += (c >= 0 && c < ' ') || c == '\x7f' ? ' ' : c;
  clean.erase(clean.find_last_not_of(' ') + 1);
  if (clean.ends_with('\\')) clean += '.';
  return clean;
}

}  // namespace

std::string comment_lines(std::string_view text, std::string_view indent) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  // Blank lines at both ends go, the indentation of the first line stays.
  const std::size_t first_line = text.substr(0, begin).find_last_of("\r\n");
  text = text.substr(first_line == std::string_view::npos ? 0 : first_line + 1);
  text = text.substr(0, text.find_last_not_of(kBlank) + 1);
  std::string lines;
  while (!text.empty()) {
    std::size_t end = 0;
    while (end < text.size() && !ends_line(text[end])) ++end;
    const std::string line = one_line(text.substr(0, end));
    lines.append(indent).append("//");
    if (!line.empty() && !line.starts_with(' ')) lines += ' ';
    lines.append(line).append("\n");
    if (text.substr(end).starts_with("\r\n")) ++end;
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return lines;
}

}  // namespace pintle::plugin
