#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <pintle/base/line_writer.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;

class Pipe {
 public:
  // A pipe of one page is full for poll() as soon as a byte is in it.
  explicit Pipe(int size = 4096) {
    if (::pipe2(ends_, O_CLOEXEC) != 0) std::abort();
    ::fcntl(ends_[1], F_SETPIPE_SZ, size);
  }
  ~Pipe() {
    close_out();
    ::close(ends_[1]);
  }
  int in() const { return ends_[1]; }
  void non_blocking() const { ::fcntl(ends_[1], F_SETFL, O_NONBLOCK); }
  void close_out() {
    if (ends_[0] >= 0) ::close(std::exchange(ends_[0], -1));
  }
  // Up to a line that contains the word, or to the end.
  std::string read_until(std::string_view word) const {
    std::string seen;
    char c;
    while (::read(ends_[0], &c, 1) == 1) {
      seen.push_back(c);
      if (c == '\n' && seen.find(word, seen.rfind('\n', seen.size() - 2) + 1) != std::string::npos) break;
    }
    return seen;
  }

 private:
  int ends_[2];
};

LineWriter::SayDropped say() {
  return [](std::uint64_t lines, std::string& out) { out += "dropped " + std::to_string(lines) + "\n"; };
}

std::size_t count(std::string_view text, std::string_view word) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string_view::npos; at += word.size()) ++n;
  return n;
}

TEST(LineWriter, WritesWhatItIsGivenInItsOrder) {
  Pipe pipe(64 * 1024);
  LineWriter writer(pipe.in());
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    expected += line;
    EXPECT_TRUE(writer.write(line));
  }
  EXPECT_TRUE(writer.flush(10s));
  EXPECT_TRUE(writer.write("last\n"));
  EXPECT_EQ(pipe.read_until("last"), expected + "last\n");
}

// A pipe that is blocking, full and read by nobody: writing goes on at once, what finds no place is counted and said.
TEST(LineWriter, NobodyWhoWritesWaitsForAPipeThatNobodyReads) {
  for (const bool blocking : {true, false}) {
    Pipe pipe;
    if (!blocking) pipe.non_blocking();
    LineWriter writer(pipe.in(), say());
    constexpr int kLines = 4000;
    const std::string line = std::string(99, 'x') + "\n";
    int taken = 0;
    for (int i = 0; i < kLines; ++i) taken += writer.write(line) ? 1 : 0;
    EXPECT_LT(taken, kLines);
    EXPECT_EQ(writer.dropped(), static_cast<std::uint64_t>(kLines - taken));
    EXPECT_FALSE(writer.flush(1ms));
    std::string seen;
    std::uint64_t said = 0;
    while (said < writer.dropped()) {
      const std::string more = pipe.read_until("dropped ");
      seen += more;
      said += std::stoull(more.substr(more.rfind(' ')));
    }
    EXPECT_EQ(said, writer.dropped());
    // Lines that were taken after the last drop come behind its line.
    for (auto lines = count(seen, line); lines < static_cast<std::size_t>(taken); ++lines) seen += pipe.read_until("x");
    EXPECT_EQ(count(seen, line), static_cast<std::size_t>(taken));
    EXPECT_TRUE(writer.flush(10s));
  }
}

TEST(LineWriter, ItsEndIsBoundedWhenNobodyReads) {
  Pipe pipe;
  const auto began = std::chrono::steady_clock::now();
  {
    LineWriter writer(pipe.in(), say());
    for (int i = 0; i < 1000; ++i) writer.write(std::string(99, 'x') + "\n");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, 8s) << "a second, on a machine that has other things to do";
}

TEST(LineWriter, ItsEndWaitsForAReaderWhoIsSlow) {
  Pipe pipe;
  std::string seen;
  std::thread reader;
  {
    LineWriter writer(pipe.in());
    for (int i = 0; i < 200; ++i) writer.write(std::string(99, 'x') + "\n");
    writer.write("the end\n");
    reader = std::thread([&] { seen = pipe.read_until("the end"); });
  }
  reader.join();
  EXPECT_EQ(seen.size(), 20'008U);
}

TEST(LineWriter, ManyThreadsWriteWholeLines) {
  Pipe pipe;
  constexpr std::size_t kThreads = 20;  // more than there are rings
  std::string seen;
  std::thread reader([&] { seen = pipe.read_until("the end"); });
  LineWriter writer(pipe.in(), say());
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < kThreads; ++t)
      threads.emplace_back([&writer, t] {
        const std::string line = std::string(60 + t * 100, static_cast<char>('a' + t)) + "\n";
        for (int i = 0; i < 100; ++i) writer.write(line);
      });
  }
  EXPECT_TRUE(writer.flush(60s));
  EXPECT_TRUE(writer.write("the end\n"));
  reader.join();
  std::size_t whole = 0;
  for (std::size_t at = 0; at < seen.size();) {
    const std::size_t end = seen.find('\n', at);
    const std::string_view line = std::string_view(seen).substr(at, end - at);
    at = end + 1;
    if (line.starts_with("dropped") || line == "the end") continue;
    ASSERT_EQ(line, std::string(60 + static_cast<std::size_t>(line[0] - 'a') * 100, line[0]));
    ++whole;
  }
  EXPECT_EQ(whole + writer.dropped(), kThreads * 100);
}

// B writes because of what A wrote: never the other way round, whatever ring they use.
TEST(LineWriter, AnEffectComesAfterItsCause) {
  Pipe pipe;
  LineWriter writer(pipe.in());
  constexpr int kRounds = 300;
  std::atomic<int> turn = 0;
  const auto play = [&](int me) {
    for (int i = me; i < kRounds; i += 2) {
      for (int now; (now = turn.load()) != i;) turn.wait(now);
      writer.write(std::to_string(i) + "\n");
      turn = i + 1;
      turn.notify_all();
    }
  };
  std::string seen, expected;
  std::thread reader([&] { seen = pipe.read_until("the end"); });
  {
    std::jthread a([&] { play(0); }), b([&] { play(1); });
  }
  writer.write("the end\n");
  reader.join();
  for (int i = 0; i < kRounds; ++i) expected += std::to_string(i) + "\n";
  EXPECT_EQ(seen, expected + "the end\n");
}

TEST(LineWriter, LinesAreBoundedByTheirBytesToo) {
  Pipe pipe;
  LineWriter writer(pipe.in());
  EXPECT_FALSE(writer.write(std::string(LineWriter::kRingBytes + 1, 'x')));
  EXPECT_EQ(writer.dropped(), 1U);
  EXPECT_TRUE(writer.write("short\n"));
  EXPECT_EQ(pipe.read_until("short"), "short\n");
}

TEST(LineWriter, ADescriptorThatFailsLosesTheLinesAndNothingElse) {
  LineWriter closed(-1), full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  for (LineWriter* writer : {&closed, &full}) {
    EXPECT_TRUE(writer->write("into the void\n"));
    EXPECT_TRUE(writer->flush(10s));
  }
}

}  // namespace
}  // namespace pintle
