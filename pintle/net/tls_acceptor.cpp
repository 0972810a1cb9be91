#include <pintle/net/tls_acceptor.hpp>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <pintle/base/log_limit.hpp>
#include <pintle/net/internal/tls_stream.hpp>

namespace pintle::net {

struct TlsAcceptor::Impl {
  // A connection on its way; knows its place among the others.
  struct Handshake final : ByteStream::Observer {
    Handshake(Impl& of, std::unique_ptr<ByteStream> c)
        : acceptor(of), connection(std::move(c)), timeout([](Timer* t) noexcept {
            Handshake& late = *static_cast<Timeout*>(t)->handshake;
            late.acceptor.end(late, "it took too long");
          }) {
      timeout.handshake = this;
    }
    ~Handshake() {
      if (connection != nullptr) acceptor.tls->context().count_handshake(false);
    }
    // A step of its own, as the handing over at the end is: the calls of other connections wait for each.
    void begin() {
      stream = std::make_unique<tls::TlsStream>(std::move(connection), acceptor.tls->context(), nullptr);
      stream->set_observer(*this);
    }
    std::string_view peer() const { return stream != nullptr ? stream->peer() : connection->peer(); }
    void on_readable() noexcept override { acceptor.step_soon(*this); }
    void on_writable() noexcept override { acceptor.step_soon(*this); }

    struct Timeout : Timer {
      using Timer::Timer;
      Handshake* handshake = nullptr;
    };
    Impl& acceptor;
    std::unique_ptr<ByteStream> connection;  // null once it has begun
    std::unique_ptr<tls::TlsStream> stream;
    Timeout timeout;
    std::size_t slot = 0;
    bool queued = false, done = false;
  };
  struct NextTurn : Timer {
    explicit NextTurn(Impl& of)
        : Timer([](Timer* t) noexcept { static_cast<NextTurn*>(t)->acceptor.step_one(); }), acceptor(of) {}
    Impl& acceptor;
  };

  Impl(Loop& l, std::shared_ptr<TlsServer> t, OnStream s, TlsAcceptorOptions o)
      : loop(l), tls(std::move(t)), on_stream(std::move(s)), options(std::move(o)) {}

  void step_soon(Handshake& handshake) {
    if (std::exchange(handshake.queued, true)) return;
    ready.push_back(&handshake);
    if (!next_turn.armed()) loop.arm(next_turn, loop.now());
  }

  void step_one() {
    while (!ready.empty() && ready.front() == nullptr) ready.pop_front();
    if (ready.empty()) return;
    Handshake& handshake = *ready.front();
    ready.pop_front();
    handshake.queued = false;
    if (!ready.empty()) loop.arm(next_turn, loop.now());
    if (handshake.stream == nullptr) {
      handshake.begin();
      return step_soon(handshake);
    }
    if (handshake.done) {
      std::unique_ptr<ByteStream> stream = std::move(handshake.stream);
      forget(handshake);
      return on_stream(std::move(stream));
    }
    switch (handshake.stream->handshake()) {
      case tls::TlsStream::Step::blocked:
        return;
      case tls::TlsStream::Step::failed:
        return end(handshake, handshake.stream->error());
      case tls::TlsStream::Step::done:
        handshake.done = true;
        handshake.timeout.disarm();
        return step_soon(handshake);
    }
  }

  void end(Handshake& handshake, const std::string& why) {
    refused(handshake.peer(), why);
    forget(handshake);
  }

  void refused(std::string_view peer, std::string_view why) {
    if (const auto line = limit.pass(loop.now()))
      options.log.warn("TLS handshake failed",
                       {{"network.peer.address", peer}, {"reason", why}, {"lines_left_out", line->left_out}});
  }

  void forget(Handshake& handshake) {
    if (handshake.queued) *std::ranges::find(ready, &handshake) = nullptr;
    const std::size_t slot = handshake.slot;
    if (slot + 1 != all.size()) {
      std::swap(all[slot], all.back());
      all[slot]->slot = slot;
    }
    all.pop_back();
  }

  Loop& loop;
  std::shared_ptr<TlsServer> tls;
  OnStream on_stream;
  TlsAcceptorOptions options;
  LogLimit limit;
  std::vector<std::unique_ptr<Handshake>> all;
  std::deque<Handshake*> ready;  // null: gone meanwhile
  NextTurn next_turn{*this};
};

TlsAcceptor::TlsAcceptor(Loop& loop, std::shared_ptr<TlsServer> tls, OnStream on_stream, TlsAcceptorOptions options)
    : impl_(std::make_unique<Impl>(loop, std::move(tls), std::move(on_stream), options)) {}

TlsAcceptor::~TlsAcceptor() = default;

void TlsAcceptor::accept(std::unique_ptr<ByteStream> connection) {
  Impl& acceptor = *impl_;
  if (acceptor.all.size() >= acceptor.options.max_in_flight) {
    acceptor.tls->context().count_handshake(false);
    return acceptor.refused(connection->peer(), "too many handshakes are in flight");
  }
  auto& handshake = *acceptor.all.emplace_back(std::make_unique<Impl::Handshake>(acceptor, std::move(connection)));
  handshake.slot = acceptor.all.size() - 1;
  acceptor.loop.arm(handshake.timeout, Deadline::after(acceptor.loop.now(), acceptor.options.timeout).at());
  acceptor.step_soon(handshake);
}

std::size_t TlsAcceptor::in_flight() const { return impl_->all.size(); }

}  // namespace pintle::net
