// Property 5: Channel Reuse: the same target and settings give the same channel, different ones never; dropped ones
// release everything.
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <pintle/app/clients.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;

int alive = 0;
struct Counted final : Channel {
  Counted() { ++alive; }
  ~Counted() override { --alive; }
  Handler& method(const MethodInfo&) override { std::abort(); }
  Loop& loop() override { std::abort(); }
};

// Names are "target/settings", and so are keys; what has no target can't be made.
Clients::Plan plan(std::string_view name) {
  Clients::Plan plan;
  plan.key = name;
  plan.idle = 100s;
  plan.make = [bad = name.starts_with('/')]() -> Result<Clients::Made> {
    if (bad) return invalid_argument("no target");
    return Clients::Made{std::make_shared<Counted>(), nullptr};
  };
  return plan;
}

RC_GTEST_PROP(ClientsProperty, Property5_ChannelReuse_OnePerTargetAndSettingsAndNothingIsKept, ()) {
  alive = 0;
  Clients clients(plan);
  struct Known {
    std::vector<std::shared_ptr<Channel>> held;
    Channel* channel = nullptr;  // the factory's
    std::optional<TimePoint> unused_since;
  };
  std::map<std::string, Known> model;
  TimePoint now = TimePoint() + 1h;
  const int steps = *rc::gen::inRange(1, 60);
  for (int step = 0; step < steps; ++step) {
    const std::string name = *rc::gen::element<std::string>("a/1", "a/2", "b/1", "/1");
    switch (*rc::gen::weightedElement<int>({{5, 0}, {3, 1}, {2, 2}, {2, 3}, {1, 4}})) {
      case 0: {
        auto got = clients.channel(name);
        if (name == "/1") {
          RC_ASSERT(!got && got.error().code() == Code::invalid_argument);
          break;
        }
        Known& known = model[name];
        if (known.channel != nullptr) RC_ASSERT(got->get() == known.channel);
        for (const auto& [other, its] : model)
          if (other != name && its.channel != nullptr) RC_ASSERT(got->get() != its.channel);
        known.channel = got->get();
        known.unused_since.reset();
        known.held.push_back(std::move(*got));
        break;
      }
      case 1:
        if (!model[name].held.empty()) model[name].held.pop_back();
        break;
      case 2:
        now += std::chrono::seconds(*rc::gen::inRange(1, 80));
        break;
      case 3:
        clients.release_unused(now);
        for (auto& [other, known] : model) {
          if (!known.held.empty()) known.unused_since.reset();
          if (known.channel == nullptr || !known.held.empty()) continue;
          if (!known.unused_since) known.unused_since = now;
          if (now - *known.unused_since >= 100s) known.channel = nullptr;
        }
        break;
      default:
        clients.clear();
        for (auto& [other, known] : model) known.channel = nullptr;
    }
    std::size_t expected = 0;
    for (const auto& [other, known] : model) expected += known.channel != nullptr ? 1 : 0;
    RC_ASSERT(clients.all().size() == expected);
  }
  model.clear();
  clients.clear();
  RC_ASSERT(alive == 0);
}

TEST(ClientsNamed, AreThoseOfTheConfigurationAndNoOthers) {
  Clients clients([](std::string_view name) {
    Clients::Plan made = plan(name);
    made.named = name == "items";
    return made;
  });
  const auto items = clients.named("items");
  ASSERT_TRUE(items);
  EXPECT_EQ(*items, *clients.channel("items"));
  const auto other = clients.named("item");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Code::invalid_argument);
  EXPECT_EQ(other.error().message(), "clients.channels names no 'item': add an entry with that name and its target");
}

}  // namespace
}  // namespace pintle
