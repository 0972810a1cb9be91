#include <pintle/rpc/handler.hpp>

#include <pintle/rpc/inspect.hpp>

namespace pintle {

Task<Result<ChannelReport>> Channel::inspect() {
  co_return Status(Code::unimplemented, "this channel can't be inspected", Origin::library);
}

}  // namespace pintle
