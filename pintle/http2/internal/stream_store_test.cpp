#include <pintle/http2/internal/stream_store.hpp>

#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace pintle::http2 {
namespace {

TEST(StreamStore, FindsWhatIsOpenAndNothingElse) {
  StreamStore store;
  std::map<StreamId, StreamRecord*> model;
  std::mt19937 random(7);
  StreamId next = 1;
  for (int i = 0; i < 20'000; ++i) {
    if (model.size() < 200 && random() % 2 == 0) {
      StreamRecord& record = store.open(next, 10, 20);
      EXPECT_EQ(record.id(), next);
      model[next] = &record;
      next += 2 * (1 + random() % 40);  // gaps make the table collide
    } else if (!model.empty()) {
      auto at = model.begin();
      std::advance(at, random() % model.size());
      store.retire(*at->second);
      EXPECT_EQ(store.find(at->first), nullptr);
      store.release(*at->second);
      model.erase(at);
    }
    ASSERT_EQ(store.size(), model.size());
    for (const auto& [id, record] : model) ASSERT_EQ(store.find(id), record);
    ASSERT_EQ(store.find(next), nullptr);
  }
}

TEST(StreamStore, ARecordIsUsedAgainWithoutItsPast) {
  StreamStore store;
  StreamRecord& first = store.open(1, 10, 20);
  first.queue.append(std::string_view("left behind"));
  first.end_wanted = first.head_sent = true;
  first.context = &store;
  first.state = StreamState::closed;
  store.retire(first);
  store.release(first);
  EXPECT_EQ(first.id(), 0u);
  StreamRecord& second = store.open(3, 10, 20);
  EXPECT_EQ(&second, &first);
  EXPECT_TRUE(second.queue.empty());
  EXPECT_FALSE(second.end_wanted || second.head_sent || second.closed());
  EXPECT_EQ(second.context, nullptr);
}

TEST(StreamStore, RecordsDoNotMove) {
  StreamStore store;
  std::vector<StreamRecord*> records;
  for (StreamId id = 1; id < 2'000; id += 2) records.push_back(&store.open(id, 1, 1));
  for (StreamId id = 1; id < 2'000; id += 2) EXPECT_EQ(store.find(id), records[id / 2]);
}

}  // namespace
}  // namespace pintle::http2
