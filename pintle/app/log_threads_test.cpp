#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <pintle/app/log.hpp>

namespace pintle {
namespace {

// A pipe with a slow reader: what it doesn't take is dropped, and the lines that come are whole all the same.
TEST(LogThreads, LinesAreNeverTornAndThoseThatWereDroppedAreCounted) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
  constexpr int kThreads = 4, kLines = 200;

  std::string all;
  std::thread reader([&] {
    char chunk[777];
    for (ssize_t n; (n = ::read(ends[0], chunk, sizeof chunk)) > 0;) all.append(chunk, static_cast<std::size_t>(n));
  });
  {
    StreamLog sink(ends[1], LogFormat::text, Level::info);
    {
      std::vector<std::jthread> writers;
      for (int t = 0; t < kThreads; ++t) {
        writers.emplace_back([&sink, t] {
          const std::string body(5000, static_cast<char>('a' + t));
          for (int i = 0; i < kLines; ++i) Logger(&sink).info(body);
        });
      }
    }
    EXPECT_TRUE(sink.flush(std::chrono::seconds(60)));
  }
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);

  int lines = 0, dropped = 0;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = all.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    const std::string line = all.substr(at, end - at);
    at = end + 1;
    if (const std::string key = "log lines were dropped dropped="; line.contains(key)) {
      dropped += std::stoi(line.substr(line.find(key) + key.size()));
      continue;
    }
    const std::string body = line.substr(line.rfind(' ') + 1);
    ASSERT_EQ(body, std::string(5000, body.front()));
    ++lines;
  }
  EXPECT_EQ(lines + dropped, kThreads * kLines);
}

}  // namespace
}  // namespace pintle
