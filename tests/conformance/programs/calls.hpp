// The calls that the runner wants from a client under test.
#pragma once

#include <memory>

#include <connectrpc/conformance/v1/client_compat.pb.h>

#include <pintle/async/task.hpp>
#include <pintle/rpc/handler.hpp>

namespace conformance {

namespace suite = connectrpc::conformance::v1;

// Makes the call and tells what came of it, as an `error` where the request asks for what can't be done. Both arguments
// outlive the task.
pintle::Task<suite::ClientCompatResponse> make_call(const std::shared_ptr<pintle::Channel>& channel,
                                                    const suite::ClientCompatRequest& wanted);

}  // namespace conformance
