#include <pintle/base/observe.hpp>

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pintle {
namespace {

using ::testing::ElementsAre;

struct Lines final : LogSink {
  bool enabled(Level level) const noexcept override { return level >= Level::info; }
  void write(Level, std::string_view message, std::span<const Field> fields) noexcept override {
    std::string line(message);
    for (const Field& field : fields) {
      line.append(" ").append(field.key).append("=");
      if (const auto* text = std::get_if<std::string_view>(&field.value)) line.append(*text);
      if (const auto* number = std::get_if<std::int64_t>(&field.value)) line.append(std::to_string(*number));
    }
    all.push_back(line);
  }
  std::vector<std::string> all;
};

TEST(Logger, WithPutsItsFieldsBeforeThoseOfEachLine) {
  Lines lines;
  const Logger plain(&lines);
  Logger log;
  {
    const std::string peer = "ipv4:127.0.0.1:41234, of a string that is gone when the line is written";
    log = plain.with({{"peer", peer.substr(0, 20)}, {"shard", 3}});
  }
  log.info("came", {{"calls", 7}});
  log.with({{"method", "/a/B"}}).warn("slow");
  plain.info("bare");
  EXPECT_THAT(lines.all, ElementsAre("came peer=ipv4:127.0.0.1:41234 shard=3 calls=7",
                                     "slow peer=ipv4:127.0.0.1:41234 shard=3 method=/a/B", "bare"));
}

TEST(Logger, TheNearerFieldHidesTheOneOfItsName) {
  Lines lines;
  const Logger log = Logger(&lines).with({{"a", "1"}, {"b", "1"}, {"c", "1"}}).with({{"b", "2"}, {"d", "2"}});
  log.info("x", {{"c", "3"}});
  EXPECT_THAT(lines.all, ElementsAre("x a=1 b=2 d=2 c=3"));
}

TEST(Logger, WithoutASinkSwallowsEverything) {
  const Logger log = Logger().with({{"a", 1}});
  log.error("x");
  Lines lines;
  Logger(&lines).with({{"a", 1}}).debug("below the level");
  EXPECT_TRUE(lines.all.empty());
}

// A meter as small as one can be: it keeps sums by name and attributes.
struct Sums final : Meter {
  struct Cell final : CounterCell, GaugeCell, HistogramCell {
    void add(std::uint64_t n) noexcept override { value += static_cast<double>(n); }
    void add(double change) noexcept override { value += change; }
    void set(double to) noexcept override { value = to; }
    void record(double measured) noexcept override { value += measured; }
    double value = 0;
  };
  Cell& cell(const Instrument& instrument, std::span<const Field> attributes) {
    std::string key(instrument.name);
    for (const Field& field : attributes)
      key.append(" ").append(field.key).append("=").append(std::get<std::string_view>(field.value));
    return cells[key];
  }
  Counter counter(const Instrument& i, std::span<const Field> a) override { return Counter(&cell(i, a)); }
  Gauge gauge(const Instrument& i, std::span<const Field> a) override { return Gauge(&cell(i, a)); }
  Histogram histogram(const Instrument& i, std::span<const Field> a) override { return Histogram(&cell(i, a)); }
  std::map<std::string, Cell> cells;
};

TEST(Meters, HandOutHandlesForAnInstrumentAndItsAttributes) {
  Sums sums;
  const Meters meters(&sums);
  const Counter calls = meters.counter({"calls", "{call}", "calls that came", {}}, {{"rpc.method", "/a/B"}});
  calls.add();
  calls.add(2);
  meters.counter({"calls", "{call}", "calls that came", {}}, {{"rpc.method", "/a/B"}}).add();
  const Gauge open = meters.gauge({"open", "{connection}", "", {}});
  open.add(2);
  open.add(-0.5);
  meters.gauge({"ratio", "1", "", {}}).set(0.25);
  meters.histogram({"duration", "s", "", {}}).record(0.125);
  EXPECT_EQ(sums.cells["calls rpc.method=/a/B"].value, 4);
  EXPECT_EQ(sums.cells["open"].value, 1.5);
  EXPECT_EQ(sums.cells["ratio"].value, 0.25);
  EXPECT_EQ(sums.cells["duration"].value, 0.125);
}

TEST(Meters, NobodyListensUnlessSomebodyWasWired) {
  const Meters meters;
  meters.counter({"calls", "{call}", "", {}}).add();
  meters.gauge({"open", "{connection}", "", {}}).set(1);
  meters.histogram({"duration", "s", "", {}}).record(1);
  Counter().add();
}

}  // namespace
}  // namespace pintle
