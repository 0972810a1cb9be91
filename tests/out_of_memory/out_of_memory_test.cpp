// Each allocation of a call fails once, one after the other: the call ends with a status or goes well, and the process,
// the server and the channel go on.
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <pintle/async/event.hpp>
#include <pintle/client/channel.hpp>
#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/pipe.hpp>
#include <pintle/server/server.hpp>
#include <pintle/testing/kit/memory_pair.hpp>
#include <pintle/testing/kit/test_loop.hpp>

namespace {

// The allocation that fails, counted down; 0: none.
int g_countdown = 0;
bool g_failed = false;
int g_immune = 0;

// What belongs to the test, or to a kernel's socket.
struct Immune {
  Immune() { ++g_immune; }
  ~Immune() { --g_immune; }
};

void* take(std::size_t size) {
  if (g_immune == 0 && g_countdown > 0 && --g_countdown == 0) {
    g_failed = true;
    return nullptr;
  }
  return std::malloc(size == 0 ? 1 : size);
}

}  // namespace

void* operator new(std::size_t size) {
  if (void* memory = take(size)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return take(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return take(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace pintle {
namespace {

class ImmuneStream final : public net::ByteStream {
 public:
  explicit ImmuneStream(std::unique_ptr<net::ByteStream> of) : of_(std::move(of)) {}
  ~ImmuneStream() override {
    const Immune immune;
    of_.reset();
  }
  void set_observer(Observer& observer) override { of_->set_observer(observer); }
  net::IoResult read(std::span<std::byte> into) override {
    const Immune immune;
    return of_->read(into);
  }
  net::IoResult write(std::span<const std::byte> from) override {
    const Immune immune;
    return of_->write(from);
  }
  void want_read() override {
    const Immune immune;
    of_->want_read();
  }
  void want_write() override {
    const Immune immune;
    of_->want_write();
  }
  void shutdown_write() override {
    const Immune immune;
    of_->shutdown_write();
  }
  std::string_view peer() const override { return of_->peer(); }
  std::string_view local() const override { return of_->local(); }
  std::string error() const override { return "broken"; }
  Loop& loop() override { return of_->loop(); }

 private:
  std::unique_ptr<net::ByteStream> of_;
};

class Echo final : public Service {
 public:
  Echo() {
    method_.path = "/s/echo";
    method_.service = "s";
    method_.name = "echo";
    method_.kind = Kind::bidi;
    info_.name = "s";
    info_.methods = {&method_, 1};
  }
  const ServiceInfo& info() const override { return info_; }
  std::unique_ptr<Handler> handler(std::size_t) override {
    struct Echoing final : Handler {
      Task<Status> operator()(LayerCall& call) override {
        for (;;) {
          Result<Message*> next = co_await call.read();
          if (!next) co_return std::move(next).error();
          if (*next == nullptr) co_return Status();
          call.response_head.add("x-head", "some value that is longer than a short string");
          if (Status gone = co_await call.write(**next); !gone.ok()) co_return gone;
        }
      }
    };
    return std::make_unique<Echoing>();
  }

 private:
  MethodInfo method_;
  ServiceInfo info_;
};

class Bed {
 public:
  Bed() : server_({&loop_.loop()}) {
    EXPECT_TRUE(server_.add(echo_).ok());
    EXPECT_TRUE(server_.start().ok());
    ChannelOptions options;
    options.authority = "memory";
    options.random = [] { return 0.5; };
    channel_ = make_channel({&loop_.loop()}, std::make_shared<Dialing>(*this), options).value();
  }
  ~Bed() {
    channel_.reset();
    server_.drain(Duration::zero(), [] {});
    loop_.run_until_idle();
    loop_.advance(std::chrono::seconds(5));
    EXPECT_EQ(server_.connections(), 0u);
  }

  // A call of that kind in which the allocation of that number fails. False: there are not so many.
  bool call(Kind kind, int failing, Status* ended) {
    auto go = std::make_unique<Event>();
    auto running = loop_.start(one(channel_, kind, *go));
    g_failed = false;
    g_countdown = failing;
    go->set();
    loop_.run_until_idle();
    g_countdown = 0;
    loop_.advance(std::chrono::seconds(60));  // whatever was lost, the deadline ends it
    EXPECT_TRUE(running.done());
    if (running.done()) *ended = running.get();
    return g_failed;
  }

 private:
  class Dialing final : public Dialer {
   public:
    explicit Dialing(Bed& of) : of_(of) {}
    Task<Result<std::unique_ptr<net::ByteStream>>> dial(Loop& loop, const Endpoint&, Deadline) override {
      const Immune immune;
      testing::MemoryPair pair(loop, loop);
      of_.server_.serve(std::make_unique<ImmuneStream>(pair.take_b()));
      co_return std::make_unique<ImmuneStream>(pair.take_a());
    }

   private:
    Bed& of_;
  };

  static Task<Status> one(std::shared_ptr<Channel> channel, Kind kind, Event& go) {
    const Env env = co_await current_env();
    MethodInfo info;
    info.path = "/s/echo";
    info.kind = kind;
    Pipe up(nullptr, SIZE_MAX), down(nullptr, SIZE_MAX);
    const std::string text(300, 'x');
    (void)up.sink().push(Message(std::as_bytes(std::span(text)), nullptr, nullptr));
    up.close();
    LayerCall call(*env.loop, info, up.source(), down.sink(), env.scope);
    call.request_metadata.add("x-key", "v");
    call.set_deadline(Deadline::after(env.loop->now(), std::chrono::seconds(30)));
    Handler& chain = channel->method(info);
    (void)co_await go.wait();
    Status status;
    try {
      status = co_await chain(call).in({env.loop, &call.scope, &call});
    } catch (const std::bad_alloc&) {
      status = Status(Code::resource_exhausted, "out of memory");
    }
    call.finish();
    co_return status;
  }

  testing::TestLoop loop_;
  Echo echo_;
  Server server_;
  std::shared_ptr<Channel> channel_;
};

TEST(OutOfMemory, EachAllocationOfACallMayFail) {
  for (const Kind kind : {Kind::unary, Kind::bidi}) {
    for (const bool warm : {false, true}) {
      bool more = true;
      int failing = 1, survived = 0;
      for (; more && failing < 2000; ++failing) {
        Bed bed;
        Status ended;
        if (warm) (void)bed.call(kind, 0, &ended);
        if (std::getenv("SHOW")) std::fprintf(stderr, "kind %d warm %d k %d\n", static_cast<int>(kind), warm, failing);
        more = bed.call(kind, failing, &ended);
        survived += ended.ok() ? 0 : 1;
        (void)bed.call(kind, 0, &ended);  // the backoff of a connection that failed may be on
        (void)bed.call(kind, 0, &ended);
        EXPECT_EQ(ended, Status()) << "the next one, after allocation " << failing << " failed: " << ended.to_string();
      }
      EXPECT_FALSE(more);
      if (!warm) EXPECT_GT(survived, 10) << "or nothing was tested";
    }
  }
}

}  // namespace
}  // namespace pintle
