#include <pintle/transport/http1/http_fetcher.hpp>

#include <array>
#include <span>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>

#include <pintle/async/event.hpp>
#include <pintle/async/first_of.hpp>
#include <pintle/net/connector.hpp>
#include <pintle/net/tls_connector.hpp>
#include <pintle/transport/http1/http_url.hpp>
#include <pintle/version.hpp>

namespace pintle {

namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t kMaxHead = 16 * 1024;

Status unavailable_because(std::string_view what) { return Status(Code::unavailable, what, Origin::library); }

// One request and its response over one connection.
class Exchange1 final : net::ByteStream::Observer {
 public:
  explicit Exchange1(std::unique_ptr<net::ByteStream> stream) : stream_(std::move(stream)) {
    stream_->set_observer(*this);
  }

  Task<Status> send(std::string text) {
    auto rest = std::as_bytes(std::span(text));
    while (!rest.empty()) {
      progress_.reset();
      const net::IoResult wrote = stream_->write(rest);
      if (wrote.state == net::IoState::ok) {
        rest = rest.subspan(wrote.size);
        continue;
      }
      if (wrote.state != net::IoState::would_block) co_return unavailable_because(stream_->error());
      stream_->want_write();
      if (Status woken = co_await progress_.wait(); !woken.ok()) co_return woken;
    }
    co_return Status();
  }

  Task<Result<HttpResponse>> receive(std::size_t max_body) {
    http::response_parser<http::string_body> parser;
    parser.eager(true);
    parser.header_limit(kMaxHead);
    parser.body_limit(max_body);
    std::array<std::byte, 16 * 1024> bytes;
    std::size_t held = 0;  // at the front of `bytes`: what the parser wants to see again
    while (!parser.is_done()) {
      progress_.reset();
      const net::IoResult got = stream_->read(std::span(bytes).subspan(held));
      boost::system::error_code failed;
      if (got.state == net::IoState::would_block) {
        stream_->want_read();
        if (Status woken = co_await progress_.wait(); !woken.ok()) co_return std::unexpected(woken);
        continue;
      }
      if (got.state == net::IoState::error) co_return std::unexpected(unavailable_because(stream_->error()));
      if (got.state == net::IoState::end) {
        if (parser.got_some()) parser.put_eof(failed);
        if (!failed && parser.is_done()) break;
        co_return std::unexpected(unavailable_because("the server closed the connection before its answer was whole"));
      }
      held += got.size;
      const std::size_t used = parser.put(boost::asio::buffer(bytes.data(), held), failed);
      if (failed == http::error::need_more) failed = {};
      if (failed == http::error::body_limit)
        co_return std::unexpected(Status(Code::resource_exhausted,
                                         fmt::format("the answer is longer than {} bytes", max_body), Origin::library));
      if (failed) co_return std::unexpected(unavailable_because("the answer is no HTTP: " + failed.message()));
      std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(used), bytes.begin() + static_cast<std::ptrdiff_t>(held),
                bytes.begin());
      held -= used;
      if (held == bytes.size()) co_return std::unexpected(unavailable_because("the answer's head is too long"));
    }
    co_return to_response(parser.release());
  }

 private:
  static HttpResponse to_response(http::response<http::string_body> from) {
    HttpResponse to;
    to.status = static_cast<int>(from.result_int());
    for (const auto& field : from) {
      std::string name(field.name_string());
      std::ranges::transform(name, name.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      to.headers.emplace_back(std::move(name), std::string(field.value()));
    }
    to.body = std::move(from.body());
    return to;
  }
  void on_readable() noexcept override { progress_.set(); }
  void on_writable() noexcept override { progress_.set(); }

  const std::unique_ptr<net::ByteStream> stream_;
  Event progress_;
};

bool may_stand_in_a_head(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

Result<std::string> head_of(const HttpRequest& request, const HttpUrl& url) {
  std::string text = request.method + " " + url.target + " HTTP/1.1\r\n";
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  add("Host", url.authority);
  add("User-Agent", "pintle/" PINTLE_VERSION_STRING);
  add("Connection", "close");
  if (!request.body.empty() || request.method != "GET") add("Content-Length", std::to_string(request.body.size()));
  for (const auto& [name, value] : request.headers) {
    if (!may_stand_in_a_head(name) || !may_stand_in_a_head(value))
      return invalid_argument("the header '{}' holds a line break", name);
    add(name, value);
  }
  return text + "\r\n";
}

Task<Result<std::unique_ptr<net::ByteStream>>> open(net::Resolver& resolver, std::shared_ptr<net::TlsClient> tls,
                                                    HttpUrl url) {
  auto addresses = co_await resolver.resolve(url.host, url.port);
  if (!addresses) co_return std::unexpected(std::move(addresses).error());
  Result<std::unique_ptr<net::ByteStream>> stream = std::unexpected(unavailable_because("the host has no address"));
  for (net::SockAddress& address : *addresses) {
    stream = co_await net::connect(std::move(address));
    if (stream || stream.error().code() != Code::unavailable) break;
  }
  if (!stream || !url.tls) co_return stream;
  if (tls == nullptr) co_return std::unexpected(unavailable_because("there is no TLS for an https URL"));
  co_return co_await net::tls_connect(std::move(tls), std::move(*stream), url.host);
}

Task<Result<HttpResponse>> ask(net::Resolver& resolver, std::shared_ptr<net::TlsClient> tls, const HttpUrl& url,
                               std::string text, std::size_t max_body) {
  auto stream = co_await open(resolver, std::move(tls), url);
  if (!stream) co_return std::unexpected(std::move(stream).error());
  Exchange1 exchange(std::move(*stream));
  if (Status sent = co_await exchange.send(std::move(text)); !sent.ok()) co_return std::unexpected(std::move(sent));
  co_return co_await exchange.receive(max_body);
}

}  // namespace

Task<Result<HttpResponse>> HttpFetcher::fetch(HttpRequest request) {
  const auto url = parse_http_url(request.url);
  if (!url) co_return std::unexpected(url.error());
  auto head = head_of(request, *url);
  if (!head) co_return std::unexpected(std::move(head).error());
  auto first = co_await first_of(ask(*resolver_, tls_, *url, *head + request.body, request.max_response_bytes),
                                 sleep_for(request.timeout));
  if (first.index() == 0) co_return std::get<0>(std::move(first));
  if (Status slept = std::get<1>(std::move(first)); !slept.ok()) co_return std::unexpected(std::move(slept));
  co_return std::unexpected(
      Status(Code::deadline_exceeded, fmt::format("{} gave no answer in time", url->authority), Origin::library));
}

}  // namespace pintle
