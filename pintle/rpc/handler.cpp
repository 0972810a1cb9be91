#include <pintle/rpc/handler.hpp>

#include <pintle/rpc/begun_call.hpp>
#include <pintle/rpc/inspect.hpp>

namespace pintle {

std::unique_ptr<BegunCall, LetGo> Handler::begin(LayerCall&, const Message&) { return nullptr; }

Task<Result<ChannelReport>> Channel::inspect() {
  co_return Status(Code::unimplemented, "this channel can't be inspected", Origin::library);
}

}  // namespace pintle
