// App as the whole process that it is made for: each test forks one and talks to it by socket, signal and log.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pintle/app/app.hpp>
#include <pintle/app/test_support/app_process.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>
#include <pintle/client/channel.hpp>
#include <pintle/config/v1/config.pb.h>
#include <pintle/rpc/call.hpp>
#include <pintle/rpc/pipe.hpp>
#include <pintle/testing/kit/certificates.hpp>

namespace pintle {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using test::Apps;
using test::Client;
using test::Process;

TEST_F(Apps, ServesOnceItSaysReadyAndSigtermEndsItWithZero) {
  Process process(any_port());
  const std::string address = process.ready();
  {
    Client client(address);
    EXPECT_EQ(client.fast(), Status()) << address;
  }
  process.signal(SIGTERM);
  EXPECT_THAT(process.log_until("\"stopped\""),
              AllOf(HasSubstr("draining"), HasSubstr("SIGTERM"), HasSubstr("stopped")));
  EXPECT_EQ(process.end(), 0);
}

TEST_F(Apps, SigintIsAsGood) {
  Process process(any_port());
  process.ready();
  process.signal(SIGINT);
  EXPECT_EQ(process.end(), 0);
}

TEST_F(Apps, CallsThatOutlastTheGraceEndAsUnavailable) {
  Process process(with({"--server.shutdown_grace=100ms"}));
  Client client(process.ready());
  EXPECT_EQ(client.fast(), Status());
  Status ended;
  std::thread caller([&] { ended = client.slow(); });
  process.log_until("the slow call runs");
  process.signal(SIGTERM);
  EXPECT_EQ(process.end(), 0);
  caller.join();
  EXPECT_EQ(ended.code(), Code::unavailable) << ended.to_string();
}

TEST_F(Apps, ASecondSignalCutsTheGraceShort) {
  Process process(with({"--server.shutdown_grace=1h"}));
  Client client(process.ready());
  EXPECT_EQ(client.fast(), Status());
  std::thread caller([&] { (void)client.slow(); });
  process.log_until("the slow call runs");
  process.signal(SIGTERM);
  EXPECT_THAT(process.log_until("\"draining\""), HasSubstr("\"again\":false"));
  process.signal(SIGTERM);
  EXPECT_THAT(process.log_until("\"draining\""), HasSubstr("\"again\":true"));
  EXPECT_EQ(process.end(), 0);
  caller.join();
}

TEST_F(Apps, AHandlerThatIgnoresItsCancellationIsLeftBehind) {
  for (const bool twice : {false, true}) {
    Process process(with({twice ? "--server.shutdown_grace=1h" : "--server.shutdown_grace=10ms"}));
    Client client(process.ready());
    std::thread caller([&] { (void)client.ask("/probe/deaf"); });
    process.log_until("the deaf call runs");
    process.signal(SIGTERM);
    if (twice) {
      process.log_until("\"again\":false");
      process.signal(SIGTERM);
    }
    EXPECT_THAT(process.log_until("ignored their cancellation"), HasSubstr("handlers ignored their cancellation"));
    EXPECT_EQ(process.end(), 1);
    caller.join();
  }
}

TEST_F(Apps, SignalsBeforeItServesEndItAsSoonAsItDoes) {
  Process process(any_port(), Process::Story::held);
  process.log_until("\"made\"");
  for (int i = 0; i < 2; ++i) {
    process.signal(SIGTERM);
    EXPECT_THAT(process.log_until("\"draining\""), HasSubstr("SIGTERM"));
  }
  process.release();
  EXPECT_THAT(process.log_until("\"stopped\""), HasSubstr("\"stopped\""));
  EXPECT_EQ(process.end(), 0);
}

TEST_F(Apps, DuringLameDuckItStillServes) {
  Process process(with({"--server.lame_duck=1h"}));
  const std::string address = process.ready();
  process.signal(SIGTERM);
  EXPECT_THAT(process.log_until("\"draining\""), HasSubstr("SIGTERM"));
  {
    Client client(address);
    EXPECT_EQ(client.fast(), Status());
  }
  process.signal(SIGTERM);
  EXPECT_EQ(process.end(), 0);
}

TEST_F(Apps, BackgroundTasksAreToldAtDrainAndAwaitedAndTheirFailuresOnlyLogged) {
  Process process(with({"--server.threads=2"}), Process::Story::companions);
  Client client(process.ready());
  EXPECT_EQ(client.fast(), Status());
  process.signal(SIGTERM);
  const std::string log = process.log_until("\"stopped\"");
  EXPECT_THAT(log, AllOf(HasSubstr("left the registry"), HasSubstr("steady is done"), HasSubstr("nobody listens"),
                         HasSubstr("a drain hook failed")));
  EXPECT_EQ(process.end(), 0);
}

TEST_F(Apps, WhatFailsInTheBackgroundIsLoggedWithItsName) {
  Process process(any_port(), Process::Story::companions);
  std::string log;
  for (const char* line : {"steady runs", "no disk", "no peer", "\"database\""}) {
    SCOPED_TRACE(line);
    if (log.find(line) == std::string::npos) log += process.log_until(line);
    EXPECT_THAT(log, HasSubstr(line));
  }
  EXPECT_THAT(log, AllOf(HasSubstr("\"serving\":true"), HasSubstr("\"throws\""), HasSubstr("\"refused\""),
                         HasSubstr("a dependency is down")));
  process.signal(SIGTERM);
  EXPECT_EQ(process.end(), 0);
}

TEST_F(Apps, BackgroundTasksAreCancelledWhenTheGraceIsOver) {
  Process process(with({"--server.shutdown_grace=50ms"}), Process::Story::stubborn);
  process.log_until("it waits");
  process.signal(SIGTERM);
  EXPECT_THAT(process.log_until("\"stopped\""), AllOf(HasSubstr("it was cancelled"), HasSubstr("shutdown")));
  EXPECT_EQ(process.end(), 0);
}

TEST_F(Apps, ASecondSignalCancelsBackgroundTasks) {
  Process process(with({"--server.shutdown_grace=1h"}), Process::Story::stubborn);
  process.log_until("it waits");
  process.signal(SIGTERM);
  process.log_until("\"again\":false");
  process.signal(SIGTERM);
  EXPECT_THAT(process.log_until("\"stopped\""), HasSubstr("it was cancelled"));
  EXPECT_EQ(process.end(), 0);
}

// Both are handled in one turn, or in two: the second has the last word.
TEST_F(Apps, TwoSignalsAtOnceCutTheGraceShortToo) {
  for (int i = 0; i < 10; ++i) {
    Process process(with({"--server.shutdown_grace=1h"}), Process::Story::stubborn);
    process.log_until("it waits");
    process.signal(SIGTERM);
    process.signal(SIGINT);
    EXPECT_THAT(process.log_until("\"stopped\""), HasSubstr("it was cancelled"));
    EXPECT_EQ(process.end(), 0);
  }
}

TEST_F(Apps, ABackgroundTaskThatIgnoresItsCancellationIsLeftBehind) {
  Process process(with({"--server.shutdown_grace=10ms"}), Process::Story::deaf);
  process.log_until("it waits");
  process.signal(SIGTERM);
  EXPECT_THAT(process.log_until("\"stopped\""), HasSubstr("ignored its cancellation"));
  EXPECT_EQ(process.end(), 0);
}

// A log pipe that is full and that nobody reads costs lines, and neither a call nor the end.
TEST_F(Apps, NobodyReadsItsLog) {
  Process process(any_port());
  Client client(process.ready());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.ask("/probe/noisy"), Status());
  EXPECT_EQ(client.fast(), Status());
  const auto asked = std::chrono::steady_clock::now();
  process.signal(SIGTERM);
  EXPECT_EQ(process.end(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(10)) << "one for the log, and some more";
}

TEST_F(Apps, LinesThatNobodyReadInTimeAreCounted) {
  Process process(any_port());
  Client client(process.ready());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.ask("/probe/noisy"), Status());
  EXPECT_THAT(process.log_until("log lines were dropped"), HasSubstr("\"dropped\":"));
  process.signal(SIGTERM);
  EXPECT_THAT(process.log_until("\"stopped\""), HasSubstr("\"stopped\""));
  EXPECT_EQ(process.end(), 0);
}

