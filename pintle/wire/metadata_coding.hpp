// Metadata on their way between a call and its header fields (grpc/doc/PROTOCOL-HTTP2.md, "Custom-Metadata").
#pragma once

#include <string>
#include <string_view>

#include <pintle/base/metadata.hpp>
#include <pintle/base/status.hpp>

namespace pintle::wire {

// A field that belongs to the protocol and is never metadata: pseudo-headers, "grpc-*", content-type and te; the fields
// that speak of one connection, which make an HTTP/2 message malformed (RFC 9113 section 8.2.2), and host and
// content-length, which contradict what is sent beside them (sections 8.1.1 and 8.3.1). Of "grpc-*" three are metadata:
// grpc-previous-rpc-attempts and grpc-retry-pushback-ms (gRFC A6) and grpc-trace-bin, which layers set and read.
// user-agent is metadata on the receiving side. REQUIRES: lower case.
bool is_protocol_field(std::string_view name) noexcept;

// Appends what one received field means to `into`:
// - protocol fields are skipped;
// - a "-bin" value is split at ',' first, then each part is decoded into an entry of its own, in order; when a part is
//   not base64 nothing is appended and the result is INTERNAL, which fails this call only;
// - a name or an ASCII value that HTTP allows and gRPC does not is dropped without an error. (The specification lets us
//   drop or accept it; an accepted one could not be echoed, because encode_entry would refuse it.)
Status decode_field(std::string_view name, std::string_view value, Metadata& into);

// Whether an entry may be sent: INTERNAL with the key's name when its key or its value is not what gRPC allows.
Status check_entry(Metadata::Entry entry);
// The first entry of all that may not be sent, or OK.
Status check_metadata(const Metadata& metadata);

// The value that travels: the entry's own, or for a "-bin" key its base64, written into `scratch` (which is
// overwritten). Valid as long as both are. REQUIRES: check_entry(entry).ok().
std::string_view encode_value(Metadata::Entry entry, std::string& scratch);

}  // namespace pintle::wire
