// A policy with endpoints whose states are the test's, and time and chance too.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <pintle/client/balancer.hpp>
#include <pintle/rpc/pipe.hpp>
#include <pintle/testing/kit/observed.hpp>
#include <pintle/testing/kit/test_loop.hpp>

namespace pintle::test {

class FakeSubchannel final : public Subchannel {
 public:
  explicit FakeSubchannel(std::string n) : name(std::move(n)) { endpoint_.attributes["name"] = name; }
  const Endpoint& endpoint() const override { return endpoint_; }
  Connectivity state() const override { return now; }
  const Status& last_error() const override { return error; }
  void connect() override {
    if (now != Connectivity::idle) return;
    ++connects;
    now = Connectivity::connecting;
  }
  FakeSubchannel& attribute(const std::string& key, std::string value) {
    endpoint_.attributes[key] = std::move(value);
    return *this;
  }
  void fail() {
    now = Connectivity::transient_failure;
    error = Status(Code::unavailable, name + " is down");
  }

  const std::string name;
  Connectivity now = Connectivity::idle;
  Status error;
  int connects = 0;

 private:
  Endpoint endpoint_;
};

// A call that a policy may look at.
struct AnyCall {
  explicit AnyCall(Loop& loop, Kind kind = Kind::unary)
      : method{.path = "/s/m", .service = "s", .name = "m", .kind = kind},
        call(loop, method, up.source(), down.sink(), nullptr) {}
  MethodInfo method;
  Pipe up{nullptr, SIZE_MAX}, down{nullptr, SIZE_MAX};
  LayerCall call;
};

class PolicyTest : BalancerHost {
 public:
  // `names`: of endpoints that are IDLE.
  void start(const BalancerFactory& factory, std::vector<std::string> names) {
    balancer = factory.make(*this);
    for (std::string& name : names) list.push_back(&subchannels.emplace_back(std::move(name)));
    update();
  }
  // All of them up.
  void start_ready(const BalancerFactory& factory, std::vector<std::string> names) {
    start(factory, std::move(names));
    for (FakeSubchannel* s : list) s->now = Connectivity::ready;
    update();
  }
  virtual ~PolicyTest() { balancer.reset(); }
  void update() {
    std::vector<Subchannel*> all(list.begin(), list.end());
    balancer->update(all);
  }
  FakeSubchannel& at(const std::string& name) {
    for (FakeSubchannel& s : subchannels)
      if (s.name == name) return s;
    throw std::out_of_range(name);
  }
  void set(const std::string& name, Connectivity state) {
    at(name).now = state;
    update();
  }
  // Where a call goes: a name, "wait", or its status.
  std::string pick(const std::string& key = "", const std::string& value = "") {
    AnyCall any(clock);
    if (!key.empty()) any.call.request_metadata.add(key, value);
    return text(balancer->pick(any.call));
  }
  static std::string text(const Pick& pick) {
    if (pick.kind() == Pick::Kind::wait) return "wait";
    if (pick.kind() != Pick::Kind::subchannel) return std::string(pick.status().message());
    return static_cast<FakeSubchannel*>(pick.subchannel())->name;
  }
  // A call from its pick to its end, which comes after `took`. Gives where it went.
  std::string call(Duration took = {}, Status status = {}) {
    AnyCall any(clock);
    const Pick pick = balancer->pick(any.call);
    if (pick.kind() != Pick::Kind::subchannel) return text(pick);
    clock.advance(took);
    PickOutcome outcome;
    outcome.status = std::move(status);
    outcome.opened = outcome.left_client = true;
    balancer->on_done(*pick.subchannel(), any.call, outcome);
    return static_cast<FakeSubchannel*>(pick.subchannel())->name;
  }
  std::map<std::string, int> picks(int n) {
    std::map<std::string, int> count;
    for (int i = 0; i < n; ++i) ++count[call()];
    return count;
  }

  pintle::testing::TestLoop clock;
  pintle::testing::ObservedLog lines;
  std::deque<FakeSubchannel> subchannels;
  std::vector<FakeSubchannel*> list;  // as the resolver says
  Random chance = [] { return 0.5; };
  int picked_again = 0;
  std::unique_ptr<Balancer> balancer;

 private:
  Loop& loop() override { return clock.loop(); }
  const Random& random() const override { return chance; }
  const Logger& log() const override { return log_; }
  void pick_again() override { ++picked_again; }
  const Logger log_ = lines.logger();
};

// Chance that repeats.
inline Random seeded(std::uint64_t seed = 1) {
  return [state = seed | 1]() mutable {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<double>(state >> 11) / static_cast<double>(1ULL << 53);
  };
}

}  // namespace pintle::test