TEST_F(Apps, AChainThatNobodyMadeEndsItWithOneAndSaysWhich) {
  Process process(with({"--server.chain=nobody"}));
  EXPECT_THAT(process.log_until("never"), HasSubstr("no chain of layers named nobody"));
  EXPECT_EQ(process.end(), 1);
}

// A public port with a layer, and an internal one without.
TEST_F(Apps, EachPortHasItsOwnLayers) {
  Process process(with({"--server.chain=locked", "--server.listeners=[{host: 127.0.0.1}]"}), Process::Story::chained);
  const std::string log = process.log_until("\"ready\"");
  const auto address_in = [&](std::string_view line) {
    const std::size_t from = log.find("\"address\":\"", log.find(line)) + 11;
    return log.substr(from, log.find('"', from) - from);
  };
  EXPECT_EQ(Client(address_in("\"ready\"")).fast().code(), Code::permission_denied);
  EXPECT_EQ(Client(address_in("\"listening\"")).fast(), Status());
  process.signal(SIGTERM);
  EXPECT_EQ(process.end(), 0);
}

TEST_F(Apps, APortThatIsTakenEndsItWithOneAndSaysWhy) {
  const int taken = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ASSERT_EQ(::bind(taken, reinterpret_cast<sockaddr*>(&at), size), 0);
  ASSERT_EQ(::listen(taken, 1), 0);
  ASSERT_EQ(::getsockname(taken, reinterpret_cast<sockaddr*>(&at), &size), 0);
  Process process({"--server.host=127.0.0.1", "--server.port=" + std::to_string(ntohs(at.sin_port))});
  EXPECT_THAT(process.log_until("never"), AllOf(HasSubstr("can't listen"), Not(HasSubstr("\"ready\""))));
  EXPECT_EQ(process.end(), 1);
  ::close(taken);
}

