// What the guides to observability and operations say of their code.
#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>

#include "telling_service.hpp"
#include <pintle/rpc/details.hpp>
#include <pintle/telemetry/metrics/metric_registry.hpp>
#include <pintle/telemetry/metrics/prometheus_text.hpp>
#include <pintle/telemetry/test_support/kept_spans.hpp>
#include <pintle/telemetry/tracing/tracing_layer.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>

namespace guides {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

struct TellingTest : ::testing::Test {
  TellingTest() {
    EXPECT_TRUE(server.server().add(service).ok());
    server.server().add_layer(std::make_shared<pintle::TracingLayer>(
        std::make_shared<pintle::Tracer>(pintle::Sampler(), &kept, server.loop().clock(), [] { return 0.5; }),
        pintle::Propagation()));
  }
  pintle::Result<Note> add(std::string room) {
    Note note;
    note.set_room(std::move(room));
    v1::Notes::Stub stub(server.channel());
    return server.loop().run(stub.Add(note));
  }
  pintle::ServerOptions options() {
    pintle::ServerOptions made;
    made.exceptions = [this](const std::exception_ptr& thrown) { return errors.judge(thrown); };
    return made;
  }
  pintle::ErrorTable errors{"notes"};
  pintle::MetricRegistry registry;
  Telling service{pintle::Meters(&registry)};
  pintle::test::KeptSpans kept;
  pintle::testing::InMemoryServer server{options()};
};

TEST_F(TellingTest, ItsCounterAndItsSpansAreThere) {
  EXPECT_TRUE(add("kitchen"));
  std::string text;
  write_metrics(registry.gather(), pintle::MetricText::prometheus, text);
  EXPECT_THAT(text, HasSubstr("notes_added_total 1\n"));
  ASSERT_THAT(kept.spans, SizeIs(2));
  EXPECT_EQ(kept.at(0).name, "look for the room");
  EXPECT_EQ(kept.at(0).parent, kept.at(1).context.span);
  EXPECT_EQ(pintle::test::attribute(kept.at(1), "notes.room"), "kitchen");
}

TEST_F(TellingTest, ItsErrorHasItsCodeAndItsDetails) {
  const auto answer = add("nowhere");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), pintle::Status(pintle::Code::not_found, "there is no room nowhere"));
  EXPECT_EQ(pintle::detail_of<google::rpc::ErrorInfo>(answer.error())->reason(), "ROOM_NOT_FOUND");
  EXPECT_TRUE(kept.at(0).failed);
}

}  // namespace
}  // namespace guides
