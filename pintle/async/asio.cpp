#include <pintle/async/asio.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <pintle/async/internal/poller.hpp>

namespace pintle {
namespace {

// Asio's reactor with the loop's epoll set as one of its descriptors. Not the other way round: Asio keeps its own epoll
// descriptor to itself, and handlers that other threads post would wake nobody.
class AsioGuest final : public Poller::Guest {
 public:
  explicit AsioGuest(int epoll) : set_(context, epoll) {}
  ~AsioGuest() override { set_.release(); }  // it is the poller's to close

  void wait(std::optional<Duration> timeout) override {
    if (!armed_) {
      armed_ = true;
      set_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this](const boost::system::error_code&) { armed_ = false; });
    }
    context.restart();
    if (!timeout)
      context.run_one();
    else if (*timeout > Duration::zero())
      context.run_one_for(*timeout);
    context.poll();
  }

  boost::asio::io_context context{1};

 private:
  boost::asio::posix::stream_descriptor set_;
  bool armed_ = false;
};

}  // namespace

boost::asio::io_context& asio_context(Loop& loop) {
  Poller* poller = loop.poller();
  if (poller == nullptr) throw std::logic_error("a loop that no runtime drives has no io_context");
  if (loop.driven() && !loop.on_thread()) throw std::logic_error("asio_context() of a loop of another thread");
  if (poller->guest() == nullptr) poller->set_guest(std::make_unique<AsioGuest>(poller->fd()));
  return static_cast<AsioGuest*>(poller->guest())->context;
}

namespace detail {

Status asio_status(const ErrorCode& error, const CancelScope* scope) {
  if (!error) return {};
  if (error == boost::asio::error::operation_aborted) {
    if (scope != nullptr && scope->cancelled()) return scope->status();
    return Status(Code::cancelled, "the operation was aborted", Origin::library);
  }
  return Status(Code::unavailable, error.message(), Origin::library);
}

}  // namespace detail
}  // namespace pintle
