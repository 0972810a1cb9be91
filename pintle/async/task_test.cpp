#include <pintle/async/task.hpp>

#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <pintle/async/internal/turned_loop.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;

Task<int> add(int a, int b) { co_return a + b; }
Task<std::unique_ptr<int>> boxed(int n) { co_return std::make_unique<int>(n); }
Task<void> fail() {
  throw std::runtime_error("broken");
  co_return;
}

TEST(Task, GivesItsResultToWhoAwaitsIt) {
  test::TurnedLoop t;
  const auto body = []() -> Task<int> {
    auto box = co_await boxed(3);
    co_return *box + co_await add(1, 2);
  };
  std::optional<int> done;
  t.start(body(), done);
  EXPECT_EQ(done, 6);
}

TEST(Task, ThrowsWhatLeftItsBodyWhereItIsAwaited) {
  test::TurnedLoop t;
  const auto body = []() -> Task<std::string> {
    try {
      co_await fail();
    } catch (const std::runtime_error& e) {
      co_return e.what();
    }
    co_return "nothing";
  };
  std::optional<std::string> done;
  t.start(body(), done);
  EXPECT_EQ(done, "broken");
}

// `auto items = stub.ListItems(request); if (items)` without co_await was always true and sent nothing.
template <class T>
concept TestedInAnIf = requires(T&& t) { t ? 1 : 0; };
static_assert(!TestedInAnIf<Task<int>> && !TestedInAnIf<Task<Result<int>>&> && !TestedInAnIf<Task<Status>&>);
static_assert(TestedInAnIf<Result<int>&>);

TEST(Task, SaysByNameWhetherItExists) {
  EXPECT_FALSE(Task<int>::none().exists());
  EXPECT_TRUE(add(1, 2).exists());
}

TEST(Task, ReturnsAStatusAsTheErrorOfItsResult) {
  test::TurnedLoop t;
  const auto body = [](Status status) -> Task<Result<std::string>> {
    if (status.message() == "none") co_return "a value";
    co_return status;
  };
  std::optional<Result<std::string>> failed, good, forgot;
  t.start(body(Status(Code::not_found, "gone")), failed);
  EXPECT_EQ(failed->error(), Status(Code::not_found, "gone"));
  t.start(body(Status(Code::internal, "none")), good);
  EXPECT_EQ(good->value(), "a value");
  t.start(body(Status()), forgot);
  ASSERT_FALSE(forgot->has_value()) << "OK is no value";
  EXPECT_EQ(forgot->error(), Status(Code::internal, "a task that promises a value returned an OK status instead"));
}

TEST(Task, HandsItsEnvironmentToItsChildren) {
  test::TurnedLoop t;
  CancelScope scope;
  const auto leaf = []() -> Task<Env> { co_return co_await current_env(); };
  const auto middle = [](auto l) -> Task<Env> { co_return co_await l(); };
  std::optional<Env> done;
  t.start(middle(leaf), done, &scope);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->loop, &t.loop);
  EXPECT_EQ(done->scope, &scope);
}

TEST(Task, ThatIsNeverAwaitedNeverRuns) {
  bool ran = false;
  const auto body = [](bool& r) -> Task<int> {
    r = true;
    co_return 1;
  };
  {
    auto task = body(ran);
  }
  EXPECT_FALSE(ran);
}

