#include <pintle/services/channelz/channelz_service.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <grpc/channelz/v1/channelz.pintle.hpp>

namespace pintle {

namespace {

namespace z = grpc::channelz::v1;

// Where ids of each kind begin; JSON keeps whole numbers up to 2^53.
constexpr std::int64_t kServer = 1, kListenSockets = 2, kChannels = std::int64_t{1} << 20;
constexpr std::int64_t kSubchannels = std::int64_t{1} << 40, kLoops = 1024, kSockets = std::int64_t{1} << 50;
constexpr std::size_t kPage = 100;

std::int64_t socket_id(const ConnectionReport& connection) {
  return kSockets + static_cast<std::int64_t>(connection.id);
}

// "ipv4:127.0.0.1:80", "ipv6:[::1]:80", "127.0.0.1:80", "unix:/path".
void write_address(std::string_view text, z::Address& to) {
  for (const std::string_view scheme : {"ipv4:", "ipv6:"})
    if (text.starts_with(scheme)) text.remove_prefix(scheme.size());
  if (text.starts_with("unix:")) {
    to.mutable_uds_address()->set_filename(std::string(text.substr(5)));
    return;
  }
  const std::size_t colon = text.rfind(':');
  std::string host(text.substr(0, colon));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  in6_addr raw{};
  const int family = host.find(':') != std::string::npos ? AF_INET6 : AF_INET;
  if (colon == std::string_view::npos || inet_pton(family, host.c_str(), &raw) != 1) {
    to.mutable_other_address()->set_name(std::string(text));
    return;
  }
  int port = 0;
  std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  const std::size_t size = family == AF_INET6 ? 16 : 4;
  to.mutable_tcpip_address()->set_ip_address(std::string(reinterpret_cast<const char*>(&raw), size));
  to.mutable_tcpip_address()->set_port(port);
}

void write_socket(const ConnectionReport& from, z::Socket& to) {
  to.mutable_ref()->set_socket_id(socket_id(from));
  to.mutable_ref()->set_name(from.peer);
  z::SocketData& data = *to.mutable_data();
  data.set_streams_started(static_cast<std::int64_t>(from.streams_opened));
  const std::uint64_t reset = from.streams_reset_by_peer + from.streams_reset_by_us;
  data.set_streams_failed(static_cast<std::int64_t>(reset));
  const std::uint64_t over = from.streams_opened - std::min<std::uint64_t>(from.streams_opened, from.streams);
  data.set_streams_succeeded(static_cast<std::int64_t>(over - std::min(over, reset)));
  const auto option = [&](std::string name, std::uint64_t value) {
    z::SocketOption& added = *data.add_option();
    added.set_name(std::move(name));
    added.set_value(std::to_string(value));
  };
  option("bytes_read", from.bytes_read);
  option("bytes_written", from.bytes_written);
  option("bytes_queued", from.bytes_queued);
  option("age_ms", static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(from.age).count()));
  write_address(from.peer, *to.mutable_remote());
  if (from.tls != nullptr) to.mutable_security()->mutable_tls()->set_standard_name(from.tls->cipher);
}

z::ChannelConnectivityState::State state_of(std::string_view name) {
  if (name == "idle") return z::ChannelConnectivityState::IDLE;
  if (name == "connecting") return z::ChannelConnectivityState::CONNECTING;
  if (name == "ready") return z::ChannelConnectivityState::READY;
  if (name == "transient_failure") return z::ChannelConnectivityState::TRANSIENT_FAILURE;
  if (name == "shutdown") return z::ChannelConnectivityState::SHUTDOWN;
  return z::ChannelConnectivityState::UNKNOWN;
}

// A page of what is sorted by id: from `start` on, at most so many. True: nothing comes after it.
template <class T, class Add>
bool page(const std::map<std::int64_t, T>& all, std::int64_t start, std::int64_t wanted, Add add) {
  const std::size_t most = wanted > 0 ? std::min(static_cast<std::size_t>(wanted), kPage) : kPage;
  std::size_t given = 0;
  auto at = all.lower_bound(start);
  for (; at != all.end() && given < most; ++at, ++given) add(at->first, at->second);
  return at == all.end();
}

class ChannelzService final : public z::Channelz::Service {
 public:
  explicit ChannelzService(ChannelzSource& source) : source_(source) {}

  Task<Result<z::GetServersResponse>> GetServers(Call&, const z::GetServersRequest& request) override {
    z::GetServersResponse response;
    response.set_end(true);
    if (request.start_server_id() > kServer) co_return response;
    Result<ServerReport> report = co_await source_.server_report();
    if (!report) co_return std::move(report).error();
    write_server(*report, *response.add_server());
    co_return response;
  }

