// Input: three lines, the URL of a proxy, whom it is not asked for, and a host. It is refused with a reason, or names a
// host; nobody on the list goes through it, and this machine never does.
#include <cstdint>
#include <string>
#include <string_view>

#include "../check.hpp"
#include <pintle/net/http_proxy.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using pintle::net::HttpProxy;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto line = [&rest] {
    const std::size_t end = rest.find('\n');
    const std::string_view first = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return first;
  };
  const std::string_view url = line(), exempt = line(), host = line();
  const auto proxy = HttpProxy::parse(url, exempt);
  if (!proxy) {
    FUZZ_CHECK(proxy.error().code() == pintle::Code::invalid_argument);
    return 0;
  }
  FUZZ_CHECK(!proxy->host().empty());
  FUZZ_CHECK(proxy->authorization().find_first_of("\r\n") == std::string::npos);
  FUZZ_CHECK(!proxy->covers("127.0.0.1") && !proxy->covers("localhost") && !proxy->covers("::1"));
  if (exempt == "*" || (!exempt.empty() && exempt == host && exempt.find_first_of(", ./") == std::string_view::npos))
    FUZZ_CHECK(!proxy->covers(host));
  return 0;
}
