#include <pintle/client/internal/health_watch.hpp>

#include <utility>

#include <grpc/health/v1/health.pb.h>

#include <pintle/base/backoff.hpp>
#include <pintle/client/internal/client_call.hpp>
#include <pintle/rpc/pipe.hpp>

namespace pintle::client {

namespace {

constexpr MethodInfo kWatch = {.path = "/grpc.health.v1.Health/Watch",
                               .service = "grpc.health.v1.Health",
                               .name = "Watch",
                               .kind = Kind::server_stream};
constexpr MessageLimits kLimits{.receive = 4096, .send = 4096};

}  // namespace

// Shared with the coroutine, which may end later than the watch.
struct HealthWatch::State {
  State(Loop& l, transport::Connection& c, const Common& of, LoopChannel& ch, std::function<void()> f)
      : loop(l), connection(&c), common(of), channel(ch), on_change(std::move(f)) {}
  void tell(Connectivity now, Status why) {
    const bool news = state != now || error != why;
    state = now;
    error = std::move(why);
    if (news && connection != nullptr) on_change();
  }
  Duration delay() {
    const ConnectBackoff& b = common.options.backoff;
    return backoff(b.initial, b.multiplier, b.max, b.jitter, failures++, common.options.random());
  }

  Loop& loop;
  transport::Connection* connection;  // null: nobody wants to know any more
  const Common& common;
  LoopChannel& channel;
  const std::function<void()> on_change;
  CancelScope scope;
  Connectivity state = Connectivity::connecting;
  Status error;
  int failures = 0;  // in a row
};

HealthWatch::HealthWatch(Loop& loop, transport::Connection& connection, const Common& common, LoopChannel& channel,
                         std::function<void()> on_change)
    : state_(std::make_shared<State>(loop, connection, common, channel, std::move(on_change))) {}

HealthWatch::~HealthWatch() {
  state_->connection = nullptr;
  state_->scope.cancel(Status(Code::cancelled, "the connection is not watched any more", Origin::library));
}

Connectivity HealthWatch::state() const { return state_->state; }
const Status& HealthWatch::error() const { return state_->error; }

void HealthWatch::start(std::shared_ptr<void> owner, std::shared_ptr<void> subchannel) {
  run(std::move(owner), std::move(subchannel), state_).start({&state_->loop, &state_->scope, nullptr});
}

Root HealthWatch::run(std::shared_ptr<void>, std::shared_ptr<void>, std::shared_ptr<State> state) {
  // Not inside the event that brought the connection up.
  (void)co_await sleep_for(Duration::zero());
  while (state->connection != nullptr) {
    Status ended;
    try {
      ended = co_await watch(*state);
    } catch (const std::exception& e) {
      ended = Status(Code::internal, e.what(), Origin::library);
    }
    if (state->connection == nullptr) break;
    if (ended.code() == Code::unimplemented) {
      state->common.options.log.error("the server has no health service: it is taken for healthy",
                                      {{"server.address", state->common.options.authority}});
      state->tell(Connectivity::ready, {});
      break;
    }
    state->tell(Connectivity::transient_failure,
                Status(Code::unavailable, fmt::format("the watch of the server's health ended: {}", ended.to_string()),
                       Origin::library));
    (void)co_await sleep_for(state->delay());
  }
}

Task<Status> HealthWatch::watch(State& state) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(*state.common.options.health_service);
  const std::string bytes = request.SerializeAsString();
  Pipe up(nullptr, SIZE_MAX), down(nullptr, SIZE_MAX);
  LayerCall call(state.loop, kWatch, up.source(), down.sink(), &state.scope);
  ClientCall exchange(call, state.channel, kLimits);
  if (!state.connection->can_open()) co_return Status(Code::unavailable, "no stream is free for it", Origin::library);
  state.channel.scratch().fields.clear();
  exchange.open(*state.connection, *state.common.health_head, state.loop.now(), wire::Encoding::identity, false);
  exchange.send_only(Message(std::as_bytes(std::span(bytes)), nullptr, nullptr));
  Status status;
  for (;;) {
    Message* message = nullptr;
    const Poll polled = detail::poll(call, exchange.responses(), message);
    if (exchange.stopped(polled, status)) break;
    if (polled == Poll::pending) {
      co_await detail::Arrival(exchange.responses(), call.scope);
      continue;
    }
    grpc::health::v1::HealthCheckResponse response;
    const auto body = message->bytes();
    if (!response.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
      exchange.cancel();
      status = Status(Code::internal, "its message can't be parsed", Origin::library);
      break;
    }
    state.failures = 0;
    if (response.status() == grpc::health::v1::HealthCheckResponse::SERVING)
      state.tell(Connectivity::ready, {});
    else
      state.tell(Connectivity::transient_failure,
                 Status(Code::unavailable,
                        fmt::format("the server says that '{}' is {}", request.service(),
                                    grpc::health::v1::HealthCheckResponse::ServingStatus_Name(response.status())),
                        Origin::library));
    if (state.connection == nullptr) {
      exchange.cancel();
      status = state.scope.status();
      break;
    }
  }
  exchange.close(status);
  co_return status;
}

}  // namespace pintle::client
