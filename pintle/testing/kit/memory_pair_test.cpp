#include <pintle/testing/kit/memory_pair.hpp>

#include <array>
#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/async/runtime.hpp>
#include <pintle/testing/kit/test_loop.hpp>

namespace pintle::testing {
namespace {

using net::ByteStream;
using net::IoResult;
using net::IoState;
using Direction = MemoryPair::Direction;

// Counts what it is told.
struct Ear final : ByteStream::Observer {
  void on_readable() noexcept override { ++readable; }
  void on_writable() noexcept override { ++writable; }
  int readable = 0, writable = 0;
};

struct Pair : ::testing::Test {
  Pair() : pair(loops.loop(0), loops.loop(1)), a(pair.take_a()), b(pair.take_b()) {
    a->set_observer(ear_a);
    b->set_observer(ear_b);
  }
  static IoResult write(ByteStream& s, std::string_view text) {
    return s.write(std::as_bytes(std::span(text.data(), text.size())));
  }
  static std::string read(ByteStream& s, std::size_t most = 100) {
    std::string out(most, ' ');
    const IoResult r = s.read(std::as_writable_bytes(std::span(out)));
    switch (r.state) {
      case IoState::ok:
        return out.substr(0, r.size);
      case IoState::would_block:
        return "<would block>";
      case IoState::end:
        return "<end>";
      case IoState::error:
        return "<" + s.error() + ">";
    }
    return "";
  }
  TestLoop loops{2};
  MemoryPair pair;
  std::unique_ptr<ByteStream> a, b;
  Ear ear_a, ear_b;
};

TEST_F(Pair, CarriesBytesBothWays) {
  EXPECT_EQ(read(*b), "<would block>");
  EXPECT_EQ(write(*a, "hello").size, 5u);
  EXPECT_EQ(write(*b, "world").size, 5u);
  EXPECT_EQ(read(*b), "hello");
  EXPECT_EQ(read(*a), "world");
  EXPECT_EQ(pair.bytes_written(Direction::a_to_b), 5u);
  EXPECT_EQ(pair.writes(Direction::a_to_b), 1u);
  EXPECT_EQ(a->peer(), b->local());
}

TEST_F(Pair, TellsOnceAndOnlyFromTheLoop) {
  write(*a, "x");
  b->want_read();
  b->want_read();
  EXPECT_EQ(ear_b.readable, 0) << "never from inside a call";
  loops.run_until_idle();
  EXPECT_EQ(ear_b.readable, 1);
  write(*a, "y");
  loops.run_until_idle();
  EXPECT_EQ(ear_b.readable, 1) << "nobody asked again";
}

TEST_F(Pair, HoldsNoMoreThanItsCapacity) {
  pair.set_capacity(Direction::a_to_b, 4);
  EXPECT_EQ(write(*a, "123456").size, 4u);
  EXPECT_EQ(write(*a, "56").state, IoState::would_block);
  a->want_write();
  loops.run_until_idle();
  EXPECT_EQ(ear_a.writable, 0);
  EXPECT_EQ(read(*b, 1), "1");
  loops.run_until_idle();
  EXPECT_EQ(ear_a.writable, 1);
  EXPECT_EQ(write(*a, "56").size, 1u);
}

TEST_F(Pair, ChopsWhatIsReadWhereverTheTestWants) {
  pair.set_chunk(Direction::a_to_b, 2);
  write(*a, "abcde");
  EXPECT_EQ(read(*b), "ab");
  EXPECT_EQ(read(*b), "cd");
  EXPECT_EQ(read(*b), "e");
}

TEST_F(Pair, DeliversNothingWhileItIsStalled) {
  pair.set_stalled(Direction::a_to_b, true);
  write(*a, "later");
  b->want_read();
  loops.run_until_idle();
  EXPECT_EQ(ear_b.readable, 0);
  EXPECT_EQ(read(*b), "<would block>");
  pair.set_stalled(Direction::a_to_b, false);
  loops.run_until_idle();
  EXPECT_EQ(ear_b.readable, 1);
  EXPECT_EQ(read(*b), "later");
}

TEST_F(Pair, EndsOneDirectionAndKeepsTheOther) {
  write(*a, "last");
  a->shutdown_write();
  EXPECT_EQ(read(*b), "last");
  b->want_read();
  loops.run_until_idle();
  EXPECT_EQ(ear_b.readable, 1);
  EXPECT_EQ(read(*b), "<end>");
  EXPECT_EQ(write(*b, "answer").size, 6u);
  EXPECT_EQ(read(*a), "answer");
  EXPECT_EQ(write(*a, "more").state, IoState::error);
}

TEST_F(Pair, BreaksForBothSides) {
  write(*a, "lost");
  b->want_read();
  a->want_write();
  pair.reset("cable cut");
  loops.run_until_idle();
  EXPECT_EQ(ear_b.readable, 1);
  EXPECT_EQ(read(*b), "<cable cut>");
  EXPECT_EQ(write(*a, "x").state, IoState::error);
  EXPECT_EQ(a->error(), "cable cut");
}

TEST_F(Pair, LetsAPeerReadWhatCameBeforeTheStreamWasDestroyed) {
  write(*a, "bye");
  a.reset();
  EXPECT_FALSE(pair.open_a());
  EXPECT_EQ(write(*b, "x").state, IoState::error);
  EXPECT_EQ(b->error(), "broken pipe");
  EXPECT_EQ(read(*b), "bye");
  EXPECT_EQ(read(*b), "<end>");
}

TEST_F(Pair, TellsNobodyWhoIsGone) {
  write(*a, "x");
  b->want_read();
  b.reset();
  loops.run_until_idle();
  EXPECT_EQ(ear_b.readable, 0);
}

// Two threads: a million bytes in small pieces through a narrow pipe.
TEST(MemoryPairThreads, JoinsLoopsOfTwoThreads) {
  RuntimeOptions options;
  options.threads = 2;
  Runtime runtime(options);
  constexpr std::size_t kTotal = 1'000'000;
  struct Writer final : ByteStream::Observer {
    void on_readable() noexcept override {}
    void on_writable() noexcept override {
      for (std::array<std::byte, 700> piece{}; sent < kTotal;) {
        const IoResult r = stream->write(std::span(piece).first(std::min(piece.size(), kTotal - sent)));
        if (r.state == IoState::would_block) return stream->want_write();
        sent += r.size;
      }
      stream->shutdown_write();
    }
    std::unique_ptr<ByteStream> stream;
    std::size_t sent = 0;
  } writer;
  struct Reader final : ByteStream::Observer {
    void on_readable() noexcept override {
      for (std::array<std::byte, 999> piece;;) {
        const IoResult r = stream->read(piece);
        if (r.state == IoState::would_block) return stream->want_read();
        if (r.state != IoState::ok) break;
        got += r.size;
      }
      over = true;
      over.notify_one();
    }
    void on_writable() noexcept override {}
    std::unique_ptr<ByteStream> stream;
    std::size_t got = 0;
    std::atomic<bool> over = false;
  } reader;
  MemoryPipeOptions pipe;
  pipe.capacity = 1000;
  MemoryPair pair(runtime.loop(0), runtime.loop(1), pipe);
  writer.stream = pair.take_a();
  reader.stream = pair.take_b();
  writer.stream->set_observer(writer);
  reader.stream->set_observer(reader);
  runtime.start();
  runtime.loop(0).post([&] { writer.on_writable(); });
  runtime.loop(1).post([&] { reader.stream->want_read(); });
  reader.over.wait(false);
  EXPECT_EQ(reader.got, kTotal);
}

}  // namespace
}  // namespace pintle::testing
