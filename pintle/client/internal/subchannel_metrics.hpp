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
        disconnections(meters.counter({"grpc.subchannel.disconnections",
                                       "{disconnection}",
                                       "Connections that were up and have no new calls any more.",
                                       {}},
                                      {{"grpc.target", target}})),
        open(meters.gauge({"grpc.subchannel.open_connections", "{connection}", "Connections that have new calls.", {}},
                          {{"grpc.target", target}})) {}
  void lost() const {
    disconnections.add();
    open.add(-1);
  }
  const Counter connected, failed, disconnections;
  const Gauge open;
};

}  // namespace pintle::client