TEST_F(Apps, AWrongConfigurationEndsItWithTwo) {
  Process process({"--server.port=70000"});
  EXPECT_THAT(process.log_until("never"), HasSubstr("server.port"));
  EXPECT_EQ(process.end(), 2);
}

TEST_F(Apps, AServiceAddedTwiceEndsItWithOne) {
  Process process(any_port(), Process::Story::added_twice);
  EXPECT_THAT(process.log_until("never"), HasSubstr("/probe/fast"));
  EXPECT_EQ(process.end(), 1);
}

TEST_F(Apps, SpeaksTlsOnThePortsThatHaveACertificateAndTakesItsSuccessor) {
  std::string folder = std::filesystem::temp_directory_path() / "pintle-app-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const testing::TestAuthority ca;
  const auto put = [&](const char* names) {
    const auto issued = ca.issue(testing::CertificateWish(names));
    std::ofstream(folder + "/tls.key") << issued.key;
    std::ofstream(folder + "/tls.crt") << issued.certificate;
  };
  put("DNS:first.example");
  Process process(
      with({"--server.tls.certificate_file=" + folder + "/tls.crt", "--server.tls.key_file=" + folder + "/tls.key",
            "--server.tls.reload_interval=10ms", "--server.listeners=[{host: 127.0.0.1, port: 0}]"}));
  const std::string log = process.log_until(R"("message":"ready")");
  const auto address = [&](std::size_t from) {
    const std::size_t at = log.find("ipv4:", from);
    return log.substr(at, log.find('"', at) - at);
  };
  const std::size_t ready = log.find("\"ready\"");
  ASSERT_THAT(log, AllOf(HasSubstr("server.listeners[0]"), HasSubstr("\"tls\":true")));
  EXPECT_EQ(Client(address(0)).fast(), Status()) << "the second port is plaintext";
  const auto trusting = [&](std::string name) {
    net::TlsClientOptions o;
    o.roots = net::Pem::text(ca.roots());
    o.server_name = std::move(name);
    ChannelOptions c;
    c.tls = net::TlsClient::create(std::move(o)).value();
    return c;
  };
  EXPECT_EQ(Client(address(ready), trusting("first.example")).fast(), Status());
  put("DNS:second.example");
  process.log_until("certificates were replaced");
  EXPECT_EQ(Client(address(ready), trusting("second.example")).fast(), Status());
  process.signal(SIGTERM);
  EXPECT_EQ(process.end(), 0);
  std::filesystem::remove_all(folder);
}

TEST_F(Apps, ACertificateThatIsNotThereEndsItWithTwo) {
  Process process(with({"--server.tls.certificate_file=/no/such.crt", "--server.tls.key_file=/no/such.key"}));
  EXPECT_THAT(process.log_until("never"),
              AllOf(HasSubstr("server.tls: /no/such.crt can't be read"), Not(HasSubstr("\"ready\""))));
  EXPECT_EQ(process.end(), 2);
}

