// connectrpc.conformance.v1.ConformanceService: answers what each request defines, and tells what it saw of it.
#pragma once

#include <connectrpc/conformance/v1/service.pintle.hpp>

namespace conformance {

namespace suite = connectrpc::conformance::v1;

// Stateless. Unimplemented is not overridden: some cases call it.
class ConformanceService final : public suite::ConformanceService::Service {
 public:
  pintle::Task<pintle::Status> UnaryInto(pintle::Call& call, const suite::UnaryRequest& request,
                                         suite::UnaryResponse& response) override;
  pintle::Task<pintle::Status> IdempotentUnaryInto(pintle::Call& call, const suite::IdempotentUnaryRequest& request,
                                                   suite::IdempotentUnaryResponse& response) override;
  pintle::Task<pintle::Status> ServerStream(pintle::Call& call, const suite::ServerStreamRequest& request,
                                            pintle::Writer<suite::ServerStreamResponse>& responses) override;
  pintle::Task<pintle::Result<suite::ClientStreamResponse>> ClientStream(
      pintle::Call& call, pintle::Reader<suite::ClientStreamRequest>& requests) override;
  pintle::Task<pintle::Status> BidiStream(pintle::Call& call, pintle::Reader<suite::BidiStreamRequest>& requests,
                                          pintle::Writer<suite::BidiStreamResponse>& responses) override;
};

}  // namespace conformance
