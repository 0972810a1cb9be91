// App as the whole process that it is made for: a test forks one and talks to it by socket, signal and log.
#pragma once

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
#include <gtest/gtest.h>
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

namespace pintle::test {

// One method that answers at once, one that sleeps for an hour, one that logs a hundred long lines and answers, and one
// that sleeps whatever happens, and one that holds its loop until the gate is opened.
class Probe final : public Service {
 public:
  explicit Probe(Logger log, int gate = -1) : log_(std::move(log)), gate_(gate) {
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
    struct Holding final : Handler {
      explicit Holding(int g) : gate(g) {}
      Task<Status> operator()(LayerCall&) override {
        char c;
        [[maybe_unused]] const ssize_t n = ::read(gate, &c, 1);
        co_return Status();
      }
      int gate;
    };
    if (index == 4) return std::make_unique<Holding>(gate_);
    if (index == 0) return std::make_unique<Fast>();
    if (index == 3) return std::make_unique<Deaf>();
    if (index == 1) return std::make_unique<Slow>();
    return std::make_unique<Noisy>(log_);
  }

 private:
  Logger log_;
  int gate_;
  MethodInfo methods_[5] = {{.path = "/probe/fast", .service = "probe", .name = "fast"},
                            {.path = "/probe/slow", .service = "probe", .name = "slow"},
                            {.path = "/probe/noisy", .service = "probe", .name = "noisy"},
                            {.path = "/probe/deaf", .service = "probe", .name = "deaf"},
                            {.path = "/probe/held", .service = "probe", .name = "held"}};
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
    hooked,       // hooks for the start and the stop, which log
    crashing,     // aborts before it serves
    unstartable,  // one for the start that fails
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
    ready_ = log_until(R"("message":"ready")");
    return value_of("address");
  }
  // Waits for a line with `word`, which may have come before "ready".
  void await(std::string_view word) {
    if (!ready_.contains(word)) log_until(word);
  }
  // A field of "ready".
  std::string value_of(std::string_view field) const {
    const std::string& log = ready_;
    const std::string key = "\"" + std::string(field) + "\":\"";
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
    Probe probe(app.log(), gate);
    app.serve(probe);
    if (story == Story::added_twice) app.serve(probe);
    if (story == Story::held) {
      app.log().info("made");
      char c;
      (void)!::read(gate, &c, 1);
    }
    if (story == Story::hooked) {
      app.on_start("migrate",
                   [&app] { app.log().info("migrated", {{"starting", app.lifecycle().phase() == Phase::starting}}); });
      app.on_start("warm", []() -> Task<Status> { co_return co_await sleep_for(std::chrono::milliseconds(1)); });
      app.on_stop("close", [&app] { app.log().info("closed last"); });
      app.on_stop("flush", [&app]() -> Task<Status> {
        app.log().info("flushed first");
        throw std::runtime_error("disk full");
        co_return Status();
      });
      return app.run();
    }
    if (story == Story::crashing) app.on_start("crash", [] { std::abort(); });
    if (story == Story::unstartable) {
      app.on_start("migrate", []() -> Task<Status> { co_return Status(Code::unavailable, "no database"); });
      return app.run();
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

  std::string ready_;
  pid_t pid_ = -1;
  int log_ = -1, gate_ = -1;
};

inline Task<Status> call(Channel& channel, std::string_view path, Pipe& down, std::string token = "") {
  const Env env = co_await current_env();
  MethodInfo info;
  info.path = path;
  info.kind = Kind::bidi;
  Pipe up(nullptr);
  up.close();
  LayerCall call(*env.loop, info, up.source(), down.sink(), env.scope);
  if (!token.empty()) call.request_metadata.add("authorization", "Bearer " + token);
  co_return co_await channel.method(info)(call).in({env.loop, &call.scope, &call});
}

// Forks before it starts threads of its own, as fork() wants it.
class Apps : public ::testing::Test {
 protected:
  static const std::vector<std::string>& any_port() {
    static const std::vector<std::string> kFlags = {"--server.host=127.0.0.1", "--server.port=0", "--server.threads=1",
                                                    "--admin.port=0"};
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
  Status ask(std::string_view path, const std::string& token = "") {
    Pipe down(nullptr);
    return sync_wait(runtime_, call(*channel_, path, down, token));
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

// What an HTTP server answers on one connection, which it is asked to close.
inline std::string ask_http(std::string_view address, std::string_view request_line, std::string_view headers = "") {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port =
      htons(static_cast<std::uint16_t>(std::atoi(std::string(address.substr(address.rfind(':') + 1)).c_str())));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) {
    const std::string request = std::string(request_line) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
                                std::string(headers) + "\r\n";
    (void)!::write(fd, request.data(), request.size());
    char some[4096];
    for (ssize_t n; (n = ::read(fd, some, sizeof some)) > 0;) answer.append(some, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return answer;
}

}  // namespace pintle::test
