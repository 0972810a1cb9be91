// h2spec_server --port N [--tls --cert FILE --key FILE]: answers every request with a page, straight on
// pintle/transport: h2spec judges the HTTP/2 engine by how it answers what is no gRPC. Every limit is the one that
// ships.
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <pintle/async/runtime.hpp>
#include <pintle/async/signals.hpp>
#include <pintle/net/address.hpp>
#include <pintle/net/listener.hpp>
#include <pintle/net/tls.hpp>
#include <pintle/net/tls_acceptor.hpp>
#include <pintle/transport/connection.hpp>

namespace {

namespace transport = pintle::transport;

constexpr std::size_t kReadBuffer = 128 * 1024;
constexpr std::string_view kText = "A pintle is the pin that couples two machines and lets each turn freely.\n";
const transport::PreparedBlock kHead(1, {{":status", "200"}, {"content-type", "text/plain"}});
const transport::PreparedBlock kTooLarge(2, {{":status", "431"}});

class Site;

// One request and its answer, which goes out when the request has come to its end. Pooled.
class Page final : transport::Receiver {
 public:
  explicit Page(Site& site) : site_(site) {}
  transport::Exchange& exchange(bool too_large) {
    too_large_ = too_large;
    return exchange_;
  }

 private:
  void on_start() override {
    started_ = true;
    step();
  }
  void on_head(const transport::Headers&, bool) override {}
  void on_body() override { step(); }
  void on_trailers(const transport::Headers&) override {}
  void on_reset(transport::ErrorCode, transport::Initiator) override {}  // then the body has ended
  void on_writable() override {}
  std::size_t on_shed() override { return exchange_.body().size(); }  // no budget, no shedding
  void step();

  Site& site_;
  transport::Exchange exchange_{*this};
  bool started_ = false, too_large_ = false;
};

// The connections of one loop. Loop's thread only.
class Site final : transport::Acceptor, transport::ConnectionOwner {
 public:
  Site() : read_buffer_(kReadBuffer) {}

  void serve(std::unique_ptr<pintle::net::ByteStream> stream) {
    auto connection = std::make_unique<transport::Connection>(
        pintle::http2::Role::server, std::move(stream), transport::ConnectionOptions(), read_buffer_,
        static_cast<transport::ConnectionOwner&>(*this), static_cast<transport::Acceptor*>(this));
    connection->owner_slot = connections_.size();
    connections_.push_back(std::move(connection));
  }
  void recycle(Page& page) { free_.push_back(&page); }

 private:
  transport::Exchange& accept(transport::Connection&, const transport::Headers* fields) override {
    if (free_.empty()) free_.push_back(pages_.emplace_back(std::make_unique<Page>(*this)).get());
    Page& page = *free_.back();
    free_.pop_back();
    return page.exchange(fields == nullptr);
  }
  void on_ready(transport::Connection&) override {}
  void on_draining(transport::Connection&) override {}
  void on_too_many_pings(transport::Connection&) override {}
  void on_capacity(transport::Connection&) override {}
  void on_closed(transport::Connection& connection, std::string_view) override {
    const std::size_t slot = connection.owner_slot;
    std::swap(connections_[slot], connections_.back());
    connections_[slot]->owner_slot = slot;
    connections_.pop_back();
  }

  std::vector<std::byte> read_buffer_;
  std::vector<std::unique_ptr<Page>> pages_;
  std::vector<Page*> free_;
  std::vector<std::unique_ptr<transport::Connection>> connections_;
};

void Page::step() {
  if (!started_) return;
  exchange_.consume(exchange_.body().size());
  if (!exchange_.body_ended()) return;
  started_ = false;
  exchange_.send_head(too_large_ ? kTooLarge : kHead, {}, too_large_);
  if (std::byte* to = exchange_.write_body(kText.size(), true)) std::memcpy(to, kText.data(), kText.size());
  exchange_.finish();
  site_.recycle(*this);
}

int fail(const std::string& why) {
  fmt::print(stderr, "h2spec_server: {}\n", why);
  return 1;
}

struct Flags {
  std::uint16_t port = 0;
  bool tls = false;
  std::string certificate, key;
};

int run(const Flags& flags) {
  pintle::RuntimeOptions options;
  options.threads = 1;
  pintle::Runtime runtime(options);
  pintle::Loop& loop = runtime.loop(0);
  Site site;
  const auto serve = [&](std::unique_ptr<pintle::net::ByteStream> stream) { site.serve(std::move(stream)); };
  std::unique_ptr<pintle::net::TlsAcceptor> handshakes;
  pintle::net::Listener::OnConnection on_connection = serve;
  if (flags.tls) {
    using pintle::net::Pem;
    pintle::net::TlsServerOptions tls_options;
    tls_options.certificates.emplace_back(Pem::file(flags.certificate), Pem::file(flags.key));
    auto tls = pintle::net::TlsServer::create(std::move(tls_options));
    if (!tls) return fail(tls.error().to_string());
    handshakes = std::make_unique<pintle::net::TlsAcceptor>(loop, *tls, serve);
    on_connection = [&](std::unique_ptr<pintle::net::ByteStream> stream) { handshakes->accept(std::move(stream)); };
  }

  const pintle::SignalWatch stop(loop, {SIGTERM, SIGINT}, [&](int) { runtime.stop(); });
  const auto address = pintle::net::parse_listen_address(fmt::format("127.0.0.1:{}", flags.port));
  auto listener = pintle::net::Listener::listen(*address, {&loop}, on_connection);
  if (!listener) return fail(listener.error().to_string());
  (*listener)->start();
  runtime.start();
  fmt::print("listening on {}\n", (*listener)->address().to_string());
  std::fflush(stdout);
  runtime.join();
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App cli("Answers every HTTP/2 request with a page");
  Flags flags;
  cli.add_option("--port", flags.port, "TCP port on 127.0.0.1; 0 picks one");
  auto* tls = cli.add_flag("--tls", flags.tls, "TLS instead of h2c");
  auto* certificate = cli.add_option("--cert", flags.certificate, "the certificate chain, PEM")->needs(tls);
  auto* key = cli.add_option("--key", flags.key, "its private key, PEM")->needs(tls);
  tls->needs(certificate)->needs(key);
  CLI11_PARSE(cli, argc, argv);
  return run(flags);
} catch (const std::exception& e) {
  return fail(e.what());
}
