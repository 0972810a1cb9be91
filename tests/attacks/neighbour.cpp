// neighbour --target HOST:PORT [--items N --bytes N]
//
// A client that behaves: it makes N items with descriptions of so many bytes, then gets one of them every 2 ms, one
// call at a time. For each line that it reads it prints what happened since the last one, "calls N failed N p50 US p99
// US max US", in microseconds; it ends with its input. What failed is told on its standard error.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/core.h>

#include "items/v1/items.pintle.hpp"
#include <pintle/client/channel.hpp>

namespace {

using Clock = std::chrono::steady_clock;
using items::v1::ItemService;
using pintle::CallOptions;

constexpr auto kPause = std::chrono::milliseconds(2);
constexpr auto kPatience = std::chrono::seconds(30);

[[noreturn]] void give_up(std::string_view what) {
  fmt::print(stderr, "neighbour: {}\n", what);
  std::exit(1);  // NOLINT(concurrency-mt-unsafe): no other thread runs
}

std::string make_items(const ItemService::BlockingStub& stub, int count, std::size_t bytes) {
  std::string id;
  for (int i = 0; i < count; ++i) {
    items::v1::CreateItemRequest request;
    items::v1::Item& item = *request.mutable_item();
    item.set_sku(fmt::format("neighbour-{}", i));
    item.set_name("Tea");
    item.set_description(std::string(bytes, 'd'));
    item.mutable_price()->set_currency_code("EUR");
    const auto made = stub.CreateItem(request, CallOptions().timeout(kPatience));
    if (!made) give_up(made.error().to_string());
    id = made->id();
  }
  return id;
}

class Calls {
 public:
  void add(std::uint32_t microseconds, bool ok) {
    const std::lock_guard lock(mutex_);
    took_.push_back(microseconds);
    failed_ += ok ? 0 : 1;
  }
  std::string told() {
    std::vector<std::uint32_t> took;
    int failed = 0;
    {
      const std::lock_guard lock(mutex_);
      took.swap(took_);
      std::swap(failed, failed_);
    }
    std::ranges::sort(took);
    const auto at = [&](double part) {
      return took.empty() ? 0 : took[static_cast<std::size_t>(part * static_cast<double>(took.size() - 1))];
    };
    return fmt::format("calls {} failed {} p50 {} p99 {} max {}", took.size(), failed, at(0.5), at(0.99), at(1));
  }

 private:
  std::mutex mutex_;
  std::vector<std::uint32_t> took_;  // guarded by mutex_, as all below
  int failed_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  std::string target;
  int count = 1, bytes = 100;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i], value = argv[i + 1];
    const auto into = [&](int& number) { std::from_chars(value.data(), value.data() + value.size(), number); };
    if (key == "--target")
      target = value;
    else if (key == "--items")
      into(count);
    else if (key == "--bytes")
      into(bytes);
    else
      give_up(key);
  }
  pintle::Runtime runtime;
  runtime.start();
  auto channel = pintle::make_channel(runtime, target, pintle::ChannelOptions());
  if (!channel) give_up(channel.error().to_string());
  const ItemService::BlockingStub stub(*channel);
  items::v1::GetItemRequest request;
  request.set_id(make_items(stub, count, static_cast<std::size_t>(bytes)));

  Calls calls;
  std::jthread caller([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const auto begun = Clock::now();
      const auto got = stub.GetItem(request, CallOptions().timeout(kPatience));
      const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun);
      calls.add(static_cast<std::uint32_t>(took.count()), got.has_value());
      if (!got) fmt::print(stderr, "neighbour: {}\n", got.error().to_string());
      std::this_thread::sleep_until(begun + kPause);
    }
  });
  fmt::print("ready\n");
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    fmt::print("{}\n", calls.told());
    std::fflush(stdout);
  }
  caller.request_stop();
  caller.join();
  runtime.stop();
}
