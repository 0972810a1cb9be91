// HTTP as those see it who need one document now and then: keys of an issuer, a token, an export. An interface;
// transport implements it, main wires it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/async/task.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/base/status.hpp>

namespace pintle {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  HttpRequest() = default;
  explicit HttpRequest(std::string u) : url(std::move(u)) {}
  std::string method = "GET";
  std::string url;  // "https://host[:port]/path?query"; http too
  HttpFields headers;
  std::string body;
  Duration timeout = std::chrono::seconds(5);    // of the whole, from the name's lookup to the last byte
  std::size_t max_response_bytes = 1024 * 1024;  // of its body
};

struct HttpResponse {
  HttpResponse() = default;
  int status = 0;
  HttpFields headers;  // names in lower case
  std::string body;
  // The first of that name, in lower case; empty when there is none.
  std::string_view header(std::string_view name) const {
    const auto found = std::ranges::find(headers, name, &HttpFields::value_type::first);
    return found != headers.end() ? std::string_view(found->second) : std::string_view();
  }
};

// Any loop may use it; it outlives its tasks.
class Fetcher {
 public:
  virtual ~Fetcher() = default;
  // Whatever status the server gave; redirects are answers like any other and are not followed. INVALID_ARGUMENT for a
  // URL that can't be read; UNAVAILABLE when no answer came or what came is no HTTP; DEADLINE_EXCEEDED after the
  // timeout; RESOURCE_EXHAUSTED for a body above the limit; the status of the scope when it is cancelled.
  virtual Task<Result<HttpResponse>> fetch(HttpRequest request) = 0;
};

}  // namespace pintle
