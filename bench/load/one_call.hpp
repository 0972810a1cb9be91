#pragma once

#include <cstdint>
#include <string_view>

#include "connection.hpp"

namespace pintle::bench {

// A connection for one call: it calls, ends its side once the answer is there, and is over when the server has ended
// its own. Times are nanoseconds of the caller's clock.
class OneCall {
 public:
  // As Connection takes them; the connection was asked for at `began`, and the time counts from there to the answer.
  OneCall(int fd, SSL_CTX* tls, const CallPlan& plan, std::string_view authority, std::uint64_t began, Tally& tally)
      : tally_(tally), began_(began), connection_(fd, tls, 1, plan, authority, own_, one_) {
    look(began);
  }

  void on_readable(std::uint64_t now) {
    connection_.on_readable(now);
    look(now);
  }
  void on_writable(std::uint64_t now) {
    connection_.on_writable(now);
    look(now);
  }

  [[nodiscard]] int fd() const { return connection_.fd(); }
  [[nodiscard]] bool wants_write() const { return connection_.wants_write(); }
  [[nodiscard]] bool over() const { return over_; }
  // The server has not ended its side in time.
  void give_up() {
    if (!over_) tally_.failed(leaving_ ? "the server left the connection open" : "no answer came");
    over_ = true;
  }

 private:
  void look(std::uint64_t now) {
    if (over_) return;
    if (leaving_) {
      over_ = connection_.broken();  // however it ends now
      return;
    }
    if (own_.errors != 0) {
      tally_.failed(own_.first_error);
      over_ = true;
    } else if (own_.calls != 0) {
      tally_.succeeded(now - began_);
      leaving_ = true;
      connection_.leave();
      over_ = connection_.broken();
    }
  }

  Tally& tally_;
  std::uint64_t began_;
  Tally own_;
  Budget one_{1};
  Connection connection_;
  bool leaving_ = false;
  bool over_ = false;
};

}  // namespace pintle::bench
