#include <gmock/gmock.h>

#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>
#include <pintle/transport/http1/http_fetcher.hpp>
#include <pintle/transport/test_support/http_peer.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::HttpPeer;
using ::testing::StartsWith;

struct HttpFetcherTest : ::testing::Test {
  HttpFetcherTest() { runtime.start(); }
  Result<HttpResponse> fetch(HttpRequest request, std::shared_ptr<net::TlsClient> tls = nullptr) {
    HttpFetcher fetcher(std::make_shared<net::SystemResolver>(), std::move(tls));
    return sync_wait(runtime.loop(0), fetcher.fetch(std::move(request)));
  }
  Status refusal(std::string answer, std::size_t most = 1000) {
    const HttpPeer peer([&](const std::string&) { return answer; });
    HttpRequest request(peer.url("/"));
    request.max_response_bytes = most;
    const auto got = fetch(request);
    return got ? Status() : got.error();
  }
  static std::shared_ptr<net::TlsClient> trusting(const testing::TestAuthority& authority) {
    net::TlsClientOptions options;
    options.roots = net::Pem::text(authority.roots());
    options.alpn = "http/1.1";
    return net::TlsClient::create(options).value();
  }
  Runtime runtime{[] {
    RuntimeOptions options;
    options.threads = 1;
    return options;
  }()};
};

TEST_F(HttpFetcherTest, AsksAndBringsTheAnswer) {
  std::string heard;
  const HttpPeer peer([&](const std::string& request) {
    heard = request;
    return HttpPeer::ok("the keys");
  });
  HttpRequest request(peer.url("/keys?set=1"));
  request.headers = {{"Accept", "application/json"}};
  const auto got = fetch(request);
  ASSERT_TRUE(got) << got.error().to_string();
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->body, "the keys");
  EXPECT_EQ(got->header("x-two"), "2");
  EXPECT_EQ(got->header("x-three"), "");
  EXPECT_THAT(heard, StartsWith("GET /keys?set=1 HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_THAT(heard, HasSubstr("Accept: application/json\r\n"));
}

TEST_F(HttpFetcherTest, PostsABody) {
  std::string heard;
  const HttpPeer peer([&](const std::string& request) {
    heard = request;
    return HttpPeer::ok("");
  });
  HttpRequest request(peer.url("/v1/traces"));
  request.method = "POST";
  request.body = std::string(100'000, 'x');
  ASSERT_TRUE(fetch(request));
  EXPECT_THAT(heard, HasSubstr("Content-Length: 100000\r\n"));
  EXPECT_THAT(heard, ::testing::EndsWith("\r\n\r\n" + request.body));
}

TEST_F(HttpFetcherTest, ReadsChunksAndBodiesThatEndWithTheConnection) {
  const HttpPeer chunked([](const std::string&) {
    return std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  });
  EXPECT_EQ(fetch(HttpRequest(chunked.url("/")))->body, "abcde");
  const HttpPeer open([](const std::string&) { return std::string("HTTP/1.0 404 Not Found\r\n\r\nnothing here"); });
  const auto got = fetch(HttpRequest(open.url("/")));
  EXPECT_EQ(got->status, 404);
  EXPECT_EQ(got->body, "nothing here");
}

TEST_F(HttpFetcherTest, ARedirectIsAnAnswerAndIsNotFollowed) {
  int asked = 0;
  const HttpPeer peer([&](const std::string&) {
    ++asked;
    return std::string("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n");
  });
  const auto got = fetch(HttpRequest(peer.url("/")));
  EXPECT_EQ(got->status, 302);
  EXPECT_EQ(asked, 1);
}

TEST_F(HttpFetcherTest, WhatIsNoAnswerIsSaidSo) {
  EXPECT_EQ(refusal("").code(), Code::unavailable);
  EXPECT_THAT(refusal("SSH-2.0-OpenSSH_9.2\r\n\r\n").message(), HasSubstr("no HTTP"));
  EXPECT_THAT(refusal("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").message(), HasSubstr("whole"));
  EXPECT_EQ(refusal("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n").code(), Code::unavailable);
  EXPECT_EQ(refusal(HttpPeer::ok(std::string(1001, 'x'))).code(), Code::resource_exhausted);
  EXPECT_EQ(refusal("HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x')).code(), Code::resource_exhausted);
  EXPECT_EQ(refusal(HttpPeer::ok(std::string(1000, 'x'))), Status());
}

TEST_F(HttpFetcherTest, APeerThatSaysNothingCostsNoMoreThanTheTimeout) {
  const HttpPeer peer([](const std::string&) { return std::string(HttpPeer::kSilence); });
  HttpRequest request(peer.url("/"));
  request.timeout = 20ms;
  EXPECT_EQ(fetch(request).error().code(), Code::deadline_exceeded);
  EXPECT_EQ(fetch(HttpRequest("http://127.0.0.1:1/")).error().code(), Code::unavailable);
}

TEST_F(HttpFetcherTest, OverTlsTheServerMustBeWhoItSays) {
  const testing::TestAuthority authority, other;
  const auto pair = authority.issue(testing::CertificateWish("IP:127.0.0.1"));
  const HttpPeer peer([](const std::string&) { return HttpPeer::ok("secret"); }, &pair);
  const auto got = fetch(HttpRequest(peer.url("/")), trusting(authority));
  ASSERT_TRUE(got) << got.error().to_string();
  EXPECT_EQ(got->body, "secret");
  EXPECT_EQ(fetch(HttpRequest(peer.url("/")), trusting(other)).error().code(), Code::unavailable);
  EXPECT_EQ(fetch(HttpRequest(peer.url("/"))).error().code(), Code::unavailable);
}

TEST_F(HttpFetcherTest, AHeaderCanNotSmuggleAnother) {
  HttpRequest request("http://127.0.0.1:1/");
  request.headers = {{"A", "b\r\nC: d"}};
  EXPECT_EQ(fetch(request).error().code(), Code::invalid_argument);
}

}  // namespace
}  // namespace pintle
