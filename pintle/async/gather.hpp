// A look at what several loops keep, each on its own thread: how to see without locks what only a loop may touch.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <pintle/async/event.hpp>
#include <pintle/async/loop.hpp>
#include <pintle/async/task.hpp>

namespace pintle {

// look(i) runs on the i-th loop, once, and must not throw; the results in the order of the loops. The caller's status
// when its scope is cancelled first; a loop that has stopped answers never, so that the scope is what ends the wait.
// What `look` holds lives until the last loop has looked, also when nobody waits any more. All loops outlive it.
template <class T>
Task<Result<std::vector<T>>> gather(std::vector<Loop*> loops, std::function<T(std::size_t)> look) {
  struct Seen {
    std::vector<T> results;
    std::size_t left = 0;
    Event all;
  };
  const Env env = co_await current_env();
  auto seen = std::make_shared<Seen>();  // touched on the asking loop only
  seen->results.resize(loops.size());
  seen->left = loops.size();
  if (loops.empty()) seen->all.set();
  for (std::size_t i = 0; i < loops.size(); ++i) {
    loops[i]->post([i, look, seen, home = env.loop] {
      home->post([i, seen, result = look(i)]() mutable {
        seen->results[i] = std::move(result);
        if (--seen->left == 0) seen->all.set();
      });
    });
  }
  if (Status s = co_await seen->all.wait(); !s.ok()) co_return s;
  co_return std::move(seen->results);
}

}  // namespace pintle
