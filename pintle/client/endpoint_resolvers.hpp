// Who finds the endpoints of a target: from a list, and from DNS.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <pintle/client/endpoint.hpp>
#include <pintle/net/dns_resolver.hpp>

namespace pintle {

// These, for ever.
std::shared_ptr<EndpointResolver> static_endpoints(std::vector<Endpoint> endpoints);

struct DnsEndpointOptions {
  DnsEndpointOptions() = default;
  net::DnsOptions dns;
  // A name is asked for again when its answer is not good any more, and when a connection was lost or could not be
  // made; but not more often than this.
  Duration min_interval = std::chrono::seconds(30);
  Duration max_interval = std::chrono::minutes(30);
  // After failures in a row; the addresses that were known last stay.
  Duration first_retry = std::chrono::seconds(1), max_retry = std::chrono::seconds(120);
};

// Every address of `host` is an endpoint of its own. Loops that ask within min_interval of each other share an answer.
std::shared_ptr<EndpointResolver> dns_endpoints(std::string host, std::uint16_t port, DnsEndpointOptions options = {});

}  // namespace pintle
