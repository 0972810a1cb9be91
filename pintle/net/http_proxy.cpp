#include <pintle/net/http_proxy.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <span>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>

#include <pintle/base/basic_authorization.hpp>
#include <pintle/net/address.hpp>
#include <pintle/net/internal/conversation.hpp>

namespace pintle::net {

namespace {

constexpr std::size_t kMaxAnswer = 16 * 1024;

std::string small(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// An address as bytes, 4 or 16 of them; 0: it is none.
std::size_t address_bytes(const std::string& text, std::array<unsigned char, 16>& into) {
  if (::inet_pton(AF_INET, text.c_str(), into.data()) == 1) return 4;
  return ::inet_pton(AF_INET6, text.c_str(), into.data()) == 1 ? 16 : 0;
}

bool in_range(const std::string& host, std::string_view range) {
  const std::size_t slash = range.find('/');
  if (slash == std::string_view::npos) return false;
  std::array<unsigned char, 16> address{}, network{};
  const std::size_t size = address_bytes(host, address);
  if (size == 0 || size != address_bytes(std::string(range.substr(0, slash)), network)) return false;
  unsigned bits = 0;
  const char* const end = range.data() + range.size();
  const auto read = std::from_chars(range.data() + slash + 1, end, bits);
  if (read.ec != std::errc() || read.ptr != end || bits > size * 8) return false;
  for (unsigned bit = 0; bit < bits; ++bit)
    if (((address[bit / 8] ^ network[bit / 8]) >> (7 - bit % 8) & 1) != 0) return false;
  return true;
}

Status lost(const ByteStream& stream) {
  const std::string why = stream.error();
  return Status(Code::unavailable,
                fmt::format("the proxy at {} {}", stream.peer(), why.empty() ? "hung up" : "is gone: " + why),
                Origin::library);
}

Task<Status> send(ByteStream& stream, Progress& progress, std::string request) {
  std::span<const std::byte> rest = std::as_bytes(std::span(request));
  while (!rest.empty()) {
    progress.event.reset();
    const IoResult sent = stream.write(rest);
    if (sent.state == IoState::error) co_return lost(stream);
    rest = rest.subspan(sent.state == IoState::ok ? sent.size : 0);
    if (sent.state != IoState::would_block) continue;
    stream.want_write();
    if (Status waited = co_await progress.event.wait(); !waited.ok()) co_return waited;
  }
  co_return Status();
}

// A byte at a time: what comes behind the answer is somebody else's.
Task<Result<std::string>> receive(ByteStream& stream, Progress& progress) {
  std::string answer;
  while (!answer.ends_with("\r\n\r\n")) {
    std::byte one{};
    progress.event.reset();
    const IoResult got = stream.read({&one, 1});
    if (got.state == IoState::ok) {
      answer += static_cast<char>(one);
      if (answer.size() > kMaxAnswer)
        co_return Status(Code::unavailable, "the proxy's answer does not end", Origin::library);
      continue;
    }
    if (got.state != IoState::would_block) co_return lost(stream);
    stream.want_read();
    if (Status waited = co_await progress.event.wait(); !waited.ok()) co_return waited;
  }
  co_return answer;
}

Task<Status> converse(ByteStream& stream, Progress& progress, std::string request, std::string target) {
  if (Status sent = co_await send(stream, progress, std::move(request)); !sent.ok()) co_return sent;
  auto answer = co_await receive(stream, progress);
  if (!answer) co_return std::move(answer).error();
  const std::string_view line = std::string_view(*answer).substr(0, answer->find('\r'));
  if (line.size() >= 12 && line.starts_with("HTTP/1.") && line[8] == ' ' && line[9] == '2') co_return Status();
  std::string shown(line.substr(0, 100));
  std::ranges::replace_if(shown, [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
  co_return Status(Code::unavailable,
                   fmt::format("the proxy at {} does not connect to {}: {}", stream.peer(), target, shown),
                   Origin::library);
}

}  // namespace

Result<HttpProxy> HttpProxy::parse(std::string_view url, std::string_view exempt) {
  const auto bad = [&](std::string_view why) {
    return std::unexpected(
        Status(Code::invalid_argument, fmt::format("it is no URL of a proxy: {}", why), Origin::library));
  };
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos || small(url.substr(0, scheme)) != "http")
    return bad("http://host:port is expected");
  std::string_view rest = url.substr(scheme + 3);
  rest = rest.substr(0, rest.find('/'));
  HttpProxy proxy;
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    proxy.authorization_ = basic_authorization(percent_decoded(rest.substr(0, at)));
    rest.remove_prefix(at + 1);
  }
  auto split = split_host_port(rest, 80);
  if (!split) return bad(split.error().message());
  if (split->host.empty()) return bad("it names no host");
  proxy.host_ = std::move(split->host);
  proxy.port_ = split->port;
  while (!exempt.empty()) {
    const std::size_t comma = exempt.find(',');
    std::string_view one = exempt.substr(0, comma);
    exempt = comma == std::string_view::npos ? std::string_view() : exempt.substr(comma + 1);
    while (one.starts_with(' ') || one.starts_with('.')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!one.empty()) proxy.exempt_.push_back(small(one));
  }
  return proxy;
}

Result<std::optional<HttpProxy>> HttpProxy::from_environment(const Lookup& lookup) {
  const auto first = [&](std::initializer_list<const char*> names) -> std::pair<const char*, std::string> {
    for (const char* name : names)
      if (auto value = lookup(name); value && !value->empty()) return {name, *value};
    return {nullptr, ""};
  };
  const auto [name, url] = first({"grpc_proxy", "https_proxy", "http_proxy"});
  if (name == nullptr) return std::nullopt;
  auto proxy = parse(url, first({"no_grpc_proxy", "no_proxy"}).second);
  if (!proxy)
    return std::unexpected(
        Status(Code::invalid_argument, fmt::format("{}: {}", name, proxy.error().message()), Origin::library));
  return std::move(*proxy);
}

bool HttpProxy::covers(std::string_view host) const {
  const std::string name = small(host);
  if (name == "localhost" || name.ends_with(".localhost") || name == "::1" || in_range(name, "127.0.0.0/8"))
    return false;
  return std::ranges::none_of(exempt_, [&](const std::string& one) {
    return one == "*" || one == name || in_range(name, one) ||
           (name.size() > one.size() && name.ends_with(one) && name[name.size() - one.size() - 1] == '.');
  });
}

Task<Result<std::unique_ptr<ByteStream>>> connect_through(std::unique_ptr<ByteStream> stream, const HttpProxy& proxy,
                                                          std::string target, Deadline deadline) {
  const Env env = co_await current_env();
  std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", target);
  if (!proxy.authorization().empty()) request += fmt::format("Proxy-Authorization: {}\r\n", proxy.authorization());
  request += "\r\n";
  Patience patience(env.scope, "the proxy did not answer in time");
  if (!deadline.is_infinite()) env.loop->arm(patience, deadline.at());
  Progress progress;
  stream->set_observer(progress);
  Status done = co_await converse(*stream, progress, std::move(request), std::move(target))
                    .in({env.loop, &patience.scope, env.call});
  if (!done.ok()) co_return std::unexpected(std::move(done));
  co_return stream;
}

}  // namespace pintle::net
