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

// One method that answers at once, one that sleeps for an hour, one that logs a hundred long lines and answers, and one
// that sleeps whatever happens.
class Probe final : public Service {
 public:
  explicit Probe(Logger log) : log_(std::move(log)) {
    for (MethodInfo& m : methods_) m.kind = Kind::bidi;
    info_ = {.name = "probe", .file = "", .methods = methods_};
  }
  const ServiceInfo& info() const override { return info_; }
  std::unique_ptr<Handler> handler(std::size_t index) override {
    struct Fast final : Handler {
      Task<Status> operator()(LayerCall&) override { co_return Status(); }
    };
    struct Slow final : Handler {
      Task<Status> operator()(LayerCall& call) override {
        call.send_head();
        std::fputs("the slow call runs\n", stderr);
        co_return co_await sleep_for(std::chrono::hours(1));
      }
    };
    struct Noisy final : Handler {
      explicit Noisy(Logger to) : log(std::move(to)) {}
      Task<Status> operator()(LayerCall&) override {
        for (int i = 0; i < 100; ++i) log.info(std::string(1000, 'x'));
        co_return Status();
      }
      Logger log;
    };
    struct Deaf final : Handler {
      Task<Status> operator()(LayerCall& call) override {
        call.send_head();
        Env env = co_await current_env();
        env.scope = nullptr;
        std::fputs("the deaf call runs\n", stderr);
        const auto wait = []() -> Task<Status> { co_return co_await sleep_for(std::chrono::hours(1)); };
        co_return co_await wait().in(env);
      }
    };
    if (index == 0) return std::make_unique<Fast>();
    if (index == 3) return std::make_unique<Deaf>();
    if (index == 1) return std::make_unique<Slow>();
    return std::make_unique<Noisy>(log_);
  }

 private:
  Logger log_;
  MethodInfo methods_[4] = {{.path = "/probe/fast", .service = "probe", .name = "fast"},
                            {.path = "/probe/slow", .service = "probe", .name = "slow"},
                            {.path = "/probe/noisy", .service = "probe", .name = "noisy"},
                            {.path = "/probe/deaf", .service = "probe", .name = "deaf"}};
  ServiceInfo info_;
};

struct Locked final : Layer {
  std::string_view name() const override { return "locked"; }
  std::unique_ptr<Handler> wrap(const Site&, Handler&) const override {
    struct Refusing final : Handler {
      Task<Status> operator()(LayerCall&) override { co_return permission_denied("nobody comes in"); }
    };
    return std::make_unique<Refusing>();
  }
};