  Task<Result<z::GetServerResponse>> GetServer(Call&, const z::GetServerRequest& request) override {
    if (request.server_id() != kServer) co_return not_there("server", request.server_id());
    Result<ServerReport> report = co_await source_.server_report();
    if (!report) co_return std::move(report).error();
    z::GetServerResponse response;
    write_server(*report, *response.mutable_server());
    co_return response;
  }

  Task<Result<z::GetServerSocketsResponse>> GetServerSockets(Call&,
                                                             const z::GetServerSocketsRequest& request) override {
    if (request.server_id() != kServer) co_return not_there("server", request.server_id());
    Result<ServerReport> report = co_await source_.server_report();
    if (!report) co_return std::move(report).error();
    std::map<std::int64_t, std::string> sockets;
    for (const LoopServerReport& loop : report->loops)
      for (const ConnectionReport& connection : loop.connections) sockets[socket_id(connection)] = connection.peer;
    z::GetServerSocketsResponse response;
    response.set_end(
        page(sockets, request.start_socket_id(), request.max_results(), [&](std::int64_t id, const std::string& peer) {
          z::SocketRef& ref = *response.add_socket_ref();
          ref.set_socket_id(id);
          ref.set_name(peer);
        }));
    co_return response;
  }

  Task<Result<z::GetSocketResponse>> GetSocket(Call&, const z::GetSocketRequest& request) override {
    const std::int64_t id = request.socket_id();
    z::GetSocketResponse response;
    Result<ServerReport> report = co_await source_.server_report();
    if (!report) co_return std::move(report).error();
    if (write_listener(*report, id, *response.mutable_socket())) co_return response;
    for (const LoopServerReport& loop : report->loops)
      if (write_one_of(loop.connections, id, *response.mutable_socket())) co_return response;
    for (const auto& [channel_id, channel] : numbered()) {
      const Result<ChannelReport> seen = co_await channel->inspect();
      if (!seen) continue;
      for (const LoopChannelReport& loop : seen->loops)
        if (write_one_of(loop.connections, id, *response.mutable_socket())) co_return response;
    }
    co_return not_there("socket", id);
  }

  Task<Result<z::GetTopChannelsResponse>> GetTopChannels(Call&, const z::GetTopChannelsRequest& request) override {
    z::GetTopChannelsResponse response;
    std::vector<std::pair<std::int64_t, std::shared_ptr<Channel>>> chosen;
    response.set_end(
        page(numbered(), request.start_channel_id(), request.max_results(),
             [&](std::int64_t id, const std::shared_ptr<Channel>& channel) { chosen.emplace_back(id, channel); }));
    for (const auto& [id, channel] : chosen) {
      const Result<ChannelReport> report = co_await channel->inspect();
      if (report) write_channel(id, *report, *response.add_channel());
    }
    co_return response;
  }

  Task<Result<z::GetChannelResponse>> GetChannel(Call&, const z::GetChannelRequest& request) override {
    const auto all = numbered();
    const auto found = all.find(request.channel_id());
    if (found == all.end()) co_return not_there("channel", request.channel_id());
    const Result<ChannelReport> report = co_await found->second->inspect();
    if (!report) co_return report.error();
    z::GetChannelResponse response;
    write_channel(found->first, *report, *response.mutable_channel());
    co_return response;
  }

  Task<Result<z::GetSubchannelResponse>> GetSubchannel(Call&, const z::GetSubchannelRequest& request) override {
    const std::int64_t number = request.subchannel_id() - kSubchannels;
    const auto all = numbered();
    const auto found = number >= 0 ? all.find(kChannels + number / kLoops) : all.end();
    if (found == all.end()) co_return not_there("subchannel", request.subchannel_id());
    const Result<ChannelReport> report = co_await found->second->inspect();
    if (!report) co_return report.error();
    const auto loop = static_cast<std::size_t>(number % kLoops);
    if (loop >= report->loops.size()) co_return not_there("subchannel", request.subchannel_id());
    z::GetSubchannelResponse response;
    write_subchannel(request.subchannel_id(), *report, report->loops[loop], *response.mutable_subchannel());
    co_return response;
  }

 private:
  static Error not_there(std::string_view what, std::int64_t id) { return not_found("there is no {} {}", what, id); }

