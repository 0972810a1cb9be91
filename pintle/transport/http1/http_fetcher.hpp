// Fetches documents by HTTP/1.1.
#pragma once

#include <memory>

#include <pintle/async/fetch.hpp>
#include <pintle/net/resolver.hpp>
#include <pintle/net/tls.hpp>

namespace pintle {

// A connection of its own for each request, closed after the answer: for documents that are asked for now and then.
class HttpFetcher final : public Fetcher {
 public:
  // `tls` for https URLs, which must agree on http/1.1 (TlsClientOptions::alpn).
  HttpFetcher(std::shared_ptr<net::Resolver> resolver, std::shared_ptr<net::TlsClient> tls)
      : resolver_(std::move(resolver)), tls_(std::move(tls)) {}
  Task<Result<HttpResponse>> fetch(HttpRequest request) override;

 private:
  const std::shared_ptr<net::Resolver> resolver_;
  const std::shared_ptr<net::TlsClient> tls_;
};

}  // namespace pintle
