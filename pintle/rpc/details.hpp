// google.rpc.Status details: typed messages that travel with an error (grpc-status-details-bin).
#pragma once

#include <optional>
#include <utility>

#include <google/protobuf/message.h>
#include <google/rpc/status.pb.h>

#include <pintle/base/status.hpp>

namespace pintle {

// The same status with one more detail, for instance a google.rpc.BadRequest. An OK status stays as it is.
Status with_detail(const Status& status, const google::protobuf::Message& detail);
inline Error with_detail(const Error& error, const google::protobuf::Message& detail) {
  return Error(with_detail(error.status(), detail));
}

// The same status with another message, in its details too, where some clients look whether both agree.
Status reworded(const Status& status, std::string_view message);

// The first detail of that type; nullopt when there is none or the bytes are malformed.
template <class T>
std::optional<T> detail_of(const Status& status) {
  google::rpc::Status all;
  if (!all.ParseFromArray(status.details().data(), static_cast<int>(status.details().size()))) return std::nullopt;
  T found;
  for (const auto& any : all.details())
    if (any.UnpackTo(&found)) return found;
  return std::nullopt;
}

}  // namespace pintle
