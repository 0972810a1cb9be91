#include <pintle/security/jwt/key_ring.hpp>

#include <utility>
#include <vector>

#include <fmt/core.h>

#include <pintle/async/blocking.hpp>
#include <pintle/async/first_of.hpp>
#include <pintle/base/file.hpp>

namespace pintle {

namespace {

constexpr std::size_t kLongestDocument = 1024 * 1024;

// Never called.
Task<Result<std::string>> nothing() { co_return std::unexpected(Status(Code::unavailable, "fixed keys")); }

}  // namespace

KeyRing::KeyRing(KeySet keys) : load_(&nothing), keys_(std::make_shared<const KeySet>(std::move(keys))) {}

KeyRing::KeyRing(Load load, KeyRingOptions options, const Clock& clock, Logger log, Meters meters)
    : load_(std::move(load)),
      options_(std::move(options)),
      clock_(&clock),
      log_(std::move(log)),
      keys_(std::make_shared<const KeySet>()) {
  const Instrument readings{"pintle.jwt.keys.readings", "{reading}", "Readings of an issuer's keys.", {}};
  read_well_ = meters.counter(readings, {{"issuer", options_.name}, {"result", "ok"}});
  read_ill_ = meters.counter(readings, {{"issuer", options_.name}, {"result", "failed"}});
}

std::shared_ptr<const KeySet> KeyRing::keys() const {
  const std::lock_guard lock(mutex_);
  if (clock_ != nullptr && succeeded_ && clock_->now() - *succeeded_ > options_.max_stale) {
    static const auto none = std::make_shared<const KeySet>();
    return none;
  }
  return keys_;
}

bool KeyRing::forgotten(std::string_view kid, TimePoint now) {
  const auto found = missing_.find(kid);
  if (found == missing_.end()) return true;
  if (found->second > now) return false;
  missing_.erase(found);
  return true;
}

void KeyRing::remember_missing(std::string_view kid, TimePoint now) {
  if (kid.empty() || keys_->has(kid)) return;
  if (missing_.size() >= options_.max_negative) missing_.erase(missing_.begin());
  missing_.insert_or_assign(std::string(kid), now + options_.negative);
}

Task<bool> KeyRing::looked_again_for(std::string kid) {
  if (clock_ == nullptr) co_return false;
  const auto seen = readings_.get().version;
  bool asks = false;
  {
    const std::lock_guard lock(mutex_);
    const TimePoint now = clock_->now();
    if (!forgotten(kid, now)) co_return false;
    if (!reading_) {
      if (began_ && now - *began_ < options_.cool_down) co_return false;
      reading_ = asks = true;  // for all that come now: one reading
      began_ = now;
    }
  }
  if (asks) asked_.set(*asked_.get() + 1);
  auto first = co_await first_of(readings_.changed(seen), sleep_for(options_.timeout));
  const bool read = first.index() == 0 && std::get<0>(first).has_value();
  const std::lock_guard lock(mutex_);
  if (read && !failing_) remember_missing(kid, clock_->now());
  co_return read;
}

Task<void> KeyRing::read() {
  {
    const std::lock_guard lock(mutex_);
    reading_ = true;
    began_ = clock_->now();
  }
  auto first = co_await first_of(load_(), sleep_for(options_.timeout));
  Result<std::string> text = first.index() == 0
                                 ? std::get<0>(std::move(first))
                                 : std::unexpected(Status(Code::deadline_exceeded, "they did not come in time"));
  std::vector<std::string> left_out;
  std::expected<KeySet, std::string> set;
  std::string before;
  {
    const std::lock_guard lock(mutex_);
    before = text_;
  }
  const bool changed = text && *text != before;
  if (changed) set = KeySet::from_text(*text, &left_out);
  const std::string why = !text ? std::string(text.error().message()) : !set ? set.error() : std::string();
  bool says = false, lapsed = false;
  {
    const std::lock_guard lock(mutex_);
    reading_ = false;
    says = std::exchange(failing_, !why.empty()) == why.empty();
    if (why.empty()) succeeded_ = clock_->now();
    lapsed = !why.empty() && succeeded_ && clock_->now() - *succeeded_ > options_.max_stale && !keys_->empty();
    if (lapsed) {
      text_.clear();
      keys_ = std::make_shared<const KeySet>();
    }
    if (why.empty() && changed) {
      text_ = std::move(*text);
      keys_ = std::make_shared<const KeySet>(std::move(*set));
      missing_.clear();
    }
  }
  (why.empty() ? read_well_ : read_ill_).add();
  if (lapsed) {  // what was verified with them is not to be believed either
    epoch_.fetch_add(1, std::memory_order_acq_rel);
    log_.error("an issuer's keys are too old to be believed", {{"issuer", options_.name}, {"error", why}});
  } else if (!why.empty()) {
    if (says)
      log_.warn("an issuer's keys can't be read: the last good ones hold", {{"issuer", options_.name}, {"error", why}});
  } else if (changed) {
    epoch_.fetch_add(1, std::memory_order_acq_rel);
    log_.info("an issuer's keys were read", {{"issuer", options_.name}, {"keys", keys()->size()}});
    for (const std::string& one : left_out)
      log_.warn("a key of an issuer is left out", {{"issuer", options_.name}, {"key", one}});
  }
  readings_.set(*readings_.get() + 1);
}

Task<Status> KeyRing::maintain() {
  if (clock_ == nullptr) co_return Status();
  for (;;) {
    const auto seen = asked_.get().version;
    co_await read();
    bool failing = false;
    {
      const std::lock_guard lock(mutex_);
      failing = failing_;
    }
    co_await first_of(asked_.changed(seen), sleep_for(failing ? options_.cool_down : options_.refresh));
    if (const CancelScope* scope = (co_await current_env()).scope; scope != nullptr && scope->cancelled())
      co_return scope->status();
  }
}

KeyRing::Load keys_at_url(std::shared_ptr<Fetcher> fetcher, std::string url, Duration timeout) {
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): the ring keeps it with its tasks
  return [fetcher = std::move(fetcher), url = std::move(url), timeout]() -> Task<Result<std::string>> {
    HttpRequest request(url);
    request.headers = {{"Accept", "application/json"}};
    request.timeout = timeout;
    request.max_response_bytes = kLongestDocument;
    auto response = co_await fetcher->fetch(std::move(request));
    if (!response) co_return std::unexpected(std::move(response).error());
    if (response->status != 200)
      co_return std::unexpected(
          Status(Code::unavailable, fmt::format("{} answered with HTTP status {}", url, response->status)));
    co_return std::move(response->body);
  };
}

KeyRing::Load keys_in_file(std::string path) {
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): as above
  return [path = std::move(path)]() -> Task<Result<std::string>> {
    auto read = co_await blocking([path] { return read_file(path, kLongestDocument); });
    if (!read) co_return std::unexpected(std::move(read).error());
    if (!*read) co_return std::unexpected(Status(Code::unavailable, path + ": " + read->error()));
    co_return std::move(**read);
  };
}

}  // namespace pintle