// A forked process that runs an App with these flags.
class Process {
 public:
  enum class Story : std::uint8_t {
    plain,
    added_twice,  // serves its service twice
    held,         // says "made", and runs when release() lets it
    companions,   // background tasks that fail and one that does not, and hooks for the drain
    stubborn,     // a background task that waits for its cancellation
    deaf,         // one that does not heed it
    chained,      // a chain "locked" whose layer lets nobody in
  };
  explicit Process(std::vector<std::string> flags, Story story = Story::plain) {
    int ends[2], gate[2];
    if (::pipe(ends) != 0 || ::pipe(gate) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(ends[1], STDERR_FILENO);
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      ::close(gate[1]);
      ::_exit(live(flags, story, gate[0]));
    }
    ::close(ends[1]);
    ::close(gate[0]);
    log_ = ends[0];
    gate_ = gate[1];
  }
  Process(const Process&) = delete;
  ~Process() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(log_);
    release();
  }
  void release() {
    if (gate_ >= 0) ::close(std::exchange(gate_, -1));
  }

  // What it writes up to a line that has `word` in it, or to its end.
  std::string log_until(std::string_view word) {
    std::string seen;
    char c;
    while (::read(log_, &c, 1) == 1) {
      seen.push_back(c);
      if (c == '\n' && seen.find(word, seen.rfind('\n', seen.size() - 2) + 1) != std::string::npos) break;
    }
    return seen;
  }
  // Waits for "ready"; the address in it.
  std::string ready() {
    const std::string log = log_until(R"("message":"ready")");
    const std::string key = R"("address":")";
    const std::size_t at = log.find(key);
    if (at == std::string::npos) return "no address in: " + log;
    return log.substr(at + key.size(), log.find('"', at + key.size()) - at - key.size());
  }
  void signal(int number) const { ::kill(pid_, number); }
  // Waits for the end. The exit code, or 1000 + the signal that killed it.
  int end() {
    int state = 0;
    ::waitpid(std::exchange(pid_, -1), &state, 0);
    return WIFEXITED(state) ? WEXITSTATUS(state) : 1000 + WTERMSIG(state);
  }

 private:
  static std::vector<ConfigError> faults_of(const Config& c) {
    if (c.get<config::v1::Server>().workers() != 13) return {};
    return {{"", 0, 0, "server.workers", "brings bad luck", "write another number"}};
  }
  static int live(const std::vector<std::string>& flags, Story story, int gate) {
    std::vector<const char*> argv = {"probe"};
    for (const std::string& flag : flags) argv.push_back(flag.c_str());
    App app("probe", static_cast<int>(argv.size()), argv.data(), {}, &faults_of);
    Probe probe(app.log());
    app.serve(probe);
    if (story == Story::added_twice) app.serve(probe);
    if (story == Story::held) {
      app.log().info("made");
      char c;
      (void)!::read(gate, &c, 1);
    }
    if (story == Story::chained)
      app.add_layer(std::make_shared<Locked>(), "locked");
    else if (story >= Story::companions)
      accompany(app, story);
    return app.run();
  }
  static void accompany(App& app, Story story) {
    if (story == Story::companions) {
      app.background("steady", [&app](const Lifecycle& lifecycle) -> Task<Status> {
        app.log().info("steady runs", {{"serving", lifecycle.phase() == Phase::serving}});
        if (Status s = co_await lifecycle.reached(Phase::draining); !s.ok()) co_return s;
        co_await yield();
        app.log().info("steady is done");
        co_return Status();
      });
      app.background("throws", []() -> Task<Status> {
        throw std::runtime_error("no disk");
        co_return Status();
      });
      app.background("refused", []() -> Task<Status> { co_return Status(Code::unavailable, "no peer"); });
      app.on_drain("registry", [&app] { app.log().info("left the registry"); });
      app.on_drain("peers", []() -> Task<Status> { co_return Status(Code::aborted, "nobody listens"); });
      app.depends_on("database", []() -> Task<Status> { co_return Status(Code::unavailable, "refused"); });
    } else {
      app.background("waits", [&app, story]() -> Task<Status> {
        Env env = co_await current_env();
        CancelScope& scope = *env.scope;
        if (story == Story::deaf) env.scope = nullptr;
        app.log().info("it waits");
        const auto wait = []() -> Task<Status> { co_return co_await sleep_for(std::chrono::hours(1)); };
        Status status = co_await wait().in(env);
        app.log().info("it was cancelled", {{"cause", cause_name(scope.cause())}});
        co_return status;
      });
    }
  }

  pid_t pid_ = -1;
  int log_ = -1, gate_ = -1;
};

Task<Status> call(Channel& channel, std::string_view path, Pipe& down) {
  const Env env = co_await current_env();
  MethodInfo info;
  info.path = path;
  info.kind = Kind::bidi;
  Pipe up(nullptr);
  up.close();
  LayerCall call(*env.loop, info, up.source(), down.sink(), env.scope);
  co_return co_await channel.method(info)(call).in({env.loop, &call.scope, &call});
}

// Forks before it starts threads of its own, as fork() wants it.
class Apps : public ::testing::Test {
 protected:
  static const std::vector<std::string>& any_port() {
    static const std::vector<std::string> kFlags = {"--server.host=127.0.0.1", "--server.port=0", "--server.threads=1"};
    return kFlags;
  }
  static std::vector<std::string> with(std::vector<std::string> more) {
    more.insert(more.begin(), any_port().begin(), any_port().end());
    return more;
  }
};

class Client {
 public:
  explicit Client(const std::string& address, ChannelOptions options = {}) : runtime_(one()) {
    runtime_.start();
    auto made = make_channel(runtime_, address, std::move(options));
    EXPECT_TRUE(made.has_value()) << address;
    if (made) channel_ = *made;
  }
  ~Client() {
    channel_.reset();
    runtime_.stop();
    runtime_.join();
  }
  Status fast() { return ask("/probe/fast"); }
  Status ask(std::string_view path) {
    Pipe down(nullptr);
    return sync_wait(runtime_, call(*channel_, path, down));
  }
  // Returns when the slow call is over.
  Status slow() { return ask("/probe/slow"); }

 private:
  static RuntimeOptions one() {
    RuntimeOptions o;
    o.threads = 1;
    return o;
  }
  Runtime runtime_;
  std::shared_ptr<Channel> channel_;
};

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

}  // namespace
}  // namespace pintle
