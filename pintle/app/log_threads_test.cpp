#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <pintle/app/log.hpp>

namespace pintle {
namespace {

// A non-blocking pipe with a slow reader: writes come back short or not at all, and lines are whole all the same.
TEST(LogThreads, LinesAreNeverTorn) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
  constexpr int kThreads = 4, kLines = 200;
  StreamLog sink(ends[1], LogFormat::text, Level::info);

  std::string all;
  std::thread reader([&] {
    char chunk[777];
    for (ssize_t n; (n = ::read(ends[0], chunk, sizeof chunk)) > 0;) all.append(chunk, static_cast<std::size_t>(n));
  });
  {
    std::vector<std::jthread> writers;
    for (int t = 0; t < kThreads; ++t) {
      writers.emplace_back([&sink, t] {
        const std::string body(5000, static_cast<char>('a' + t));
        for (int i = 0; i < kLines; ++i) Logger(&sink).info(body);
      });
    }
  }
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);

  int lines = 0;
  for (std::size_t at = 0; at < all.size(); ++lines) {
    const std::size_t end = all.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    const std::string line = all.substr(at, end - at);
    const std::string body = line.substr(line.rfind(' ') + 1);
    ASSERT_EQ(body, std::string(5000, body.front()));
    at = end + 1;
  }
  EXPECT_EQ(lines, kThreads * kLines);
}

}  // namespace
}  // namespace pintle
