// conformance_client: the client under test of the Connect conformance suites. Reads ClientCompatRequests from stdin,
// makes the calls, some at the same time, and writes a ClientCompatResponse for each to stdout.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <connectrpc/conformance/v1/client_compat.pb.h>
#include <fmt/core.h>
#include <unistd.h>

#include "calls.hpp"
#include "delimited.hpp"
#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>
#include <pintle/client/channel.hpp>
#include <pintle/net/tls.hpp>

namespace {

using conformance::suite::ClientCompatRequest;
using conformance::suite::ClientCompatResponse;

constexpr std::size_t kCallsAtATime = 16;

// One channel for all calls that can share it. Any thread.
class Channels {
 public:
  explicit Channels(pintle::Runtime& runtime) : runtime_(runtime) {}

  // Throws std::runtime_error when the request can't be satisfied.
  std::shared_ptr<pintle::Channel> get(const ClientCompatRequest& wanted) {
    std::lock_guard lock(mutex_);
    std::shared_ptr<pintle::Channel>& channel = channels_[key_of(wanted)];
    if (channel == nullptr) channel = make(wanted);
    return channel;
  }

 private:
  // What makes one channel differ from another.
  static std::string key_of(const ClientCompatRequest& wanted) {
    ClientCompatRequest key;
    key.set_host(wanted.host());
    key.set_port(wanted.port());
    key.set_message_receive_limit(wanted.message_receive_limit());
    key.set_server_tls_cert(wanted.server_tls_cert());
    *key.mutable_client_tls_creds() = wanted.client_tls_creds();
    return key.SerializeAsString();
  }

  static std::shared_ptr<pintle::net::TlsClient> tls_of(const ClientCompatRequest& wanted) {
    using pintle::net::Pem;
    pintle::net::TlsClientOptions options;
    options.roots = Pem::text(wanted.server_tls_cert());
    if (wanted.has_client_tls_creds()) {
      const auto& pair = wanted.client_tls_creds();
      options.certificate = {Pem::text(pair.cert()), Pem::text(pair.key())};
    }
    auto tls = pintle::net::TlsClient::create(std::move(options));
    if (!tls) throw std::runtime_error(tls.error().to_string());
    return *tls;
  }

  std::shared_ptr<pintle::Channel> make(const ClientCompatRequest& wanted) {
    pintle::ChannelOptions options;
    options.default_timeout = pintle::Duration::max();  // no case expects a timeout that it didn't set
    if (wanted.message_receive_limit() != 0) options.max_receive_message = wanted.message_receive_limit();
    if (!wanted.server_tls_cert().empty()) options.tls = tls_of(wanted);
    auto channel = pintle::make_channel(runtime_, fmt::format("{}:{}", wanted.host(), wanted.port()), options);
    if (!channel) throw std::runtime_error(channel.error().to_string());
    return *channel;
  }

  pintle::Runtime& runtime_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<pintle::Channel>> channels_;  // guarded by mutex_
};

ClientCompatResponse answer(pintle::Runtime& runtime, Channels& channels, const ClientCompatRequest& wanted) {
  try {
    const auto channel = channels.get(wanted);
    return pintle::sync_wait(runtime, conformance::make_call(channel, wanted));
  } catch (const std::exception& e) {
    ClientCompatResponse response;
    response.set_test_name(wanted.test_name());
    response.mutable_error()->set_message(e.what());
    return response;
  }
}

// Takes requests one after the other until stdin ends. Several threads do it.
void serve(pintle::Runtime& runtime, Channels& channels, std::mutex& in, std::mutex& out) try {
  for (;;) {
    ClientCompatRequest wanted;
    {
      std::lock_guard lock(in);
      if (!conformance::read_message(STDIN_FILENO, wanted)) return;
    }
    const ClientCompatResponse response = answer(runtime, channels, wanted);
    std::lock_guard lock(out);
    conformance::write_message(STDOUT_FILENO, response);
  }
} catch (const std::exception& e) {
  // The runner is gone, or talks another language: no other thread has anything left to do.
  fmt::print(stderr, "conformance_client: {}\n", e.what());
  std::_Exit(1);
}

}  // namespace

int main() {
  pintle::Runtime runtime;
  runtime.start();
  Channels channels(runtime);
  std::mutex in, out;
  std::vector<std::jthread> threads;
  threads.reserve(kCallsAtATime);
  for (std::size_t i = 0; i < kCallsAtATime; ++i) threads.emplace_back([&] { serve(runtime, channels, in, out); });
}