// A hundred thousand awaits that are ready must not grow the stack.
TEST(Task, TransfersControlWithoutGrowingTheStack) {
  test::TurnedLoop t;
  const auto body = []() -> Task<int> {
    int sum = 0;
    for (int i = 0; i < 100'000; ++i) sum += co_await add(i, 1) > 0 ? 1 : 0;
    co_return sum;
  };
  std::optional<int> done;
  t.start(body(), done);
  EXPECT_EQ(done, 100'000);
}

TEST(Sleep, ResumesAtItsTimeNotBefore) {
  test::TurnedLoop t;
  const auto body = []() -> Task<Status> { co_return co_await sleep_for(10s); };
  std::optional<Status> done;
  t.start(body(), done);
  t.pass(9999ms);
  EXPECT_FALSE(done);
  t.pass(1ms);
  ASSERT_TRUE(done);
  EXPECT_TRUE(done->ok());
}

TEST(Sleep, EndsWithTheStatusOfItsScope) {
  test::TurnedLoop t;
  CancelScope scope;
  const auto body = []() -> Task<Status> {
    const Status first = co_await sleep_for(10s);
    const Status second = co_await sleep_for(10s);  // a cancelled scope makes no further await wait
    co_return first == second ? first : Status();
  };
  std::optional<Status> done;
  t.start(body(), done, &scope);
  scope.cancel(Status(Code::deadline_exceeded, "too late"));
  EXPECT_FALSE(done) << "cancelling wakes, it never resumes";
  t.settle();
  ASSERT_TRUE(done);
  EXPECT_EQ(*done, Status(Code::deadline_exceeded, "too late"));
  EXPECT_FALSE(t.loop.next_timer());
}

// Destroying a suspended tree takes it out of the timers, the ready queue and the scope, at every stage.
TEST(Task, MayBeDestroyedWhileItWaits) {
  for (const bool expired : {false, true}) {
    for (const bool cancelled : {false, true}) {
      test::TurnedLoop t;
      CancelScope scope;
      auto alive = std::make_shared<int>(0);
      const auto sleeper = [](std::shared_ptr<int>) -> Task<Status> { co_return co_await sleep_for(1s); };
      auto body = [](auto s, std::shared_ptr<int> a) -> Task<Status> { co_return co_await s(std::move(a)); };
      {
        struct Parent {
          struct promise_type {
            Env env;
            Parent get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
            std::suspend_never initial_suspend() noexcept { return {}; }
            std::suspend_always final_suspend() noexcept { return {}; }
            void return_void() {}
            void unhandled_exception() {}
          };
          std::coroutine_handle<promise_type> handle;
        };
        const auto parent = [](auto b, auto s, std::shared_ptr<int> a, Env env) -> Parent {
          struct SetEnv {
            Env env;
            bool await_ready() { return false; }
            bool await_suspend(std::coroutine_handle<Parent::promise_type> h) {
              h.promise().env = env;
              return false;
            }
            void await_resume() {}
          };
          co_await SetEnv{env};
          (void)co_await b(s, std::move(a));
          ADD_FAILURE() << "resumed";
        };
        Parent p = parent(body, sleeper, alive, t.env(&scope));
        EXPECT_EQ(alive.use_count(), 2);
        if (expired) t.clock.at += 2s;
        if (cancelled) scope.cancel(Status(Code::cancelled));
        p.handle.destroy();
      }
      EXPECT_EQ(alive.use_count(), 1);
      t.settle();
      EXPECT_FALSE(t.loop.next_timer());
    }
  }
}

TEST(CancelScope, ReachesWhatIsBelowItAndKeepsItsFirstStatus) {
  CancelScope top, middle(&top), side(&top), leaf(&middle);
  middle.cancel(Status(Code::aborted, "first"));
  top.cancel(Status(Code::cancelled, "second"));
  EXPECT_EQ(leaf.status(), Status(Code::aborted, "first"));
  EXPECT_EQ(side.status(), Status(Code::cancelled, "second"));
  CancelScope late(&top);
  EXPECT_TRUE(late.cancelled()) << "a scope below a cancelled one is born cancelled";
}

TEST(CancelScope, KnowsTheRootOfItsEndAndWhetherThatWasAbove) {
  CancelScope call, attempt(&call), wait(&attempt), other;
  EXPECT_EQ(call.cause(), CancelCause::none);
  attempt.cancel(Status(Code::deadline_exceeded, "too slow"), CancelCause::deadline);
  call.cancel(Status(Code::cancelled, "left"), CancelCause::peer_reset);
  EXPECT_EQ(attempt.cause(), CancelCause::deadline) << "the first cause stays, as the first status does";
  EXPECT_FALSE(attempt.inherited());
  EXPECT_EQ(wait.cause(), CancelCause::deadline);
  EXPECT_TRUE(wait.inherited());
  EXPECT_EQ(call.cause(), CancelCause::peer_reset);
  CancelScope late(&call);
  EXPECT_EQ(late.cause(), CancelCause::peer_reset);
  EXPECT_TRUE(late.inherited());
  late.reset(nullptr);
  EXPECT_EQ(late.cause(), CancelCause::none);
  EXPECT_FALSE(late.inherited());
  other.cancel(Status(), CancelCause::shutdown);
  EXPECT_EQ(other.cause(), CancelCause::none) << "OK is no reason to end";
  other.cancel(Status(Code::cancelled));
  EXPECT_EQ(other.cause(), CancelCause::caller) << "what says nothing else is the wish of the scope's owner";
}

TEST(CancelScope, MayDieBeforeWhatIsBelowIt) {
  int told = 0;
  struct Node : CancelNode {
    explicit Node(int& c) : CancelNode([](CancelNode* n) noexcept { ++static_cast<Node*>(n)->count; }), count(c) {}
    int& count;
  };
  Node node(told);
  auto top = std::make_unique<CancelScope>();
  CancelScope below(top.get());
  top->add(node);
  top.reset();
  EXPECT_FALSE(node.linked());
  below.cancel(Status(Code::cancelled));
  EXPECT_EQ(told, 0);
}

}  // namespace
}  // namespace pintle
