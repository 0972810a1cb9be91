#include <pintle/wire/metadata_coding.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <pintle/wire/base64.hpp>
#include <pintle/wire/percent.hpp>

namespace pintle::wire {
namespace {

constexpr std::string_view kFieldsOfHttp[] = {
    "content-type",  "te", "host", "connection", "keep-alive", "proxy-connection", "upgrade", "transfer-encoding",
    "content-length"};

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// Names come from strangers: what a log can't show is percent-coded, and a long one is cut.
std::string printable(std::string_view text) {
  std::string out;
  percent_encode_within(text, 128, out);
  return out;
}

Status broken(std::string message) { return Status(Code::internal, message, Origin::library); }

Status decode_binary(std::string_view name, std::string_view value, Metadata& into) {
  // Decode everything before the first entry is appended, so that a bad part leaves nothing behind.
  std::string bytes;
  std::vector<std::size_t> ends;
  while (true) {
    const std::size_t comma = value.find(',');
    if (!base64_decode(trim(value.substr(0, comma)), bytes)) {
      return broken(fmt::format("the value of the header {} is not base64", printable(name)));
    }
    if (comma == std::string_view::npos && ends.empty()) {
      into.add(name, bytes);
      return {};
    }
    ends.push_back(bytes.size());
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    into.add(name, std::string_view(bytes).substr(begin, end - begin));
    begin = end;
  }
  return {};
}

}  // namespace

// Reserved by their names, and metadata all the same: layers write and read them.
constexpr std::string_view kFieldsOfLayers[] = {"grpc-previous-rpc-attempts", "grpc-retry-pushback-ms",
                                                "grpc-trace-bin"};

bool is_protocol_field(std::string_view name) noexcept {
  if (name.starts_with(':')) return true;
  if (name.starts_with("grpc-")) return std::ranges::find(kFieldsOfLayers, name) == std::end(kFieldsOfLayers);
  return std::ranges::find(kFieldsOfHttp, name) != std::end(kFieldsOfHttp);
}

Status decode_field(std::string_view name, std::string_view value, Metadata& into) {
  if (is_protocol_field(name) || !Metadata::valid_key(name)) return {};
  if (Metadata::is_binary(name)) return decode_binary(name, value, into);
  if (Metadata::valid_ascii_value(value)) into.add(name, value);
  return {};
}

Status check_entry(Metadata::Entry entry) {
  if (!Metadata::valid_key(entry.key) || is_protocol_field(entry.key)) {
    return broken(fmt::format("metadata can't be sent: the key '{}' is {}", printable(entry.key),
                              is_protocol_field(entry.key)
                                  ? "reserved for the protocol"
                                  : "not made of lower case letters, digits, '_', '-' and '.'"));
  }
  if (!Metadata::is_binary(entry.key) && !Metadata::valid_ascii_value(entry.value)) {
    return broken(
        fmt::format("metadata can't be sent: the value of '{}' is not printable ASCII (name the key '{}-bin' to send "
                    "any bytes)",
                    printable(entry.key), printable(entry.key)));
  }
  return {};
}

Status check_metadata(const Metadata& metadata) {
  for (const Metadata::Entry entry : metadata) {
    if (Status status = check_entry(entry); !status.ok()) return status;
  }
  return {};
}

std::string_view encode_value(Metadata::Entry entry, std::string& scratch) {
  if (!Metadata::is_binary(entry.key)) return entry.value;
  scratch.clear();
  base64_encode(entry.value, scratch);
  return scratch;
}

}  // namespace pintle::wire