TEST_F(Apps, CheckConfigSaysNoWhereTheStartWould) {
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--server.host=[::]"},
                                                {"--server.tls.certificate_file=/no/such.crt"},
                                                {"--client.tls.ca_file=/no/such.crt"},
                                                {"--server.workers=13"},
                                                {"--server.workers=13", "--server.tls.key_file=/no/such.key"}}) {
    std::string said[2];
    for (const bool check : {false, true}) {
      Process process(with([&] {
        auto flags = wrong;
        if (check) flags.emplace_back("--check-config");
        return flags;
      }()));
      said[check ? 1 : 0] = process.log_until("never");
      EXPECT_EQ(process.end(), 2) << wrong[0];
    }
    EXPECT_EQ(said[0], said[1]);
    for (const std::string& flag : wrong)
      EXPECT_THAT(said[0], HasSubstr(flag.substr(2, flag.find_first_of("._=", 9) - 2)));
  }
}

TEST_F(Apps, CheckConfigServesNothing) {
  Process process(with({"--check-config"}));
  EXPECT_THAT(process.log_until("never"), Not(HasSubstr("\"ready\"")));
  EXPECT_EQ(process.end(), 0);
}

TEST_F(Apps, HooksRunBeforeTheFirstConnectionAndAfterTheLastCall) {
  Process process(any_port(), Process::Story::hooked);
  EXPECT_THAT(process.log_until("migrated"), HasSubstr(R"("starting":true)"));
  process.ready();
  process.signal(SIGTERM);
  const std::string log = process.log_until("\"stopped\"");
  EXPECT_LT(log.find("flushed first"), log.find("closed last")) << log;
  EXPECT_THAT(log, AllOf(HasSubstr("a hook failed"), HasSubstr("disk full")));
  EXPECT_EQ(process.end(), 0);
}

TEST_F(Apps, AHookOfTheStartThatFailsEndsTheProcess) {
  Process process(any_port(), Process::Story::unstartable);
  EXPECT_THAT(process.log_until("a hook failed"), AllOf(HasSubstr("migrate"), HasSubstr("no database")));
  EXPECT_EQ(process.end(), 1);
}

TEST_F(Apps, ACrashLeavesItsBacktraceInTheLog) {
  Process process(any_port(), Process::Story::crashing);
  const std::string log = process.log_until("the process crashed");
  EXPECT_THAT(log, AllOf(HasSubstr(R"("signal":"SIGABRT","backtrace":["app_threads_test+0x)"), HasSubstr("]}\n")));
  EXPECT_EQ(process.end(), 1000 + SIGABRT);
}

TEST_F(Apps, PrintsTheLayersAroundEveryMethodAndEnds) {
  Process process(with({"--print-chain"}), Process::Story::chained);
  const std::string text = process.log_until("no such line");
  EXPECT_THAT(text, HasSubstr("\n/probe/fast: request_id > tracing > metrics > access_log\n"));
  EXPECT_THAT(text, HasSubstr("\nlocked /probe/fast: request_id > tracing > metrics > access_log > locked\n"));
  EXPECT_THAT(text, HasSubstr("_OTHER: request_id"));
  EXPECT_THAT(text, HasSubstr("\n/grpc.health.v1.Health/Check: "));
  EXPECT_EQ(process.end(), 0);
}

TEST_F(Apps, SighupReadsTheLogLevelAgain) {
  const std::string file =
      std::filesystem::temp_directory_path() / ("pintle-level-" + std::to_string(::getpid()) + ".yaml");
  std::ofstream(file) << "log: {level: info}\n";
  Process process(with({"--config=" + file}));
  process.ready();
  std::ofstream(file) << "log: {level: debugg}\n";
  process.signal(SIGHUP);
  EXPECT_THAT(process.log_until("nothing of it changes"), HasSubstr("debugg"));
  std::ofstream(file) << "log: {level: error}\n";
  process.signal(SIGHUP);
  process.log_until("reloading");
  process.signal(SIGTERM);
  EXPECT_THAT(process.log_until("no such line"), Not(HasSubstr("stopped"))) << "an info line";
  EXPECT_EQ(process.end(), 0);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace pintle
