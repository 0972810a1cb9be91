#include <pintle/services/admin/admin_pages.hpp>

#include <utility>

#include <fmt/format.h>

namespace pintle {

namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Percent-decoded; '+' is a space. What is not well formed stays as it is.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

}  // namespace

AdminRequest::AdminRequest(std::string m, std::string_view target) : method(std::move(m)) {
  const std::size_t mark = target.find('?');
  path = std::string(target.substr(0, mark));
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  std::string_view rest = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    if (!pair.empty()) query.try_emplace(decoded(pair.substr(0, equals)), decoded(value));
  }
}

const std::string* AdminRequest::parameter(std::string_view name) const {
  const auto found = query.find(name);
  return found != query.end() ? &found->second : nullptr;
}

bool AdminRequest::wants_json() const {
  const std::string* format = parameter("format");
  return format != nullptr ? *format == "json" : accept.find("application/json") != std::string::npos;
}

AdminResponse AdminResponse::json(unsigned status, std::string body) {
  AdminResponse response(status, std::move(body));
  response.content_type = "application/json";
  return response;
}

void AdminPages::shows(std::string path, std::string about, Page page) {
  Entry& entry = pages_[std::move(path)];
  entry.about_get = std::move(about);
  entry.get = std::move(page);
}

void AdminPages::does(std::string path, std::string about, Page page) {
  Entry& entry = pages_[std::move(path)];
  entry.about_post = std::move(about);
  entry.post = std::move(page);
}

AdminResponse AdminPages::index(const AdminRequest&) const {
  std::string text;
  for (const auto& [path, entry] : pages_) {
    if (entry.get) text += fmt::format("GET  {:<14} {}\n", path, entry.about_get);
    if (entry.post) text += fmt::format("POST {:<14} {}\n", path, entry.about_post);
  }
  return {200, std::move(text)};
}

AdminResponse AdminPages::find(const AdminRequest& request) const {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const auto found = pages_.find(request.path);
  if (found == pages_.end() && request.path == "/") {
    if (reads) return index(request);
    AdminResponse refused(405, "the list can only be read\n");
    refused.allow = "GET, HEAD";
    return refused;
  }
  if (found == pages_.end()) {
    AdminResponse missing = index(request);
    missing.status = 404;
    missing.body = "there is no such page; there are\n" + missing.body;
    return missing;
  }
  const Entry& entry = found->second;
  if (reads && entry.get) return entry.get(request);
  if (request.method == "POST" && entry.post) {
    if (!request.origin.empty()) return {403, "changes are not taken from a browser's page\n"};
    return entry.post(request);
  }
  AdminResponse refused(405, fmt::format("{} does not take {}\n", request.path, request.method));
  refused.allow = fmt::format("{}{}{}", entry.get ? "GET, HEAD" : "", entry.get && entry.post ? ", " : "",
                              entry.post ? "POST" : "");
  return refused;
}

AdminResponse AdminPages::answer(const AdminRequest& request) const noexcept {
  try {
    return find(request);
  } catch (...) {
    try {
      return {500, "the page failed\n"};
    } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory
    }
  }
  return {};
}

}  // namespace pintle
