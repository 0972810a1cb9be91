// What a response says about its call: tables of heads, trailers and resets.
#include <pintle/client/internal/response_reader.hpp>

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include <pintle/testing/wire/frames.hpp>
#include <pintle/testing/wire/trace.hpp>

namespace pintle::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::wire::Fields;
using transport::ErrorCode;
using transport::Initiator;

// One response, piece by piece.
class Response {
 public:
  Response& head(const Fields& fields, bool end = false) {
    reader_.on_head(decoded(fields), end, head_metadata, trailer_metadata);
    return *this;
  }
  Response& trailers(const Fields& fields) {
    reader_.on_trailers(decoded(fields), trailer_metadata);
    return *this;
  }
  Response& reset(ErrorCode code, Initiator by = Initiator::peer) {
    reader_.on_reset(code, by);
    return *this;
  }
  Status outcome() const { return reader_.outcome(); }
  const ResponseReader& reader() const { return reader_; }
  Metadata head_metadata, trailer_metadata;

 private:
  const transport::Headers& decoded(const Fields& fields) {
    block_ = testing::wire::block(fields);
    list_.clear();
    EXPECT_EQ(decoder_.decode(testing::wire::as_bytes(block_), {}, list_), http2::DecodeOutcome::ok);
    return list_;
  }
  ResponseReader reader_;
  http2::HpackDecoder decoder_;
  std::string block_;
  transport::Headers list_;
};

