#include <pintle/transport/http1/http_url.hpp>

#include <algorithm>

#include <pintle/net/address.hpp>

namespace pintle {

Result<HttpUrl> parse_http_url(std::string_view text) {
  HttpUrl url;
  std::string_view rest = text;
  if (rest.starts_with("https://"))
    url.tls = true;
  else if (!rest.starts_with("http://"))
    return invalid_argument("'{}' is no URL that begins with https:// or http://", text);
  rest.remove_prefix(url.tls ? 8 : 7);
  if (std::ranges::any_of(text, [](char c) { return c <= 0x20 || c >= 0x7f; }))
    return invalid_argument("a URL holds a character that must be percent-encoded");
  if (rest.find('#') != std::string_view::npos) return invalid_argument("'{}' has a fragment", text);
  const std::size_t path = std::min(rest.find_first_of("/?"), rest.size());
  url.authority = rest.substr(0, path);
  url.target = rest.substr(path);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  if (url.authority.find('@') != std::string::npos) return invalid_argument("a URL holds a user's name");
  auto place = net::split_host_port(url.authority, url.tls ? 443 : 80);
  if (!place) return invalid_argument("'{}' has no host and port: {}", text, place.error().message());
  if (place->host.empty()) return invalid_argument("'{}' has no host", text);
  url.host = std::move(place->host);
  url.port = place->port;
  return url;
}

}  // namespace pintle
