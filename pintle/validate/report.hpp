// Where generated validators are in a message, and where they say what they find. Nothing is allocated until something
// is wrong.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <pintle/validate/violations.hpp>

namespace pintle::validate {

// A field, or a rule as a field of buf.validate's messages: a constant of generated code or of this room.
struct Step {
  constexpr Step(std::int32_t n, std::string_view called, FieldType t, FieldType k = FieldType::none,
                 FieldType v = FieldType::none)
      : number(n), name(called), type(t), key(k), value(v) {}
  std::int32_t number;
  std::string_view name;
  FieldType type, key, value;
};

// A place in the message, or in its rules, and the one above it; null: the outermost. On the stack of those who
// validate.
struct Place {
  constexpr Place(const Place* a, const Step& s) : above(a), step(&s) {}
  const Place* above;
  const Step* step;
  Subscript subscript{};
};
struct RulePlace {
  constexpr RulePlace(const RulePlace* a, const Step& s) : above(a), step(&s) {}
  const RulePlace* above;
  const Step* step;
};

// Collects what is wrong with one message. One thread.
class Report {
 public:
  using Now = std::function<std::chrono::sys_time<std::chrono::nanoseconds>()>;
  explicit Report(Violations& out, Now now = {}) : out_(out), now_(std::move(now)) {}
  Report(const Report&) = delete;

  // Violations that are kept: who sends a million wrong elements hears of the first.
  static constexpr std::size_t kMost = 64;

  void fail(const Place* field, const RulePlace* rule, std::string id, std::string message, bool for_key = false);
  void cant_apply(std::string why) {
    if (out_.error.empty()) out_.error = std::move(why);
  }
  std::chrono::sys_time<std::chrono::nanoseconds> now() const {
    return now_ ? now_() : std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  }

 private:
  Violations& out_;
  const Now now_;
};

// What a check is about.
struct Where {
  Where(Report& r, const Place& p, const RulePlace* a = nullptr, bool key = false)
      : report(r), place(p), above(a), for_key(key) {}
  Report& report;
  const Place& place;
  const RulePlace* above;  // the rules that hold these: repeated.items
  bool for_key;
};

// `kind`.`rule` is broken.
void fail(const Where& where, const Step& kind, const Step& rule, std::string id, std::string message);
// required is, for which there is no kind.
void fail_required(const Where& where);
// One of a oneof's fields must be set.
void fail_oneof(Report& report, const Place* above, std::string_view oneof);
// A rule of buf.validate.message.oneof.
void fail_message(Report& report, const Place* above, std::string id, std::string message);

// The rules that hold others.
extern const RulePlace kItems, kKeys, kValues;

}  // namespace pintle::validate