Fields grpc_head(const Fields& more = {}) {
  Fields fields = {{":status", "200"}, {"content-type", "application/grpc"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

TEST(ResponseReader, StatusInTrailersEndsTheCall) {
  EXPECT_TRUE(Response().head(grpc_head()).trailers({{"grpc-status", "0"}}).outcome().ok());
  const Status status = Response().head(grpc_head()).trailers({{"grpc-status", "5"}, {"grpc-message", "no"}}).outcome();
  EXPECT_EQ(status, Status(Code::not_found, "no"));
  EXPECT_EQ(status.origin(), Origin::peer);
}

TEST(ResponseReader, ATrailersOnlyAnswerPutsItsMetadataIntoTheTrailers) {
  Response r;
  r.head(grpc_head({{"grpc-status", "9"}, {"x-why", "1"}}), true);
  EXPECT_EQ(r.outcome().code(), Code::failed_precondition);
  EXPECT_EQ(r.trailer_metadata.get("x-why"), "1");
  EXPECT_TRUE(r.head_metadata.empty());
  EXPECT_FALSE(r.reader().has_head());
}

TEST(ResponseReader, StatusInAHeadThatIsNotTheEndIsNotTheCalls) {
  EXPECT_TRUE(Response().head(grpc_head({{"grpc-status", "13"}})).trailers({{"grpc-status", "0"}}).outcome().ok());
  EXPECT_EQ(Response().head(grpc_head({{"grpc-status", "0"}})).outcome().code(), Code::unknown);
}

TEST(ResponseReader, AMissingStatusIsUnknown) {
  EXPECT_EQ(Response().head(grpc_head()).trailers({{"x-a", "b"}}).outcome().code(), Code::unknown);
  EXPECT_EQ(Response().head(grpc_head(), true).outcome().code(), Code::unknown);
  EXPECT_EQ(Response().head(grpc_head()).outcome().code(), Code::unknown) << "the body ended without trailers";
}

TEST(ResponseReader, StatusesThatAreNoCodeAreUnknown) {
  for (const char* text : {"17", "99", "-1", "abc", "", "0x5", "4294967296"})
    EXPECT_EQ(Response().head(grpc_head()).trailers({{"grpc-status", text}}).outcome().code(), Code::unknown) << text;
}

TEST(ResponseReader, HttpStatusesAreMappedWhereGrpcStatusIsAbsent) {
  const std::vector<std::pair<const char*, Code>> table = {
      {"400", Code::internal},      {"401", Code::unauthenticated}, {"403", Code::permission_denied},
      {"404", Code::unimplemented}, {"429", Code::unavailable},     {"431", Code::internal},
      {"502", Code::unavailable},   {"503", Code::unavailable},     {"504", Code::unavailable},
      {"204", Code::unknown},       {"302", Code::unknown},         {"408", Code::unknown},
      {"500", Code::unknown},       {"599", Code::unknown}};
  for (auto [http, code] : table) {
    Response whole;
    whole.head({{":status", http}, {"content-type", "text/html"}}, true);
    EXPECT_EQ(whole.outcome().code(), code) << http;
    EXPECT_THAT(std::string(whole.outcome().message()), HasSubstr(http));
    Response with_body;
    with_body.head({{":status", http}, {"content-type", "text/html"}});
    EXPECT_TRUE(with_body.reader().broken()) << http;
    EXPECT_EQ(with_body.outcome().code(), code) << http;
  }
}

TEST(ResponseReader, GrpcStatusBeatsTheHttpStatus) {
  EXPECT_EQ(Response().head({{":status", "503"}, {"grpc-status", "7"}}, true).outcome().code(),
            Code::permission_denied);
}

TEST(ResponseReader, AnotherContentTypeIsUnknown) {
  for (const char* type : {"text/html", "application/json", "application/grpcx", ""}) {
    Response r;
    r.head({{":status", "200"}, {"content-type", type}});
    EXPECT_TRUE(r.reader().broken());
    EXPECT_EQ(r.outcome().code(), Code::unknown) << type;
  }
  EXPECT_EQ(Response().head({{":status", "200"}}).outcome().code(), Code::unknown);
}

TEST(ResponseReader, ContentTypesOfGrpcAreTaken) {
  for (const char* type : {"application/grpc", "application/grpc+proto", "application/grpc; charset=utf-8"}) {
    Response r;
    r.head({{":status", "200"}, {"content-type", type}});
    EXPECT_FALSE(r.reader().broken()) << type;
    EXPECT_TRUE(r.reader().has_head());
  }
}

TEST(ResponseReader, AnEncodingThatNobodyOfferedIsInternalAndNamed) {
  for (const char* encoding : {"br", "snappy", "GZIP", ""}) {
    Response r;
    r.head(grpc_head({{"grpc-encoding", encoding}}));
    EXPECT_TRUE(r.reader().broken()) << encoding;
    EXPECT_EQ(r.outcome().code(), Code::internal);
    EXPECT_THAT(std::string(r.outcome().message()),
                AllOf(HasSubstr(encoding), HasSubstr("identity,gzip,deflate,zstd")));
  }
}

TEST(ResponseReader, AnEncodingThatWasOfferedIsTaken) {
  using wire::Encoding;
  for (const Encoding encoding : {Encoding::identity, Encoding::gzip, Encoding::deflate, Encoding::zstd}) {
    Response r;
    r.head(grpc_head({{"grpc-encoding", std::string(wire::encoding_name(encoding))}, {"x-a", "1"}}));
    EXPECT_FALSE(r.reader().broken());
    EXPECT_TRUE(r.reader().has_head());
    EXPECT_EQ(r.reader().encoding(), encoding);
    EXPECT_EQ(r.head_metadata.get("x-a"), "1");
    EXPECT_EQ(r.head_metadata.size(), 1u);
  }
  EXPECT_EQ(Response().head(grpc_head()).reader().encoding(), Encoding::identity);
  Response bad;
  bad.head(grpc_head({{"grpc-encoding", "gzip"}, {"raw-bin", "*"}}));
  EXPECT_EQ(bad.outcome().code(), Code::internal) << "metadata are looked at all the same";
}

TEST(ResponseReader, WhatTheServerTakesIsNoMetadata) {
  Response r;
  r.head(grpc_head({{"grpc-accept-encoding", "gzip"}})).trailers({{"grpc-status", "0"}});
  EXPECT_TRUE(r.outcome().ok());
  EXPECT_TRUE(r.head_metadata.empty());
  EXPECT_EQ(Response().head({{":status", "200"}, {"grpc-accept-encoding", "gzip"}}).outcome().code(), Code::unknown)
      << "a head needs its content-type";
  EXPECT_EQ(Response()
                .head({{":status", "503"}, {"content-type", "application/grpc"}, {"grpc-accept-encoding", "gzip"}})
                .outcome()
                .code(),
            Code::unavailable);
}

TEST(ResponseReader, TheMessageIsPercentDecodedAndNeverLost) {
  auto message = [](const char* coded) {
    return std::string(
        Response().head(grpc_head({{"grpc-status", "2"}, {"grpc-message", coded}}), true).outcome().message());
  };
  EXPECT_EQ(message("caf%C3%A9 100%25"), "caf\xc3\xa9 100%");
  EXPECT_EQ(message("bad %zz end%"), "bad %zz end%");
  EXPECT_EQ(message("%FF"), "\xef\xbf\xbd");
}

TEST(ResponseReader, DetailsAreDecodedPaddedOrNot) {
  for (const char* coded : {"CAUBAg", "CAUBAg=="}) {
    const Status status =
        Response().head(grpc_head()).trailers({{"grpc-status", "5"}, {"grpc-status-details-bin", coded}}).outcome();
    EXPECT_EQ(status.details(), "\x08\x05\x01\x02") << coded;
  }
  const Status broken =
      Response().head(grpc_head()).trailers({{"grpc-status", "5"}, {"grpc-status-details-bin", "*"}}).outcome();
  EXPECT_EQ(broken.code(), Code::not_found) << "bad details don't hide the status";
  EXPECT_EQ(broken.details(), "");
}

TEST(ResponseReader, ResetsOfTheServerAreMapped) {
  const std::vector<std::pair<ErrorCode, Code>> table = {{ErrorCode::no_error, Code::internal},
                                                         {ErrorCode::protocol_error, Code::internal},
                                                         {ErrorCode::internal_error, Code::internal},
                                                         {ErrorCode::flow_control_error, Code::internal},
                                                         {ErrorCode::refused_stream, Code::unavailable},
                                                         {ErrorCode::cancel, Code::cancelled},
                                                         {ErrorCode::enhance_your_calm, Code::resource_exhausted},
                                                         {ErrorCode::inadequate_security, Code::permission_denied},
                                                         {static_cast<ErrorCode>(0x77), Code::internal}};
  for (auto [error, code] : table) {
    Response r;
    r.head(grpc_head()).reset(error);
    EXPECT_EQ(r.outcome().code(), code) << static_cast<int>(error);
    EXPECT_EQ(r.outcome().origin(), Origin::peer);
    EXPECT_EQ(r.reader().refused(), error == ErrorCode::refused_stream);
  }
}

TEST(ResponseReader, ALostConnectionIsUnavailable) {
  const Status status = Response().head(grpc_head()).reset(ErrorCode::no_error, Initiator::library).outcome();
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_EQ(status.origin(), Origin::library);
  EXPECT_EQ(Response().reset(ErrorCode::protocol_error, Initiator::library).outcome().code(), Code::internal);
}

TEST(ResponseReader, AResetAfterTheStatusChangesNothing) {
  EXPECT_TRUE(Response().head(grpc_head()).trailers({{"grpc-status", "0"}}).reset(ErrorCode::no_error).outcome().ok());
  EXPECT_EQ(Response().head(grpc_head()).trailers({{"grpc-status", "8"}}).reset(ErrorCode::cancel).outcome().code(),
            Code::resource_exhausted);
}

TEST(ResponseReader, MetadataKeepTheirOrderAndBinaryOnesAreDecoded) {
  Response r;
  r.head(grpc_head({{"x-a", "1"}, {"x-a", "2"}, {"raw-bin", "AP8,AA=="}}))
      .trailers({{"grpc-status", "0"}, {"x-t", "3"}});
  EXPECT_THAT(r.head_metadata.all("x-a"), ::testing::ElementsAre("1", "2"));
  EXPECT_THAT(r.head_metadata.all("raw-bin"),
              ::testing::ElementsAre(std::string_view("\0\xff", 2), std::string_view("\0", 1)));
  EXPECT_EQ(r.trailer_metadata.get("x-t"), "3");
  EXPECT_EQ(r.trailer_metadata.size(), 1u) << "what belongs to the protocol is no metadata";
  EXPECT_TRUE(r.outcome().ok());
}

TEST(ResponseReader, BadBase64InMetadataFailsTheCallButDoesNotHideAnError) {
  EXPECT_EQ(Response().head(grpc_head({{"raw-bin", "*"}})).outcome().code(), Code::internal);
  EXPECT_EQ(Response().head(grpc_head()).trailers({{"grpc-status", "0"}, {"raw-bin", "*"}}).outcome().code(),
            Code::internal);
  EXPECT_EQ(Response().head(grpc_head()).trailers({{"grpc-status", "5"}, {"raw-bin", "*"}}).outcome().code(),
            Code::not_found);
}

}  // namespace
}  // namespace pintle::client
