#include <pintle/base/random.hpp>

#include <memory>
#include <mutex>
#include <random>

namespace pintle {

Random system_random() {
  struct Generator {
    std::mutex mutex;
    std::mt19937_64 engine{std::random_device{}()};
  };
  return [g = std::make_shared<Generator>()] {
    std::lock_guard lock(g->mutex);
    return std::uniform_real_distribution<double>()(g->engine);
  };
}

}  // namespace pintle
