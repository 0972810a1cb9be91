#include <pintle/rpc/details.hpp>

#include <string>

namespace pintle {

Status with_detail(const Status& status, const google::protobuf::Message& detail) {
  if (status.ok()) return status;
  google::rpc::Status all;
  if (!all.ParseFromArray(status.details().data(), static_cast<int>(status.details().size()))) all.Clear();
  all.set_code(static_cast<int>(status.code()));
  all.set_message(std::string(status.message()));
  all.add_details()->PackFrom(detail);
  return status.with_details(all.SerializeAsString());
}

Status reworded(const Status& status, std::string_view message) {
  Status other = status.with_message(message);
  google::rpc::Status all;
  if (status.details().empty() ||
      !all.ParseFromArray(status.details().data(), static_cast<int>(status.details().size())))
    return other.with_details({});
  all.set_message(std::string(message));
  return other.with_details(all.SerializeAsString());
}

}  // namespace pintle
