// The task that looks at files again and again: whatever one attempt comes to, there is a next one.
#include <pintle/net/tls_reload.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/testing/kit/test_loop.hpp>

namespace pintle::net {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Lines final : LogSink {
  bool enabled(Level) const noexcept override { return true; }
  void write(Level, std::string_view message, std::span<const Field> fields) noexcept override {
    std::string& line = all.emplace_back(message);
    for (const Field& field : fields) line.append(": ").append(std::get<std::string_view>(field.value));
  }
  std::vector<std::string> all;
};

TEST(TlsReload, AnAttemptThatThrowsIsLoggedOnceAndTheNextOneComes) {
  testing::TestLoop loop;
  Lines lines;
  int attempts = 0;
  const ReloadOnce reload = [&](std::string* why) {
    switch (++attempts) {
      case 1:
      case 2:
        throw std::runtime_error("the disk is on fire");
      case 3:
        throw 3;
      case 4:
        *why = "x.pem can't be read";
        return Reload::failed;
      case 5:
        return Reload::replaced;
      default:
        return Reload::unchanged;
    }
  };
  auto running = loop.start(reload_every(reload, 10s, Logger(&lines)));
  for (int i = 0; i < 7; ++i) loop.advance(10s);
  EXPECT_EQ(attempts, 7);
  const std::string failed = "certificates can't be replaced: the last good ones stay in use: ";
  EXPECT_THAT(lines.all, ElementsAre(failed + "the disk is on fire", HasSubstr("unknown kind"),
                                     failed + "x.pem can't be read", "certificates were replaced"));
  EXPECT_FALSE(running.done());
  running.cancel();
  loop.run_until_idle();
  EXPECT_TRUE(running.done());
}

}  // namespace
}  // namespace pintle::net
