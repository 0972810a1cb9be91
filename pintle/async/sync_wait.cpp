#include <pintle/async/sync_wait.hpp>

namespace pintle::detail {

Status may_wait_for(const Loop& loop) {
  if (Loop::on_any_thread())
    return Status(Code::failed_precondition,
                  "this thread drives a loop, which waiting would stop: co_await the task or the asynchronous stub, or "
                  "wait inside of co_await pintle::blocking(...)",
                  Origin::library);
  if (!loop.driven())
    return Status(Code::failed_precondition,
                  "no thread drives the loop that was to be waited for: its runtime was not started, or has stopped",
                  Origin::library);
  return Status();
}

}  // namespace pintle::detail
