// Metadata and statuses as the suite's messages say them, and back.
#pragma once

#include <connectrpc/conformance/v1/service.pb.h>
#include <google/protobuf/repeated_ptr_field.h>

#include <pintle/base/metadata.hpp>
#include <pintle/base/status.hpp>

namespace conformance {

namespace suite = connectrpc::conformance::v1;

using Headers = google::protobuf::RepeatedPtrField<suite::Header>;

// One header for each key, with its values in order; those of "-bin" keys as base64.
void to_headers(const pintle::Metadata& metadata, Headers& headers);
// Adds every value; keys in lower case, those of "-bin" keys decoded where they are base64.
void add_headers(const Headers& headers, pintle::Metadata& metadata);

suite::Error to_error(const pintle::Status& status);
pintle::Status to_status(const suite::Error& error);

}  // namespace conformance
