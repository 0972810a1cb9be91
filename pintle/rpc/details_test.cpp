#include <pintle/rpc/details.hpp>

#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>

namespace pintle {
namespace {

TEST(Details, TravelWithTheStatus) {
  google::rpc::ErrorInfo info;
  info.set_reason("STOCKOUT");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(3);
  const Status plain(Code::resource_exhausted, "none left");
  const Status status = with_detail(with_detail(plain, info), retry);
  EXPECT_EQ(status, plain) << "code and message are the same";
  EXPECT_EQ(detail_of<google::rpc::ErrorInfo>(status)->reason(), "STOCKOUT");
  EXPECT_EQ(detail_of<google::rpc::RetryInfo>(status)->retry_delay().seconds(), 3);
  EXPECT_FALSE(detail_of<google::rpc::BadRequest>(status));
}

TEST(Details, OnTheWireSayTheSameCodeAndMessage) {
  const Status status = with_detail(Status(Code::not_found, "no such item"), google::rpc::ErrorInfo());
  google::rpc::Status wire;
  ASSERT_TRUE(wire.ParseFromString(std::string(status.details())));
  EXPECT_EQ(wire.code(), 5);
  EXPECT_EQ(wire.message(), "no such item");
  EXPECT_EQ(wire.details_size(), 1);
}

TEST(Details, AnErrorTakesThemToo) {
  google::rpc::ErrorInfo info;
  info.set_reason("WHY");
  const Error error = with_detail(not_found("no such item"), info);
  EXPECT_EQ(detail_of<google::rpc::ErrorInfo>(error.status())->reason(), "WHY");
}

TEST(Details, AreRewordedInBothPlaces) {
  google::rpc::ErrorInfo info;
  info.set_reason("WHY");
  const Status status = reworded(with_detail(Status(Code::internal, "secret"), info), "told");
  EXPECT_EQ(status, Status(Code::internal, "told"));
  google::rpc::Status all;
  ASSERT_TRUE(all.ParseFromString(std::string(status.details())));
  EXPECT_EQ(all.message(), "told");
  EXPECT_EQ(detail_of<google::rpc::ErrorInfo>(status)->reason(), "WHY");
  EXPECT_TRUE(reworded(Status(Code::internal, "secret"), "told").details().empty());
}

TEST(Details, OkHasNone) {
  const Status ok = with_detail(Status(), google::rpc::ErrorInfo());
  EXPECT_TRUE(ok.ok());
  EXPECT_FALSE(detail_of<google::rpc::ErrorInfo>(ok));
}

TEST(Details, BytesThatAreNoStatusGiveNone) {
  const Status status = Status(Code::internal, "x").with_details("\xff\xff garbage");
  EXPECT_FALSE(detail_of<google::rpc::ErrorInfo>(status));
  EXPECT_TRUE(detail_of<google::rpc::ErrorInfo>(with_detail(status, google::rpc::ErrorInfo())));
}

}  // namespace
}  // namespace pintle
