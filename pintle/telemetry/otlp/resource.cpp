#include <pintle/telemetry/otlp/resource.hpp>

#include <algorithm>

#include <unistd.h>

#include <pintle/version.hpp>

namespace pintle {

namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

void Resource::set(std::string_view key, std::string value) {
  const auto found = std::ranges::find(attributes, key, &std::pair<std::string, std::string>::first);
  if (found != attributes.end())
    found->second = std::move(value);
  else
    attributes.emplace_back(key, std::move(value));
}

Resource make_resource(std::string_view service_name, std::string_view text) {
  Resource resource;
  resource.set("telemetry.sdk.name", "pintle");
  resource.set("telemetry.sdk.language", "cpp");
  resource.set("telemetry.sdk.version", PINTLE_VERSION_STRING);
  resource.set("process.pid", std::to_string(getpid()));
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || trimmed(pair.substr(0, equals)).empty()) continue;
    resource.set(decoded(trimmed(pair.substr(0, equals))), decoded(trimmed(pair.substr(equals + 1))));
  }
  if (!service_name.empty()) resource.set("service.name", std::string(service_name));
  return resource;
}

}  // namespace pintle
