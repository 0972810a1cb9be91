// Values that hang on a call: found by type through those above it, destroyed once.
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <pintle/rpc/call_options.hpp>
#include <pintle/rpc/client_calls.hpp>
#include <pintle/rpc/test_support/text.hpp>

namespace pintle {
namespace {

using test::method_of_kind;
using test::TurnedLoop;

constexpr MethodInfo kBidi = method_of_kind(Kind::bidi);

struct Counted {
  explicit Counted(int& n) : alive(n) { ++alive; }
  Counted(const Counted&) = delete;
  ~Counted() { --alive; }
  int& alive;
};

struct SlotsTest : ::testing::Test {
  std::unique_ptr<LayerCall> call(const SlotLayout* of) {
    auto made = std::make_unique<LayerCall>(turned.loop, kBidi, pipe.source(), pipe.sink(), nullptr);
    made->slots.use(of);
    return made;
  }
  TurnedLoop turned;
  Pipe pipe{nullptr};
  SlotLayout layout;
};

TEST_F(SlotsTest, ATypeHasOneSlotWhoeverAsks) {
  EXPECT_EQ(layout.number<int>(), 0u);
  EXPECT_EQ(layout.number<std::string>(), 1u);
  EXPECT_EQ(layout.number<int>(), 0u);
}

TEST_F(SlotsTest, AreEmptyUntilSomebodyFillsThem) {
  const Slot<std::string> slot(layout.number<std::string>());
  auto one = call(&layout);
  EXPECT_EQ(slot.get(*one), nullptr);
  EXPECT_EQ(one->find<std::string>(), nullptr);
  slot.emplace(*one, "a tenant whose name is longer than a string keeps in itself");
  EXPECT_EQ(*one->find<std::string>(), "a tenant whose name is longer than a string keeps in itself");
  EXPECT_EQ(one->find<int>(), nullptr);
  one->finish();
}

TEST_F(SlotsTest, EachLiesWhereItsTypeMay) {
  const Slot<char> small(layout.number<char>());
  const Slot<std::max_align_t> strict(layout.number<std::max_align_t>());
  auto one = call(&layout);
  small.emplace(*one, 'x');
  const auto at = reinterpret_cast<std::uintptr_t>(&strict.emplace(*one));
  EXPECT_EQ(at % alignof(std::max_align_t), 0u);
  EXPECT_EQ(*small.get(*one), 'x');
  one->finish();
}

TEST_F(SlotsTest, ANewValueTakesThePlaceOfTheOldOneAndTheEndDestroysItOnce) {
  const Slot<Counted> slot(layout.number<Counted>());
  const Slot<std::string> other(layout.number<std::string>());
  int alive = 0;
  auto one = call(&layout);
  slot.emplace(*one, alive);
  other.emplace(*one, "kept");
  slot.emplace(*one, alive);
  EXPECT_EQ(alive, 1);
  EXPECT_EQ(*other.get(*one), "kept");
  one->finish();
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(slot.get(*one), nullptr);
}

TEST_F(SlotsTest, ACallThatIsNotFinishedDestroysThemWithItself) {
  const Slot<Counted> slot(layout.number<Counted>());
  int alive = 0;
  slot.emplace(*call(&layout), alive);
  EXPECT_EQ(alive, 0);
}

TEST_F(SlotsTest, ThereAreSixtyFour) {
  const auto fill = [&]<std::size_t... I>(std::index_sequence<I...>) {
    (layout.number<std::integral_constant<std::size_t, I>>(), ...);
  };
  fill(std::make_index_sequence<64>());
  EXPECT_EQ((layout.number<std::integral_constant<std::size_t, 63>>()), 63u);
  EXPECT_THROW(layout.number<std::string>(), std::length_error);
  const Slot<std::integral_constant<std::size_t, 63>> last(63);
  auto one = call(&layout);
  last.emplace(*one);
  EXPECT_NE(last.get(*one), nullptr);
}

TEST_F(SlotsTest, AreFoundThroughTheCallsThatACallIsMadeFor) {
  const Slot<std::string> slot(layout.number<std::string>());
  auto incoming = call(&layout);
  slot.emplace(*incoming, "acme");
  SlotLayout own_layout;
  const Slot<int> own(own_layout.number<int>());
  auto outgoing = call(&own_layout);
  outgoing->parent = incoming.get();
  own.emplace(*outgoing, 7);
  EXPECT_EQ(*outgoing->find<std::string>(), "acme");
  EXPECT_EQ(*outgoing->find<int>(), 7);
  EXPECT_EQ(incoming->find<int>(), nullptr);
}

// -- CallOptions::with() ----------------------------------------------------------------------------------------------

struct Tenant {
  std::string name;
};

TEST_F(SlotsTest, ACallerHangsValuesOnItsCall) {
  auto one = call(nullptr);
  CallOptions options = CallOptions().with(Tenant{"acme"}).with(42);
  detail::apply(*one, options, Env{&turned.loop, nullptr, nullptr});
  EXPECT_EQ(one->find<Tenant>()->name, "acme");
  EXPECT_EQ(*one->find<int>(), 42);
  EXPECT_EQ(one->find<std::string>(), nullptr);
}

TEST_F(SlotsTest, OfTwoValuesOfATypeTheLaterIsFound) {
  auto one = call(nullptr);
  CallOptions options = CallOptions().with(1).with(2);
  detail::apply(*one, options, Env{&turned.loop, nullptr, nullptr});
  EXPECT_EQ(*one->find<int>(), 2);
}

TEST_F(SlotsTest, TheNearestValueIsFound) {
  auto incoming = call(nullptr);
  CallOptions above = CallOptions().with(1).with(Tenant{"acme"});
  detail::apply(*incoming, above, Env{&turned.loop, nullptr, nullptr});
  auto outgoing = call(nullptr);
  CallOptions options = CallOptions().with(2);
  detail::apply(*outgoing, options, Env{&turned.loop, nullptr, incoming.get()});
  EXPECT_EQ(*outgoing->find<int>(), 2);
  EXPECT_EQ(outgoing->find<Tenant>()->name, "acme");
}

}  // namespace
}  // namespace pintle
