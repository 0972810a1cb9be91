#include <pintle/testing/wire/heads.hpp>

namespace pintle::testing::wire {

namespace {

Fields without(std::string_view name) {
  Fields out = request();
  std::erase_if(out, [&](const auto& field) { return field.first == name; });
  return out;
}

Fields with(const Fields& more) { return request("/s/m", more); }

Fields grpc_with(Fields more) {
  more.insert(more.begin(), {{"content-type", "application/grpc"}, {"te", "trailers"}});
  return with(more);
}

}  // namespace

std::vector<Fields> good_request_heads() {
  return {
      request(),
      without(":authority"),
      with({{"te", "trailers"}}),
      with({{"host", "test"}}),
      with({{"cookie", "a=b"}, {"cookie", "c=d"}}),
      with({{"content-length", "0"}}),
      with({{"x", ""}}),
      with({{"x", "\x80\xff"}}),
      {{":method", "CONNECT"}, {":authority", "test:80"}},
      {{":method", "CONNECT"}, {":authority", ""}},
      {{":method", "CONNECT"}, {":authority", "test:80"}, {"content-type", "application/grpc"}},
      {{":method", "OPTIONS"}, {":scheme", "http"}, {":path", "*"}},
      {{":method", "GET"}, {":scheme", "ftp"}, {":path", "/s/m"}, {"content-type", "application/grpc"}},
      {{":path", "no-slash"}, {":method", "POST"}, {":scheme", "http"}},
      {{":path", "/"}, {":method", "POST"}, {":scheme", "http"}, {"content-type", "application/grpc"}},
      {{":path", "\x80\xff"}, {":method", "POST"}, {":scheme", "http"}, {"content-type", "application/grpc"}},
      grpc_with({}),
      grpc_with({{"content-type", ""}}),
      grpc_with({{"content-type", "application/grpc+thrift"}}),
      grpc_with({{"user-agent", ""}, {"user-agent", "\x80\xff"}}),
      grpc_with({{"grpc-timeout", ""}}),
      grpc_with({{"grpc-timeout", "1S"}, {"grpc-timeout", "x"}}),
      grpc_with({{"grpc-timeout", "0n"}}),
      grpc_with({{"grpc-timeout", "99999999H"}}),
      grpc_with({{"grpc-encoding", ""}}),
      grpc_with({{"grpc-encoding", "identity"}, {"grpc-encoding", "gzip"}}),
      grpc_with({{"grpc-accept-encoding", ""}, {"grpc-accept-encoding", ",,gzip,,"}}),
      grpc_with({{"grpc-status", "0"}, {"grpc-message", "%"}, {"grpc-status-details-bin", "!"}}),
      grpc_with({{"grpc-tags-bin", "!"}, {"grpc-", ""}, {"grpc-previous-rpc-attempts", "\x80"}}),
      grpc_with({{"x-bin", "!"}}),
      grpc_with({{"-bin", ""}, {"x!y", "z"}, {"authorization", ""}, {"authorization", "Bearer x"}}),
  };
}

std::vector<Fields> bad_request_heads() {
  return {
      {},
      without(":method"),
      without(":scheme"),
      without(":path"),
      request(""),
      with({{":method", "POST"}}),  // twice, and behind
      {{":method", "POST"}, {":method", "POST"}, {":scheme", "http"}, {":path", "/"}},
      {{":method", "POST"}, {":scheme", "http"}, {"x", "y"}, {":path", "/"}},
      {{":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {":status", "200"}},
      {{":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {":protocol", "websocket"}},
      {{":method", "CONNECT"}, {":scheme", "http"}, {":path", "/"}, {":authority", "test"}},
      {{":method", "CONNECT"}},
      with({{"Upper", "case"}}),
      with({{"na me", "x"}}),
      with({{"", "x"}}),
      with({{"x", "a\nb"}}),
      with({{"x", "a\rb"}}),
      with({{"x", std::string("a\0b", 3)}}),
      with({{"x", " a"}}),
      with({{"x", "a\t"}}),
      with({{"connection", "close"}}),
      with({{"keep-alive", "1"}}),
      with({{"proxy-connection", "close"}}),
      with({{"transfer-encoding", "chunked"}}),
      with({{"upgrade", "h2c"}}),
      with({{"te", "gzip"}}),
      with({{"te", "trailers, gzip"}}),
      with({{"host", "test"}, {"host", "other"}}),
      with({{"content-length", "-1"}}),
      with({{"content-length", "1x"}}),
      with({{"content-length", ""}}),
      with({{"content-length", "99999999999999999999"}}),
      with({{"content-length", "1"}, {"content-length", "2"}}),
      with({{"content-length", "1"}}),  // with END_STREAM
  };
}

std::vector<Fields> good_response_heads() {
  const std::pair<std::string, std::string> grpc{"content-type", "application/grpc"};
  return {
      {{":status", "200"}},
      {{":status", "204"}},
      {{":status", "304"}, {"content-length", "5"}},
      {{":status", "999"}},
      {{":status", "404"}, {"content-type", "text/html"}},
      {{":status", "200"}, grpc},
      {{":status", "200"}, {"content-type", ""}},
      {{":status", "200"}, {"content-type", "application/grpc+thrift"}},
      {{":status", "200"}, grpc, grpc},
      {{":status", "200"}, grpc, {"grpc-status", ""}},
      {{":status", "200"}, grpc, {"grpc-status", "-1"}},
      {{":status", "200"}, grpc, {"grpc-status", "0"}, {"grpc-status", "5"}},
      {{":status", "200"}, {"grpc-status", "0"}},
      {{":status", "500"}, {"grpc-status", "0"}},
      {{":status", "200"}, grpc, {"grpc-status", "5"}, {"grpc-message", "%"}, {"grpc-status-details-bin", "!"}},
      {{":status", "200"}, grpc, {"grpc-encoding", ""}},
      {{":status", "200"}, grpc, {"grpc-encoding", "gzip"}, {"grpc-encoding", "x"}},
      {{":status", "200"}, grpc, {"grpc-accept-encoding", ""}},
      {{":status", "200"}, grpc, {"x-bin", "!"}, {"x", "\x80"}, {"-bin", ""}, {"set-cookie", ""}},
      {{":status", "200"}, grpc, {"grpc-retry-pushback-ms", "\x80"}, {"grpc-timeout", "x"}, {"te", "trailers"}},
  };
}

std::vector<Fields> bad_response_heads() {
  return {
      {},
      {{"a", "b"}},
      {{":status", ""}},
      {{":status", "20"}},
      {{":status", "2000"}},
      {{":status", "abc"}},
      {{":status", "099"}},
      {{":status", "100"}},  // with END_STREAM
      {{":status", "101"}},
      {{":status", "200"}, {":status", "200"}},
      {{":status", "200"}, {":path", "/"}},
      {{"a", "b"}, {":status", "200"}},
      {{":status", "200"}, {"connection", "close"}},
      {{":status", "200"}, {"Upper", "x"}},
      {{":status", "200"}, {"content-length", "5"}},  // with END_STREAM
  };
}

}  // namespace pintle::testing::wire
