#include <pintle/middleware/errors/error_table.hpp>

#include <stdexcept>

#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>

#include <pintle/rpc/details.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using google::rpc::BadRequest;
using google::rpc::ErrorInfo;
using google::rpc::QuotaFailure;
using google::rpc::ResourceInfo;
using google::rpc::RetryInfo;

template <class E>
std::exception_ptr thrown(E e) {
  return std::make_exception_ptr(std::move(e));
}

TEST(ErrorTable, EachKindHasItsCodeAndSaysWhoseReasonItIs) {
  const ErrorTable table("items.example.com");
  const std::pair<ErrorKind, Code> rows[] = {
      {ErrorKind::validation, Code::invalid_argument},  {ErrorKind::not_found, Code::not_found},
      {ErrorKind::unauthorized, Code::unauthenticated}, {ErrorKind::forbidden, Code::permission_denied},
      {ErrorKind::conflict, Code::already_exists},      {ErrorKind::rate_limit, Code::resource_exhausted},
      {ErrorKind::external_service, Code::unavailable}, {ErrorKind::database, Code::internal},
      {ErrorKind::timeout, Code::deadline_exceeded}};
  static_assert(std::size(rows) == kErrorKinds);
  for (const auto& [kind, code] : rows) {
    const Status status = table.status_of(DomainError(kind, "why"));
    EXPECT_EQ(status, Status(code, "why"));
    EXPECT_EQ(detail_of<ErrorInfo>(status)->reason(), kind_name(kind));
    EXPECT_EQ(detail_of<ErrorInfo>(status)->domain(), "items.example.com");
  }
}

TEST(ErrorTable, WhatTheErrorKnowsTravelsAsDetails) {
  const Status status = ErrorTable("d").status_of(DomainError(ErrorKind::rate_limit, "too many")
                                                      .reason("TOO_MANY")
                                                      .metadata("limit", "10")
                                                      .resource("item", "7")
                                                      .violation("item.sku", "is empty")
                                                      .violation("item.name", "is too long")
                                                      .quota("user:ann", "10 a second")
                                                      .retry_after(1500ms));
  EXPECT_EQ(detail_of<ErrorInfo>(status)->reason(), "TOO_MANY");
  EXPECT_EQ(detail_of<ErrorInfo>(status)->metadata().at("limit"), "10");
  EXPECT_EQ(detail_of<ResourceInfo>(status)->resource_type(), "item");
  EXPECT_EQ(detail_of<ResourceInfo>(status)->resource_name(), "7");
  ASSERT_EQ(detail_of<BadRequest>(status)->field_violations_size(), 2);
  EXPECT_EQ(detail_of<BadRequest>(status)->field_violations(1).field(), "item.name");
  EXPECT_EQ(detail_of<QuotaFailure>(status)->violations(0).subject(), "user:ann");
  EXPECT_EQ(detail_of<RetryInfo>(status)->retry_delay().seconds(), 1);
  EXPECT_EQ(detail_of<RetryInfo>(status)->retry_delay().nanos(), 500'000'000);
}

TEST(ErrorTable, WhatItDoesNotKnowIsNotThere) {
  const Status status = ErrorTable("d").status_of(DomainError(ErrorKind::rate_limit, ""));
  EXPECT_FALSE(detail_of<BadRequest>(status));
  EXPECT_FALSE(detail_of<ResourceInfo>(status));
  EXPECT_FALSE(detail_of<QuotaFailure>(status));
  EXPECT_FALSE(detail_of<RetryInfo>(status));
}

TEST(ErrorTable, JudgesDomainErrorsAndNothingElse) {
  const ErrorTable table("d");
  const auto verdict = table.judge(thrown(DomainError(ErrorKind::not_found, "no item").cause("row 7 is gone")));
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->status, Status(Code::not_found, "no item"));
  EXPECT_FALSE(verdict->secret);
  EXPECT_EQ(verdict->log, "row 7 is gone");
  EXPECT_FALSE(table.judge(thrown(std::runtime_error("boom"))));
  EXPECT_FALSE(table.judge(thrown(7)));
}

TEST(ErrorTable, TheTextOfAnInternalErrorIsSecret) {
  ErrorTable table("d");
  EXPECT_TRUE(table.judge(thrown(DomainError(ErrorKind::database, "SELECT * FROM")))->secret);
  EXPECT_FALSE(table.judge(thrown(DomainError(ErrorKind::timeout, "")))->secret);
  table.set_code(ErrorKind::timeout, Code::internal);
  EXPECT_TRUE(table.judge(thrown(DomainError(ErrorKind::timeout, "")))->secret);
}

TEST(ErrorTable, ExceptionsOfTheApplicationAreAddedAndTheLastIsAskedFirst) {
  ErrorTable table("d");
  table.add<std::exception>([](const std::exception&) { return DomainError(ErrorKind::external_service, "some"); });
  table.add<std::logic_error>([](const std::logic_error& e) { return DomainError(ErrorKind::conflict, e.what()); });
  EXPECT_EQ(table.judge(thrown(std::out_of_range("seven")))->status, Status(Code::already_exists, "seven"))
      << "derived from logic_error";
  EXPECT_EQ(table.judge(thrown(std::runtime_error("x")))->status, Status(Code::unavailable, "some"));
  EXPECT_EQ(table.judge(thrown(DomainError(ErrorKind::not_found, "")))->status.code(), Code::unavailable)
      << "a DomainError is a std::exception too";
  EXPECT_FALSE(table.judge(thrown(7)));
}

TEST(DomainError, ACopyThatIsChangedChangesAlone) {
  const DomainError first(ErrorKind::conflict, "taken");
  DomainError second = first;
  second.reason("SKU_TAKEN");
  EXPECT_EQ(first.parts().reason, "CONFLICT");
  EXPECT_EQ(second.parts().reason, "SKU_TAKEN");
  EXPECT_STREQ(second.what(), "taken");
}

}  // namespace
}  // namespace pintle
