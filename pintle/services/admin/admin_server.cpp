#include <pintle/services/admin/admin_server.hpp>

#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include <pintle/version.hpp>

namespace pintle {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

std::string text_of(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", host, endpoint.port())
                                    : fmt::format("{}:{}", host, endpoint.port());
}

// One connection: a request, its answer, the next request. It keeps itself alive while something is under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, const AdminPages& pages, const AdminLimits& limits, std::size_t& open)
      : stream_(std::move(socket)), pages_(pages), limits_(limits), open_(open) {
    ++open_;
  }
  Session(const Session&) = delete;
  ~Session() { --open_; }

  void read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(limits_.max_header));
    parser_->body_limit(limits_.max_body);
    stream_.expires_after(limits_.timeout);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code failed, std::size_t) { self->on_read(failed); });
  }

 private:
  void on_read(beast::error_code failed) {
    if (!failed) return answer(parser_->get());
    if (failed == http::error::header_limit) return refuse(http::status::request_header_fields_too_large);
    if (failed == http::error::body_limit) return refuse(http::status::payload_too_large);
    const bool unheard = failed == http::error::end_of_stream || failed == beast::error::timeout ||
                         failed.category() != http::make_error_code(http::error::end_of_stream).category();
    if (!unheard) refuse(http::status::bad_request);
  }

  void answer(const http::request<http::string_body>& request) {
    const auto header = [&](http::field name) { return std::string(request[name]); };
    const beast::string_view target = request.target();
    AdminRequest asked(std::string(request.method_string()), std::string_view(target.data(), target.size()));
    asked.accept = header(http::field::accept);
    asked.origin = header(http::field::origin);
    asked.body = request.body();
    AdminResponse response = pages_.answer(asked);
    respond(std::move(response), request.version(), request.keep_alive(), request.method() == http::verb::head);
  }

  void refuse(http::status status) {
    AdminResponse response(static_cast<unsigned>(status), std::string(http::obsolete_reason(status)) + "\n");
    respond(std::move(response), 11, false, false);
  }

  void respond(AdminResponse response, unsigned version, bool keep_alive, bool head) {
    response_.emplace(static_cast<http::status>(response.status), version);
    response_->set(http::field::server, "pintle/" PINTLE_VERSION_STRING);
    response_->set(http::field::content_type, response.content_type);
    response_->set(http::field::cache_control, "no-store");
    response_->set("X-Content-Type-Options", "nosniff");
    if (!response.allow.empty()) response_->set(http::field::allow, response.allow);
    response_->keep_alive(keep_alive);
    response_->content_length(response.body.size());
    if (!head) response_->body() = std::move(response.body);
    serializer_.emplace(*response_);
    stream_.expires_after(limits_.timeout);
    const auto written = [self = shared_from_this(), keep_alive](beast::error_code failed, std::size_t) {
      if (!failed && keep_alive) return self->read();
      beast::error_code ignored;
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    };
    if (head)
      http::async_write_header(stream_, *serializer_, written);
    else
      http::async_write(stream_, *serializer_, written);
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  const AdminPages& pages_;
  const AdminLimits& limits_;
  std::size_t& open_;
};

}  // namespace

struct AdminServer::Impl {
  Impl(Logger l, AdminLimits given) : log(std::move(l)), limits(given) {}

  struct Listener {
    Listener(asio::io_context& io, AdminPages shown) : acceptor(io), pages(std::move(shown)) {}
    tcp::acceptor acceptor;
    const AdminPages pages;
  };

  Status listen(AdminPort port) {
    beast::error_code failed;
    const auto address = asio::ip::make_address(port.host, failed);
    if (failed) return invalid_argument("the host of an admin port must be an IP address, not \"{}\"", port.host);
    const tcp::endpoint endpoint(address, port.port);
    Listener& made = *listeners.emplace_back(std::make_unique<Listener>(io, std::move(port.pages)));
    made.acceptor.open(endpoint.protocol(), failed);
    if (!failed) made.acceptor.set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed) made.acceptor.bind(endpoint, failed);
    if (!failed) made.acceptor.listen(asio::socket_base::max_listen_connections, failed);
    if (failed) return unavailable("can't listen on {}: {}", text_of(endpoint), failed.message());
    addresses.push_back(text_of(made.acceptor.local_endpoint(failed)));
    accept(made);
    return {};
  }

  void accept(Listener& listener) {
    listener.acceptor.async_accept([this, &listener](beast::error_code failed, tcp::socket socket) {
      if (failed == asio::error::operation_aborted) return;
      if (!failed && open < limits.max_connections) {
        std::make_shared<Session>(std::move(socket), listener.pages, limits, open)->read();
      } else if (failed) {  // out of descriptors, say: later there may be some
        log.warn("an admin port can't accept", {{"error", failed.message()}});
        pause(listener);
        return;
      }
      accept(listener);
    });
  }
  void pause(Listener& listener) {
    auto timer = std::make_shared<asio::steady_timer>(io, std::chrono::seconds(1));
    timer->async_wait([this, &listener, timer](beast::error_code failed) {
      if (!failed) accept(listener);
    });
  }

  const Logger log;
  const AdminLimits limits;
  std::size_t open = 0;  // its thread's
  asio::io_context io{1};
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<std::string> addresses;
  std::jthread thread;
};

Result<std::unique_ptr<AdminServer>> AdminServer::start(std::vector<AdminPort> ports, Logger log, AdminLimits limits) {
  auto impl = std::make_unique<Impl>(std::move(log), limits);
  for (AdminPort& port : ports)
    if (Status bad = impl->listen(std::move(port)); !bad.ok()) return std::unexpected(std::move(bad));
  impl->thread = std::jthread([&io = impl->io] { io.run(); });
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AdminServer::~AdminServer() {
  impl_->io.stop();
  impl_->thread.join();
}

const std::vector<std::string>& AdminServer::addresses() const { return impl_->addresses; }

}  // namespace pintle
