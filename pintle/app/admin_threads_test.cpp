// The pages of a whole process.
#include <gmock/gmock.h>

#include <pintle/app/test_support/app_process.hpp>

namespace pintle {
namespace {

using test::ask_http;
using test::Client;
using test::Process;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct AdminOfAnApp : test::Apps {
  static std::string get(const Process& process, std::string_view path) {
    return ask_http(process.value_of("admin"), "GET " + std::string(path));
  }
  static std::string post(const Process& process, std::string_view path) {
    return ask_http(process.value_of("admin"), "POST " + std::string(path), "Content-Length: 0\r\n");
  }
};

TEST_F(AdminOfAnApp, MetricsAreThoseOfTheCallsThatWereMade) {
  Process process(any_port());
  Client client(process.ready());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.fast(), Status());
  EXPECT_EQ(client.ask("/probe/nowhere").code(), Code::unimplemented);
  const std::string text = get(process, "/metrics");
  EXPECT_THAT(text, StartsWith("HTTP/1.1 200"));
  for (const char* line :
       {"grpc_server_handled_total{grpc_type=\"bidi_stream\",grpc_service=\"probe\",grpc_method=\"fast\",grpc_code="
        "\"OK\"} 3",
        "grpc_server_call_started_total{grpc_method=\"probe/fast\"} 3",
        "rpc_server_call_duration_seconds_count{rpc_system_name=\"grpc\",rpc_method=\"probe/"
        "fast\",rpc_response_status_code="
        "\"OK\"} 3",
        "grpc_server_call_started_total{grpc_method=\"other\"} 1",
        "grpc_server_started_total{grpc_type=\"bidi_stream\",grpc_service=\"probe\",grpc_method=\"slow\"} 0",
        "build_info{service=\"probe\"", "pintle_listener_accepted_total{server_address=", "pintle_memory_limit_bytes ",
        "pintle_loop_lag_seconds{loop=\"0\"} ", "process_resident_memory_bytes "})
    EXPECT_THAT(text, HasSubstr(std::string("\n") + line));
  EXPECT_THAT(ask_http(process.value_of("admin"), "GET /metrics", "Accept: application/openmetrics-text\r\n"),
              AllOf(HasSubstr("application/openmetrics-text; version=1.0.0"), HasSubstr("# EOF\n")));
}

TEST_F(AdminOfAnApp, ItLivesAndIsReadyUntilWhatItDependsOnIsDown) {
  Process process(any_port());
  process.ready();
  EXPECT_THAT(get(process, "/livez"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get(process, "/readyz"), StartsWith("HTTP/1.1 200"));

  Process dependent(any_port(), Process::Story::companions);
  dependent.ready();
  dependent.await("a dependency is down");
  EXPECT_THAT(get(dependent, "/livez"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get(dependent, "/readyz"),
              AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("database: UNAVAILABLE: refused")));
  EXPECT_THAT(get(dependent, "/readyz?format=json"), HasSubstr(R"("database":{"up":false,"critical":true)"));
}

TEST_F(AdminOfAnApp, AHandlerThatHoldsItsLoopIsNamedAndTheProcessDoesNotLiveMeanwhile) {
  Process process(with({"--server.threads=1", "--server.loop_hold=20ms"}));
  Client client(process.ready());
  std::thread caller([&] { EXPECT_EQ(client.ask("/probe/held"), Status()); });
  EXPECT_THAT(process.log_until("holds its loop"), HasSubstr(R"("method":"/probe/held","loop":0)"));
  EXPECT_THAT(get(process, "/livez"), StartsWith("HTTP/1.1 503"));
  process.release();
  caller.join();
  EXPECT_THAT(get(process, "/livez"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get(process, "/metrics"), HasSubstr(R"(pintle_loop_holds_total{rpc_method="/probe/held"} 1)"));
}

TEST_F(AdminOfAnApp, TheConfigurationIsShownWithItsOrigins) {
  Process process(with({"--server.workers=3"}));
  process.ready();
  EXPECT_THAT(get(process, "/config"), HasSubstr("workers: 3  # --server.workers"));
}

TEST_F(AdminOfAnApp, TheLogLevelChangesWhileItRuns) {
  Process process(any_port());
  process.ready();
  EXPECT_THAT(get(process, "/log_level"), HasSubstr("\r\n\r\ninfo\n"));
  EXPECT_THAT(post(process, "/log_level?level=loud"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(post(process, "/log_level?level=error"), HasSubstr("\r\n\r\nerror\n"));
  process.log_until("the log level changed");
  EXPECT_THAT(post(process, "/log_level?level=debug"), HasSubstr("\r\n\r\ndebug\n"));
  EXPECT_THAT(process.log_until("the log level changed"), HasSubstr(R"("from":"error","to":"debug")"));
  EXPECT_THAT(get(process, "/log_level?format=json"), HasSubstr(R"({"level":"debug"})"));
}

TEST_F(AdminOfAnApp, ConnectionsAreListed) {
  Process process(any_port());
  Client client(process.ready());
  EXPECT_EQ(client.fast(), Status());
  EXPECT_THAT(get(process, "/connections"), HasSubstr("ipv4:127.0.0.1:"));
  EXPECT_THAT(get(process, "/connections?format=json"), HasSubstr(R"("streams_opened":1)"));
}

TEST_F(AdminOfAnApp, DrainEndsItAsASignalDoes) {
  Process process(any_port());
  process.ready();
  EXPECT_THAT(get(process, "/drain"), StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(post(process, "/drain"), StartsWith("HTTP/1.1 202"));
  EXPECT_EQ(process.end(), 0);
}

// As a preStop hook asks, which may be tried again, before kubelet sends SIGTERM.
TEST_F(AdminOfAnApp, DrainTakesNothingFromTheGraceTimeHoweverOftenItIsAsked) {
  Process process(with({"--server.shutdown_grace=1h"}));
  Client client(process.ready());
  std::thread caller([&] { EXPECT_EQ(client.slow().code(), Code::unavailable); });
  process.log_until("the slow call runs");
  for (int i = 0; i < 2; ++i) EXPECT_THAT(post(process, "/drain"), StartsWith("HTTP/1.1 202"));
  process.signal(SIGTERM);
  EXPECT_THAT(process.log_until("SIGTERM"), AllOf(HasSubstr(R"("again":false)"), Not(HasSubstr(R"("again":true)"))));
  EXPECT_THAT(get(process, "/livez"), StartsWith("HTTP/1.1 200"));
  process.signal(SIGTERM);
  EXPECT_THAT(process.log_until("\"stopped\""), HasSubstr(R"("again":true)"));
  EXPECT_EQ(process.end(), 0);
  caller.join();
}

TEST_F(AdminOfAnApp, ProbesHaveAPortOfTheirOwnWithoutThePagesThatChangeThings) {
  Process process(with({"--admin.probes=127.0.0.1:0", "--admin.enabled=false"}));
  process.ready();
  EXPECT_THAT(get(process, "/livez"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get(process, "/metrics"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(post(process, "/drain"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(get(process, "/config"), StartsWith("HTTP/1.1 404"));
}

TEST_F(AdminOfAnApp, APortThatIsTakenIsAnErrorWhereSomebodyChoseItOnly) {
  Process first(any_port());
  first.ready();
  const std::string admin = first.value_of("admin");
  Process second(with({"--admin.port=" + admin.substr(admin.rfind(':') + 1)}));
  EXPECT_THAT(second.log_until("can't listen"), HasSubstr(admin));
  EXPECT_EQ(second.end(), 1);
}

TEST_F(AdminOfAnApp, WrongAddressesAreErrorsOfTheConfiguration) {
  Process process(with({"--admin.probes=everywhere"}));
  EXPECT_THAT(process.log_until("admin.probes"), HasSubstr("write 0.0.0.0:9902"));
  EXPECT_EQ(process.end(), 2);
  Process other(with({"--admin.host=localhost"}));
  EXPECT_THAT(other.log_until("admin.host"), HasSubstr("write 127.0.0.1"));
  EXPECT_EQ(other.end(), 2);
}

}  // namespace
}  // namespace pintle
