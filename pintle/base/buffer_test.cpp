#include <pintle/base/buffer.hpp>

#include <string>

#include <gtest/gtest.h>

namespace pintle {
namespace {

std::string text(const Buffer& b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }

TEST(Buffer, KeepsOrderAcrossGrowthAndConsumption) {
  Buffer b;
  std::string model;
  for (int i = 0; i < 2000; ++i) {
    std::string piece(static_cast<std::size_t>(i % 37), static_cast<char>('a' + i % 26));
    b.append(piece);
    model += piece;
    const std::size_t drop = model.size() / 3;
    b.consume(drop);
    model.erase(0, drop);
    ASSERT_EQ(text(b), model);
  }
}

TEST(Buffer, SteadyUseKeepsItsMemory) {
  Buffer b;
  b.append(std::string(1000, 'x'));
  b.consume(1000);
  const std::size_t before = b.capacity();
  for (int i = 0; i < 100; ++i) {
    b.append(std::string(500, 'y'));
    b.consume(500);
  }
  EXPECT_EQ(b.capacity(), before);
}

TEST(Buffer, ShrinkFreesOnlyWhatIsEmptyAndLarge) {
  Buffer b;
  b.append(std::string(5000, 'x'));
  b.shrink(1024);
  EXPECT_GE(b.capacity(), 5000u);
  b.consume(5000);
  b.shrink(1024);
  EXPECT_EQ(b.capacity(), 0u);
}

}  // namespace
}  // namespace pintle
