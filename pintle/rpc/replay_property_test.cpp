// Whatever the order in which messages come, attempts begin, read, leave and are chosen.
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <pintle/rpc/replay.hpp>
#include <pintle/rpc/test_support/text.hpp>

namespace pintle {
namespace {

using test::Bell;

struct Attempt {
  Attempt(LayerCall& of, Replay& replay, Sink& sink) : call(of, *of.source, sink), reader(replay, call) {}
  LayerCall call;
  Replay::Reader reader;
  std::size_t read = 0;  // messages
  Bell bell;
  int owed = -1;  // the bell's count when it began to wait; -1: it does not
};

RC_GTEST_PROP(ReplayProperty, EachAttemptReadsTheRequestsInTheirOrderAndWaitsForNothingThatIsThere, ()) {
  test::TurnedLoop turned;
  ReplayAccount account;
  const MethodInfo method = test::method_of_kind(Kind::bidi);
  Pipe up(nullptr, SIZE_MAX), down(nullptr);
  LayerCall call(turned.loop, method, up.source(), down.sink(), nullptr);
  ReplayLimits limits;
  limits.per_call = *rc::gen::inRange<std::size_t>(0, 400);
  limits.per_loop = *rc::gen::inRange<std::size_t>(0, 400);
  std::vector<std::string> sent;
  bool closed = false;
  {
    Replay replay(call, limits, account);
    std::vector<std::unique_ptr<Attempt>> attempts;
    const auto some = [&] { return *rc::gen::inRange<std::size_t>(0, attempts.size()); };
    const int steps = *rc::gen::inRange(1, 80);
    for (int step = 0; step < steps; ++step) {
      switch (*rc::gen::weightedElement<int>({{5, 0}, {3, 1}, {12, 2}, {1, 3}, {1, 4}, {1, 5}})) {
        case 0:
          if (closed) break;
          sent.push_back(std::to_string(sent.size()) + std::string(*rc::gen::inRange<std::size_t>(0, 60), 'x'));
          test::push(up.sink(), sent.back());
          break;
        case 1:
          attempts.push_back(std::make_unique<Attempt>(call, replay, down.sink()));
          break;
        case 2: {
          if (attempts.empty()) break;
          Attempt& one = *attempts[some()];
          one.owed = -1;
          const std::string got = test::take(*one.call.source);
          if (one.call.cancelled()) {
            RC_ASSERT(got == "<end>");
          } else if (one.read < sent.size()) {
            RC_ASSERT(got == sent[one.read++]);
          } else if (closed) {
            RC_ASSERT(got == "<end>");
          } else {
            RC_ASSERT(got == "<pending>");
            one.owed = one.bell.rung;
            one.call.source->arm(&one.bell);
          }
          break;
        }
        case 3:
          if (attempts.empty()) break;
          attempts.erase(attempts.begin() + static_cast<std::ptrdiff_t>(some()));
          break;
        case 4:
          if (attempts.empty()) break;
          replay.commit(attempts[some()]->reader);
          break;
        default:
          closed = true;
          up.close();
      }
      std::size_t alive = 0;
      for (const auto& one : attempts) {
        alive += one->call.cancelled() ? 0 : 1;
        if (one->owed >= 0 && (one->read < sent.size() || closed || one->call.cancelled()))
          RC_ASSERT(one->bell.rung > one->owed);
      }
      RC_ASSERT(!replay.committed() || alive <= 1);
      RC_ASSERT(account.held == replay.held());
      RC_ASSERT(replay.held() <= std::min(limits.per_call, limits.per_loop));
    }
    RC_TAG(replay.committed() ? "committed" : "open");
  }
  RC_ASSERT(account.held == 0);
}

}  // namespace
}  // namespace pintle
