// A Fetcher whose answers a test writes.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pintle/async/event.hpp>
#include <pintle/async/fetch.hpp>

namespace pintle::testing {

// One thread.
class ScriptedFetcher final : public Fetcher {
 public:
  using Answer = std::function<Result<HttpResponse>(const HttpRequest&)>;
  explicit ScriptedFetcher(Answer answer = {}) : answer_(std::move(answer)) { open_.set(); }

  // What comes from now on.
  void answers(Answer answer) { answer_ = std::move(answer); }
  void answers(int status, std::string body, HttpFields headers = {}) {
    answer_ = [=](const HttpRequest&) {
      HttpResponse response;
      response.status = status;
      response.body = body;
      response.headers = headers;
      return response;
    };
  }
  void fails(Status status) {
    answer_ = [=](const HttpRequest&) -> Result<HttpResponse> { return std::unexpected(status); };
  }
  // Requests wait until they are let go on.
  void hold() { open_.reset(); }
  void release() { open_.set(); }

  const std::vector<HttpRequest>& requests() const { return requests_; }

  Task<Result<HttpResponse>> fetch(HttpRequest request) override {
    requests_.push_back(request);
    if (Status waited = co_await open_.wait(); !waited.ok()) co_return std::unexpected(std::move(waited));
    co_return answer_(request);
  }

 private:
  Answer answer_;
  std::vector<HttpRequest> requests_;
  Event open_;
};

}  // namespace pintle::testing
