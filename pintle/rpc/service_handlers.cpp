#include <pintle/rpc/service_handlers.hpp>

#include <string>

namespace pintle {

Status detail::malformed_message(std::string_view type) {
  return Status(Code::internal, fmt::format("the bytes of a message are not a {}", type), Origin::library);
}

namespace codegen {

Status unimplemented_method(const Call& call) {
  return Status(Code::unimplemented, fmt::format("the method {} is not implemented", call.method().path),
                Origin::library);
}

Status missing_request() {
  return Status(Code::unimplemented, "the call ended without a request message; its method takes exactly one",
                Origin::library);
}

Status second_request() {
  return Status(Code::unimplemented, "the call brought a second request message; its method takes exactly one",
                Origin::library);
}

Task<Result<const void*>> only_request(LayerCall& call) {
  Result<Message*> first = co_await call.read();
  if (!first) co_return std::unexpected(std::move(first).error());
  if (*first == nullptr) co_return std::unexpected(missing_request());
  call.facts.read_compressed = (*first)->was_compressed();
  const void* request = (*first)->object();
  if (request == nullptr) co_return std::unexpected(pintle::detail::malformed_message(call.method().request->name()));
  if ((*first)->is_last()) co_return request;
  Result<Message*> second = co_await call.read();
  if (!second) co_return std::unexpected(std::move(second).error());
  if (*second != nullptr) co_return std::unexpected(second_request());
  co_return request;
}

}  // namespace codegen
}  // namespace pintle