  static void write_server(const ServerReport& report, z::Server& to) {
    to.mutable_ref()->set_server_id(kServer);
    to.mutable_ref()->set_name("pintle");
    std::uint64_t started = 0, succeeded = 0, failed = 0;
    for (const LoopServerReport& loop : report.loops) {
      started += loop.started;
      succeeded += loop.succeeded;
      failed += loop.failed;
    }
    to.mutable_data()->set_calls_started(static_cast<std::int64_t>(started));
    to.mutable_data()->set_calls_succeeded(static_cast<std::int64_t>(succeeded));
    to.mutable_data()->set_calls_failed(static_cast<std::int64_t>(failed));
    for (std::size_t i = 0; i < report.listeners.size(); ++i) {
      z::SocketRef& ref = *to.add_listen_socket();
      ref.set_socket_id(kListenSockets + static_cast<std::int64_t>(i));
      ref.set_name(report.listeners[i].address);
    }
  }

  static bool write_listener(const ServerReport& report, std::int64_t id, z::Socket& to) {
    const std::int64_t i = id - kListenSockets;
    if (i < 0 || i >= static_cast<std::int64_t>(report.listeners.size())) return false;
    const ListenerReport& listener = report.listeners[static_cast<std::size_t>(i)];
    to.mutable_ref()->set_socket_id(id);
    to.mutable_ref()->set_name(listener.address);
    write_address(listener.address, *to.mutable_local());
    return true;
  }

  static bool write_one_of(const std::vector<ConnectionReport>& connections, std::int64_t id, z::Socket& to) {
    const auto found = std::ranges::find(connections, id, &socket_id);
    if (found == connections.end()) return false;
    write_socket(*found, to);
    return true;
  }

  static std::int64_t subchannel_id(std::int64_t channel, std::size_t loop) {
    return kSubchannels + (channel - kChannels) * kLoops + static_cast<std::int64_t>(loop);
  }

  // Ready where one of its loops is, and so on down.
  static std::string_view best_state(const ChannelReport& report) {
    for (const std::string_view state : {"ready", "connecting", "transient_failure", "idle", "shutdown"})
      for (const LoopChannelReport& loop : report.loops)
        if (loop.state == state) return state;
    return "";
  }

  static void write_channel(std::int64_t id, const ChannelReport& report, z::Channel& to) {
    to.mutable_ref()->set_channel_id(id);
    to.mutable_ref()->set_name(report.target);
    to.mutable_data()->set_target(report.target);
    to.mutable_data()->mutable_state()->set_state(state_of(best_state(report)));
    for (std::size_t i = 0; i < report.loops.size(); ++i) {
      z::SubchannelRef& ref = *to.add_subchannel_ref();
      ref.set_subchannel_id(subchannel_id(id, i));
      ref.set_name(report.target);
    }
  }

  static void write_subchannel(std::int64_t id, const ChannelReport& report, const LoopChannelReport& loop,
                               z::Subchannel& to) {
    to.mutable_ref()->set_subchannel_id(id);
    to.mutable_ref()->set_name(report.target);
    to.mutable_data()->set_target(report.target);
    to.mutable_data()->mutable_state()->set_state(state_of(loop.state));
    for (const ConnectionReport& connection : loop.connections) {
      z::SocketRef& ref = *to.add_socket_ref();
      ref.set_socket_id(socket_id(connection));
      ref.set_name(connection.peer);
    }
  }

  // A channel that is gone leaves its number unused.
  std::map<std::int64_t, std::shared_ptr<Channel>> numbered() {
    std::lock_guard lock(mutex_);
    std::map<const Channel*, std::pair<std::int64_t, std::weak_ptr<Channel>>> known;
    std::map<std::int64_t, std::shared_ptr<Channel>> all;
    for (std::shared_ptr<Channel>& channel : source_.channels()) {
      const auto before = numbers_.find(channel.get());
      const bool same = before != numbers_.end() && before->second.second.lock() == channel;
      const std::int64_t id = same ? before->second.first : kChannels + next_++;
      known[channel.get()] = {id, channel};
      all[id] = std::move(channel);
    }
    numbers_ = std::move(known);
    return all;
  }

  ChannelzSource& source_;
  std::mutex mutex_;
  std::map<const Channel*, std::pair<std::int64_t, std::weak_ptr<Channel>>> numbers_;  // guarded by mutex_, as is
  std::int64_t next_ = 0;
};

}  // namespace

std::unique_ptr<Service> make_channelz_service(ChannelzSource& source) {
  return std::make_unique<ChannelzService>(source);
}

}  // namespace pintle
