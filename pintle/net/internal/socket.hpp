// A connected TCP or unix socket as a ByteStream: non-blocking calls of our own, edge-triggered readiness.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <pintle/async/descriptor.hpp>
#include <pintle/net/address.hpp>
#include <pintle/net/byte_stream.hpp>
#include <pintle/net/internal/fd.hpp>

namespace pintle::net {

class Socket final : public ByteStream, Descriptor::Observer {
 public:
  // `fd` is connected and non-blocking; `lease` is held until the socket is destroyed. On the loop's thread.
  Socket(Loop& loop, Fd fd, const SockAddress& peer, std::shared_ptr<void> lease = nullptr);

  void set_observer(ByteStream::Observer& observer) override { observer_ = &observer; }
  IoResult read(std::span<std::byte> into) override;
  IoResult write(std::span<const std::byte> from) override;
  void want_read() override { descriptor_->want_read(); }
  void want_write() override { descriptor_->want_write(); }
  void shutdown_write() override;
  void limit_unacknowledged(Duration limit) override;
  std::string_view peer() const override { return peer_; }
  std::string_view local() const override;
  std::string error() const override;
  Loop& loop() override { return loop_; }

 private:
  void on_readable() noexcept override { observer_->on_readable(); }
  void on_writable() noexcept override { observer_->on_writable(); }
  IoResult failed(int error);
  int pending_error() const;

  Loop& loop_;
  Fd fd_;
  std::optional<Descriptor> descriptor_;  // after fd_: unregistered before it is closed
  ByteStream::Observer* observer_ = nullptr;
  std::string peer_;
  mutable std::string local_;
  std::shared_ptr<void> lease_;
  int error_ = 0;
};

}  // namespace pintle::net
