#include <pintle/services/reflection/reflection_service.hpp>

#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <grpc/reflection/v1/reflection.pintle.hpp>
#include <grpc/reflection/v1alpha/reflection.pintle.hpp>

#include <pintle/services/reflection/proto_files.hpp>

namespace pintle {

namespace {

namespace v1 = grpc::reflection::v1;
namespace v1alpha = grpc::reflection::v1alpha;

// The two versions have the same messages under two names.
template <class Base, class Request, class Response>
class ReflectionService final : public Base {
 public:
  explicit ReflectionService(const std::vector<const ServiceInfo*>& services) : services_(services) {}

  Task<Status> ServerReflectionInfo(Call&, Reader<Request>& in, Writer<Response>& out) override {
    std::set<const ProtoFiles::File*> sent;
    for (;;) {
      Result<const Request*> request = co_await in.read();
      if (!request) co_return std::move(request).error();
      if (*request == nullptr) co_return Status();
      if (Status written = co_await out.write(answer(**request, sent)); !written.ok()) co_return written;
    }
  }

 private:
  Response answer(const Request& request, std::set<const ProtoFiles::File*>& sent) const {
    Response response;
    response.set_valid_host(request.host());
    *response.mutable_original_request() = request;
    switch (request.message_request_case()) {
      case Request::kFileByFilename:
        give_file(files_.by_name(request.file_by_filename()), request.file_by_filename(), sent, response);
        break;
      case Request::kFileContainingSymbol:
        give_file(files_.with_symbol(request.file_containing_symbol()), request.file_containing_symbol(), sent,
                  response);
        break;
      case Request::kFileContainingExtension: {
        const auto& wanted = request.file_containing_extension();
        give_file(files_.with_extension(wanted.containing_type(), wanted.extension_number()),
                  fmt::format("extension {} of {}", wanted.extension_number(), wanted.containing_type()), sent,
                  response);
        break;
      }
      case Request::kAllExtensionNumbersOfType:
        give_numbers(request.all_extension_numbers_of_type(), response);
        break;
      case Request::kListServices:
        for (const ServiceInfo* service : services_)
          response.mutable_list_services_response()->add_service()->set_name(std::string(service->name));
        break;
      default:
        fail(Code::invalid_argument, "the request asks for nothing", response);
    }
    return response;
  }

  static void give_file(const ProtoFiles::File* file, const std::string& wanted,
                        std::set<const ProtoFiles::File*>& sent, Response& response) {
    if (file == nullptr) return not_there(wanted, response);
    for (std::string& text : with_imports(*file, sent))
      response.mutable_file_descriptor_response()->add_file_descriptor_proto(std::move(text));
  }
  void give_numbers(const std::string& type, Response& response) const {
    const auto numbers = files_.extension_numbers(type);
    if (!numbers) return not_there(type, response);
    auto& list = *response.mutable_all_extension_numbers_response();
    list.set_base_type_name(type);
    for (const std::int32_t number : *numbers) list.add_extension_number(number);
  }
  static void not_there(const std::string& wanted, Response& response) {
    fail(Code::not_found, fmt::format("{} is not there", wanted), response);
  }
  static void fail(Code code, std::string message, Response& response) {
    response.mutable_error_response()->set_error_code(static_cast<std::int32_t>(code));
    response.mutable_error_response()->set_error_message(std::move(message));
  }

  const std::vector<const ServiceInfo*>& services_;
  const ProtoFiles files_;
};

}  // namespace

std::unique_ptr<Service> make_reflection_service(const std::vector<const ServiceInfo*>& services) {
  return std::make_unique<
      ReflectionService<v1::ServerReflection::Service, v1::ServerReflectionRequest, v1::ServerReflectionResponse>>(
      services);
}

std::unique_ptr<Service> make_reflection_service_v1alpha(const std::vector<const ServiceInfo*>& services) {
  return std::make_unique<ReflectionService<v1alpha::ServerReflection::Service, v1alpha::ServerReflectionRequest,
                                            v1alpha::ServerReflectionResponse>>(services);
}

}  // namespace pintle
