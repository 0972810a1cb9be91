// What is counted of connections, by the names of gRFC A94.
#pragma once

#include <string_view>

#include <pintle/base/observe.hpp>

namespace pintle::client {

struct SubchannelMetrics {
  SubchannelMetrics(const Meters& meters, std::string_view target)
      : connected(meters.counter(
            {"grpc.subchannel.connection_attempts_succeeded", "{attempt}", "Connections that were made.", {}},
            {{"grpc.target", target}})),
        failed(meters.counter(
            {"grpc.subchannel.connection_attempts_failed", "{attempt}", "Attempts to connect that failed.", {}},
            {{"grpc.target", target}})),
        disconnections(meters.counter(
            {"grpc.subchannel.disconnections", "{disconnection}", "Connections that were up and are gone.", {}},
            {{"grpc.target", target}})),
        open(meters.gauge({"grpc.subchannel.open_connections", "{connection}", "Connections that are up.", {}},
                          {{"grpc.target", target}})) {}
  void lost(int connections) const {
    disconnections.add(static_cast<std::uint64_t>(connections));
    open.add(-connections);
  }
  const Counter connected, failed, disconnections;
  const Gauge open;
};

}  // namespace pintle::client
