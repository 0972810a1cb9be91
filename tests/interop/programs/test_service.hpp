// grpc.testing.TestService, the service that the interoperability cases call (grpc/doc/interop-test-descriptions.md).
#pragma once

#include <grpc/testing/test.pintle.hpp>

namespace interop {

// Stateless. UnimplementedCall is not overridden, and UnimplementedService is not served: some cases call them.
class TestService final : public grpc::testing::TestService::Service {
 public:
  pintle::Task<pintle::Result<grpc::testing::Empty>> EmptyCall(pintle::Call& call,
                                                               const grpc::testing::Empty& request) override;
  pintle::Task<pintle::Status> UnaryCallInto(pintle::Call& call, const grpc::testing::SimpleRequest& request,
                                             grpc::testing::SimpleResponse& response) override;
  pintle::Task<pintle::Status> CacheableUnaryCallInto(pintle::Call& call, const grpc::testing::SimpleRequest& request,
                                                      grpc::testing::SimpleResponse& response) override;
  pintle::Task<pintle::Status> StreamingOutputCall(
      pintle::Call& call, const grpc::testing::StreamingOutputCallRequest& request,
      pintle::Writer<grpc::testing::StreamingOutputCallResponse>& responses) override;
  pintle::Task<pintle::Result<grpc::testing::StreamingInputCallResponse>> StreamingInputCall(
      pintle::Call& call, pintle::Reader<grpc::testing::StreamingInputCallRequest>& requests) override;
  pintle::Task<pintle::Status> FullDuplexCall(
      pintle::Call& call, pintle::Reader<grpc::testing::StreamingOutputCallRequest>& requests,
      pintle::Writer<grpc::testing::StreamingOutputCallResponse>& responses) override;
  pintle::Task<pintle::Status> HalfDuplexCall(
      pintle::Call& call, pintle::Reader<grpc::testing::StreamingOutputCallRequest>& requests,
      pintle::Writer<grpc::testing::StreamingOutputCallResponse>& responses) override;
};

}  // namespace interop
