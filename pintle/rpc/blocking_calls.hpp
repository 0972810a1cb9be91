// Calls for threads that may block: what generated BlockingStubs are made of.
//
// A call runs on a loop of its channel; the calling thread sleeps until that loop has the answer. REQUIRES: not called
// on a thread that drives a loop, and the channel's runtime runs; else as sync_wait() does, these functions throw.
#pragma once

#include <memory>
#include <stdexcept>
#include <utility>

#include <pintle/async/sync_wait.hpp>
#include <pintle/async/task.hpp>
#include <pintle/rpc/client_stream.hpp>
#include <pintle/rpc/handler.hpp>

namespace pintle {

namespace detail {

template <class Stream>
Task<std::unique_ptr<Stream>> open_in(codegen::Opening<Stream> opening) {
  co_return std::make_unique<Stream>(co_await opening);
}
// The stream outlives the task that opens it, so it hangs below a scope that ends on the loop's thread as well.
template <class Stream>
Task<std::unique_ptr<Stream>> open_stream(codegen::Opening<Stream> opening) {
  Env env = co_await current_env();
  CancelScope scope;
  env.scope = &scope;
  co_return co_await open_in(std::move(opening)).in(env);
}

// Owns a stream that lives on its loop: every touch of it goes there.
template <class Stream>
class BlockingStream {
 public:
  BlockingStream(std::shared_ptr<Channel> channel, codegen::Opening<Stream> opening)
      : channel_(std::move(channel)),
        loop_(&channel_->loop()),
        stream_(sync_wait(*loop_, open_stream(std::move(opening)))) {}
  BlockingStream(BlockingStream&&) noexcept = default;
  BlockingStream& operator=(BlockingStream&&) = delete;
  // Letting go of a stream that has not ended cancels the call.
  ~BlockingStream() {
    if (stream_ == nullptr) return;
    try {
      (void)sync_wait(*loop_, drop(stream_));
    } catch (const std::runtime_error&) {
      // The runtime has stopped: nobody else touches the stream any more.
    }
  }

  // Ends the call early; what follows then says CANCELLED.
  void cancel() { (void)sync_wait(*loop_, cancelled(*stream_)); }
  // Whether the message that was read last came compressed.
  bool read_compressed() const { return stream_->call().read_compressed(); }

 protected:
  template <class T>
  T wait(Task<T> task) {
    return sync_wait(*loop_, std::move(task));
  }
  Stream& stream() { return *stream_; }

 private:
  static Task<Status> drop(std::unique_ptr<Stream>& stream) {
    stream.reset();
    co_return Status();
  }
  static Task<Status> cancelled(Stream& stream) {
    stream.cancel();
    co_return Status();
  }

  std::shared_ptr<Channel> channel_;
  Loop* loop_;
  std::unique_ptr<Stream> stream_;
};

template <class Response, class Stream>
Task<Result<const Response*>> read_one(Stream& stream) {
  co_return co_await stream.read();
}
template <class Request, class Stream>
Task<Status> write_one(Stream& stream, const Request& message, WriteOptions options) {
  co_return co_await stream.write(message, options);
}
template <class Stream>
Task<Status> end_writing(Stream& stream) {
  stream.close_writing();
  co_return Status();
}

}  // namespace detail

// The three kinds of stream, as a thread that may block holds them. One thread at a time; moveable.
template <class Response>
class BlockingServerStream : public detail::BlockingStream<ServerStream<Response>> {
 public:
  using detail::BlockingStream<ServerStream<Response>>::BlockingStream;
  // The next message, good until the next read; null when the call ended OK; its status when it ended otherwise.
  Result<const Response*> read() { return this->wait(detail::read_one<Response>(this->stream())); }
  // Waits for the end of the call; messages that were not read are dropped.
  Status finish() { return this->wait(this->stream().finish()); }
};

template <class Request, class Response>
class BlockingClientStream : public detail::BlockingStream<ClientStream<Request, Response>> {
 public:
  using detail::BlockingStream<ClientStream<Request, Response>>::BlockingStream;
  // Waits while the peer reads too slowly. Not OK: the call is over, finish() says why.
  Status write(const Request& message, WriteOptions options = {}) {
    return this->wait(detail::write_one(this->stream(), message, options));
  }
  // Ends the stream and waits for the response.
  Result<Response> finish() { return this->wait(this->stream().finish()); }
};

template <class Request, class Response>
class BlockingBidiStream : public detail::BlockingStream<BidiStream<Request, Response>> {
 public:
  using detail::BlockingStream<BidiStream<Request, Response>>::BlockingStream;
  Status write(const Request& message, WriteOptions options = {}) {
    return this->wait(detail::write_one(this->stream(), message, options));
  }
  // No more writes: the server sees the end of the requests.
  void close_writing() { (void)this->wait(detail::end_writing(this->stream())); }
  Result<const Response*> read() { return this->wait(detail::read_one<Response>(this->stream())); }
  // Ends our side and waits for the end of the call; messages that were not read are dropped.
  Status finish() { return this->wait(this->stream().finish()); }
};

namespace codegen {

// What the functions of a generated BlockingStub call.
template <class T>
T blocking(const std::shared_ptr<Channel>& channel, Task<T> call) {
  return sync_wait(channel->loop(), std::move(call));
}
template <class Response>
BlockingServerStream<Response> blocking(const std::shared_ptr<Channel>& channel,
                                        Opening<ServerStream<Response>> opening) {
  return {channel, std::move(opening)};
}
template <class Request, class Response>
BlockingClientStream<Request, Response> blocking(const std::shared_ptr<Channel>& channel,
                                                 Opening<ClientStream<Request, Response>> opening) {
  return {channel, std::move(opening)};
}
template <class Request, class Response>
BlockingBidiStream<Request, Response> blocking(const std::shared_ptr<Channel>& channel,
                                               Opening<BidiStream<Request, Response>> opening) {
  return {channel, std::move(opening)};
}

}  // namespace codegen
}  // namespace pintle
