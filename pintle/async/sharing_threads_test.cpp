// Queue and Broadcast between threads and loops: nothing is lost, given twice or waited for in vain.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <pintle/async/broadcast.hpp>
#include <pintle/async/first_of.hpp>
#include <pintle/async/queue.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>

namespace pintle {
namespace {

RuntimeOptions threads(std::size_t n) {
  RuntimeOptions o;
  o.threads = n;
  return o;
}

Task<std::vector<int>> take_all(Queue<int>& queue) {
  std::vector<int> taken;
  for (;;) {
    Result<std::optional<int>> item = co_await queue.pop();
    if (!item || !*item) co_return taken;
    taken.push_back(**item);
  }
}
// The same, but giving up most waits, so that items that were handed over go back.
Task<std::vector<int>> take_fickly(Queue<int>& queue) {
  std::vector<int> taken;
  for (;;) {
    auto first = co_await first_of(queue.pop(), yield());
    if (first.index() == 1) continue;
    Result<std::optional<int>> item = std::get<0>(std::move(first));
    if (!item || !*item) co_return taken;
    taken.push_back(**item);
  }
}
Task<Status> put(Queue<int>& queue, int from, int to) {
  for (int i = from; i < to; ++i)
    if (Status s = co_await queue.push(i); !s.ok()) co_return s;
  co_return Status();
}

TEST(QueueThreads, GivesEachItemToOneReaderOfAnyLoop) {
  Runtime runtime(threads(3));
  runtime.start();
  Queue<int> queue(4);
  constexpr int kEach = 3000;
  std::vector<std::vector<int>> taken(4);
  std::vector<std::thread> readers, writers;
  for (std::size_t i = 0; i < taken.size(); ++i)
    readers.emplace_back(
        [&, i] { taken[i] = sync_wait(runtime.loop(i % 3), i == 0 ? take_fickly(queue) : take_all(queue)); });
  for (int w = 0; w < 3; ++w)
    writers.emplace_back([&, w] {
      if (w == 0) {  // a thread that is no loop
        for (int i = 0; i < kEach; ++i)
          while (!queue.try_push(int(i)).ok()) std::this_thread::yield();
      } else {
        const Status status =
            sync_wait(runtime.loop(static_cast<std::size_t>(w)), put(queue, w * kEach, (w + 1) * kEach));
        EXPECT_TRUE(status.ok());
      }
    });
  for (auto& w : writers) w.join();
  queue.close();
  for (auto& r : readers) r.join();
  std::vector<int> all;
  for (const auto& t : taken) all.insert(all.end(), t.begin(), t.end());
  std::sort(all.begin(), all.end());
  std::vector<int> want(3 * kEach);
  std::iota(want.begin(), want.end(), 0);
  EXPECT_EQ(all.size(), want.size());
  std::vector<int> lost, twice;
  std::set_difference(want.begin(), want.end(), all.begin(), all.end(), std::back_inserter(lost));
  std::set_difference(all.begin(), all.end(), want.begin(), want.end(), std::back_inserter(twice));
  EXPECT_EQ(lost, std::vector<int>());
  EXPECT_EQ(twice, std::vector<int>());
}

struct Heard {
  std::uint64_t items = 0, missed = 0, last = 0;
  bool in_order = true;
};
Task<Heard> hear(Broadcast<std::uint64_t>::Reader reader) {
  Heard heard;
  for (;;) {
    auto item = co_await reader.read();
    if (!item || *item == nullptr) co_return heard;
    ++heard.items;
    heard.missed += reader.missed();
    heard.in_order &= **item == heard.last + reader.missed() + 1;
    heard.last = **item;
  }
}

TEST(BroadcastThreads, EveryReaderHearsOrCountsEveryItem) {
  Runtime runtime(threads(3));
  runtime.start();
  Broadcast<std::uint64_t> feed(16);
  constexpr std::uint64_t kItems = 20'000;
  std::vector<Heard> heard(5);
  std::vector<std::thread> readers;
  for (std::size_t i = 0; i < heard.size(); ++i)
    readers.emplace_back([&, i, reader = feed.subscribe()]() mutable {
      heard[i] = sync_wait(runtime.loop(i % 3), hear(std::move(reader)));
    });
  for (std::uint64_t i = 1; i <= kItems; ++i) {
    feed.publish(i);
    if (i % 8 == 0) std::this_thread::yield();
  }
  feed.close();
  for (auto& r : readers) r.join();
  for (const Heard& h : heard) {
    EXPECT_TRUE(h.in_order);
    EXPECT_EQ(h.items + h.missed, kItems);
    EXPECT_EQ(h.last, kItems);
  }
}

}  // namespace
}  // namespace pintle
