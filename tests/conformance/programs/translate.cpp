#include <algorithm>
#include <cstdint>
#include <string>

#include <fmt/core.h>
#include <google/rpc/status.pb.h>

#include "translate.hpp"
#include <pintle/wire/base64.hpp>

namespace conformance {

namespace {

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

}  // namespace

void to_headers(const pintle::Metadata& metadata, Headers& headers) {
  for (const auto [key, value] : metadata) {
    auto header = std::ranges::find_if(headers, [&](const suite::Header& h) { return h.name() == key; });
    suite::Header& of_key = header != headers.end() ? *header : *headers.Add();
    of_key.set_name(std::string(key));
    if (pintle::Metadata::is_binary(key))
      pintle::wire::base64_encode(value, *of_key.add_value());
    else
      of_key.add_value(std::string(value));
  }
}

void add_headers(const Headers& headers, pintle::Metadata& metadata) {
  for (const suite::Header& header : headers) {
    const std::string key = lower_case(header.name());
    for (const std::string& value : header.value()) {
      std::string bytes;
      const bool decoded = pintle::Metadata::is_binary(key) && pintle::wire::base64_decode(value, bytes);
      metadata.add(key, decoded ? bytes : value);
    }
  }
}

suite::Error to_error(const pintle::Status& status) {
  suite::Error error;
  error.set_code(static_cast<suite::Code>(status.code()));
  error.set_message(std::string(status.message()));
  google::rpc::Status details;
  if (details.ParseFromString(std::string(status.details()))) *error.mutable_details() = details.details();
  return error;
}

pintle::Status to_status(const suite::Error& error) {
  pintle::Status status(pintle::code_from_number(static_cast<std::uint32_t>(error.code())), error.message());
  if (error.details().empty()) return status;
  google::rpc::Status details;
  details.set_code(error.code());
  details.set_message(error.message());
  *details.mutable_details() = error.details();
  return status.with_details(details.SerializeAsString());
}

}  // namespace conformance
