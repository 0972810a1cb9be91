#include <pintle/testing/wire/heads.hpp>

#include <string>
#include <utility>

namespace pintle::testing::wire {
namespace {

Fields with(const Fields& more) { return request("/s/m", more); }

Fields without(std::string_view name) {
  Fields out = request();
  std::erase_if(out, [&](const auto& field) { return field.first == name; });
  return out;
}

Fields having(std::string_view name, std::string_view value) {
  Fields out = request();
  for (auto& field : out) {
    if (field.first == name) field.second = value;
  }
  return out;
}

const std::string kNul("a\0b", 3);

// Fields that section 8.2 forbids in any head.
std::vector<Head> forbidden_fields() {
  return {
      {"upper case in a name", {{"Upper", "case"}}},
      {"a blank in a name", {{"na me", "x"}}},
      {"a colon in a name", {{"na:me", "x"}}},
      {"an empty name", {{"", "x"}}},
      {"LF in a value", {{"x", "a\nb"}}},
      {"CR in a value", {{"x", "a\rb"}}},
      {"NUL in a value", {{"x", kNul}}},
      {"a blank before a value", {{"x", " a"}}},
      {"a tab behind a value", {{"x", "a\t"}}},
      {"connection", {{"connection", "close"}}},
      {"keep-alive", {{"keep-alive", "1"}}},
      {"proxy-connection", {{"proxy-connection", "close"}}},
      {"transfer-encoding", {{"transfer-encoding", "chunked"}}},
      {"upgrade", {{"upgrade", "h2c"}}},
      {"a negative content-length", {{"content-length", "-1"}}},
      {"a content-length that is no number", {{"content-length", "1x"}}},
      {"an empty content-length", {{"content-length", ""}}},
      {"a content-length beyond all numbers", {{"content-length", "99999999999999999999"}}},
      {"two lengths that differ", {{"content-length", "1"}, {"content-length", "2"}}},
      {"an unknown pseudo-header", {{":unknown", "x"}}},
      {"a pseudo-header behind a field", {{"x", "y"}, {":path", "/"}}},
  };
}

}  // namespace

std::vector<Head> good_requests() {
  return {
      {"a plain one", request()},
      {"no authority", without(":authority")},
      {"host in place of the authority",
       {{":method", "POST"}, {":scheme", "http"}, {":path", "/s/m"}, {"host", "test"}}},
      {"host beside the authority", with({{"host", "test"}})},
      {"an empty authority", having(":authority", "")},
      {"te", with({{"te", "trailers"}})},
      {"a cookie in crumbs", with({{"cookie", "a=b"}, {"cookie", "c=d"}})},
      {"a field three times", with({{"x", "1"}, {"x", "2"}, {"x", "1"}})},
      {"a content-length of 0", with({{"content-length", "0"}})},
      {"the same content-length twice", with({{"content-length", "0"}, {"content-length", "0"}})},
      {"an empty value", with({{"x", ""}})},
      {"a value beyond ASCII", with({{"x", "\x80\xff"}})},
      {"a value of 4 KB", with({{"x", std::string(4'096, 'v')}})},
      {"gRPC without a content", with({{"content-type", "application/grpc"}, {"te", "trailers"}})},
      {"gRPC with what it reserves", with({{"content-type", "application/grpc"},
                                           {"te", "trailers"},
                                           {"grpc-status", "0"},
                                           {"grpc-message", "%"},
                                           {"grpc-other", "x"}})},
      {"gRPC with a timeout that is none", with({{"content-type", "application/grpc"}, {"grpc-timeout", "soon"}})},
      {"gRPC with an empty timeout", with({{"content-type", "application/grpc"}, {"grpc-timeout", ""}})},
      {"gRPC with two timeouts",
       with({{"content-type", "application/grpc"}, {"grpc-timeout", "1S"}, {"grpc-timeout", "x"}})},
      {"gRPC out of time", with({{"content-type", "application/grpc"}, {"grpc-timeout", "0n"}})},
      {"gRPC with the longest timeout", with({{"content-type", "application/grpc"}, {"grpc-timeout", "99999999H"}})},
      {"gRPC with an encoding that nobody knows",
       with({{"content-type", "application/grpc"}, {"grpc-encoding", "brotli"}})},
      {"gRPC with an empty encoding", with({{"content-type", "application/grpc"}, {"grpc-encoding", ""}})},
      {"gRPC with two encodings",
       with({{"content-type", "application/grpc"}, {"grpc-encoding", "identity"}, {"grpc-encoding", "gzip"}})},
      {"gRPC with empty lists of encodings",
       with(
           {{"content-type", "application/grpc"}, {"grpc-accept-encoding", ""}, {"grpc-accept-encoding", ",,gzip,,"}})},
      {"gRPC of another subtype", with({{"content-type", "application/grpc+thrift"}})},
      {"an empty content-type", with({{"content-type", ""}})},
      {"gRPC with a binary key that is only a suffix", with({{"content-type", "application/grpc"}, {"-bin", ""}})},
      {"gRPC from two user agents",
       with({{"content-type", "application/grpc"}, {"user-agent", ""}, {"user-agent", "\x80\xff"}})},
      {"gRPC with binary metadata that is none", with({{"content-type", "application/grpc"}, {"x-bin", "*"}})},
      {"a content-type that is not gRPC's", with({{"content-type", "text/plain"}})},
      {"GET", having(":method", "GET")},
      {"HEAD", having(":method", "HEAD")},
      {"a method that nobody knows", having(":method", "BREW")},
      {"a method in lower case", having(":method", "post")},
      {"another scheme", having(":scheme", "https")},
      {"OPTIONS for the whole server", {{":method", "OPTIONS"}, {":scheme", "http"}, {":path", "*"}}},
      {"POST for the whole server", having(":path", "*")},
      {"a path of nothing but a slash", having(":path", "/")},
      {"a path without its slash", having(":path", "no-slash")},
      {"a path in URL form", having(":path", "http://test/s/m")},
      {"a path with a query", having(":path", "/s/m?x=y")},
      {"a path with percent signs", having(":path", "/s%2Fm")},
      {"a path beyond ASCII", having(":path", "/s/\xff")},
      {"a path of 4 KB", having(":path", "/" + std::string(4'095, 'p'))},
      {"the pseudo-headers in another order",
       {{":path", "/s/m"}, {":authority", "test"}, {":scheme", "http"}, {":method", "POST"}}},
      // Section 8.5: neither scheme nor path.
      {"CONNECT", {{":method", "CONNECT"}, {":authority", "test:80"}}},
      {"CONNECT with gRPC's fields",
       {{":method", "CONNECT"}, {":authority", "x:80"}, {"content-type", "application/grpc"}, {"te", "trailers"}}},
  };
}

std::vector<Head> bad_requests() {
  std::vector<Head> out = {
      {"nothing at all", {}},
      {"no method", without(":method")},
      {"no scheme", without(":scheme")},
      {"no path", without(":path")},
      {"an empty method", having(":method", "")},
      {"an empty scheme", having(":scheme", "")},
      {"an empty path", having(":path", "")},
      {"a blank behind the path", having(":path", "/s/m ")},
      {"LF in the path", having(":path", "/s\n/m")},
      {"a pseudo-header behind the fields", with({{":method", "POST"}})},
      {"the method twice", {{":method", "POST"}, {":method", "POST"}, {":scheme", "http"}, {":path", "/"}}},
      {"the path twice", {{":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {":path", "/"}}},
      {"a status", {{":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {":status", "200"}}},
      // RFC 8441, which was not offered.
      {"a protocol", {{":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {":protocol", "websocket"}}},
      {"CONNECT with a path", {{":method", "CONNECT"}, {":scheme", "http"}, {":path", "/"}, {":authority", "test"}}},
      {"CONNECT without an authority", {{":method", "CONNECT"}}},
      {"CONNECT with an empty authority", {{":method", "CONNECT"}, {":authority", ""}}},
      {"te that is not trailers", with({{"te", "gzip"}})},
      {"te that is not trailers alone", with({{"te", "trailers, gzip"}})},
      {"two hosts", with({{"host", "test"}, {"host", "other"}})},
  };
  for (const Head& head : forbidden_fields()) out.push_back({head.name, with(head.fields)});
  return out;
}

std::vector<Head> good_responses() {
  return {
      {"a plain one", response()},
      {"gRPC", response("200", {{"content-type", "application/grpc"}})},
      {"gRPC with its end", response("200", {{"content-type", "application/grpc"}, {"grpc-status", "0"}})},
      {"gRPC with a status that is none",
       response("200", {{"content-type", "application/grpc"}, {"grpc-status", "x"}})},
      {"gRPC with an empty status", response("200", {{"content-type", "application/grpc"}, {"grpc-status", ""}})},
      {"gRPC with two statuses",
       response("200", {{"content-type", "application/grpc"}, {"grpc-status", "0"}, {"grpc-status", "13"}})},
      {"gRPC with a message that is badly coded",
       response("200", {{"content-type", "application/grpc"}, {"grpc-status", "2"}, {"grpc-message", "%zz\xff"}})},
      {"gRPC with details that are none",
       response("200", {{"content-type", "application/grpc"}, {"grpc-status", "2"}, {"grpc-status-details-bin", "*"}})},
      {"gRPC with an encoding that nobody knows",
       response("200", {{"content-type", "application/grpc"}, {"grpc-encoding", "brotli"}})},
      {"gRPC with binary metadata that is none",
       response("200", {{"content-type", "application/grpc"}, {"x-bin", "*"}})},
      {"gRPC with an empty encoding", response("200", {{"content-type", "application/grpc"}, {"grpc-encoding", ""}})},
      {"gRPC with two encodings",
       response("200", {{"content-type", "application/grpc"}, {"grpc-encoding", "gzip"}, {"grpc-encoding", "x"}})},
      {"gRPC of another subtype", response("200", {{"content-type", "application/grpc+thrift"}})},
      {"a gRPC status without gRPC's type", response("500", {{"grpc-status", "0"}})},
      {"gRPC with a pushback that is none",
       response("200", {{"content-type", "application/grpc"}, {"grpc-retry-pushback-ms", "\x80"}})},
      {"gRPC with a request's fields",
       response("200", {{"content-type", "application/grpc"}, {"grpc-timeout", "x"}, {"te", "trailers"}})},
      {"a page", response("200", {{"content-type", "text/html"}})},
      {"a content-length of 0", response("200", {{"content-length", "0"}})},
      {"an empty value", response("200", {{"x", ""}})},
      {"a value beyond ASCII", response("200", {{"x", "\x80\xff"}})},
      {"204", response("204")},
      {"304 with the length of what was not sent", response("304", {{"content-length", "5"}})},
      {"401", response("401")},
      {"404", response("404", {{"content-type", "text/html"}})},
      {"431", response("431")},
      {"503", response("503", {{"retry-after", "5"}})},
      {"a status that nobody knows", response("999")},
  };
}

std::vector<Head> informational_responses() {
  return {
      {"100", response("100")},
      {"103 with a field", response("103", {{"link", "</style.css>"}})},
      {"199", response("199")},
  };
}

std::vector<Head> bad_responses() {
  std::vector<Head> out = {
      {"nothing at all", {}},
      {"no status", {{"content-type", "application/grpc"}}},
      {"an empty status", response("")},
      {"two statuses", {{":status", "200"}, {":status", "200"}}},
      {"a status behind the fields", {{"x", "y"}, {":status", "200"}}},
      {"a status of two digits", response("20")},
      {"a status of four digits", response("2000")},
      {"a status that is no number", response("2xx")},
      {"a status below 100", response("099")},
      {"101", response("101")},  // section 8.6: there is no upgrade in HTTP/2
      {"a path", {{":status", "200"}, {":path", "/"}}},
  };
  for (const Head& head : forbidden_fields()) out.push_back({head.name, response("200", head.fields)});
  return out;
}

}  // namespace pintle::testing::wire
