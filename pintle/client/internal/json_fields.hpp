// Reading a service config: fields of JSON objects with the place of each in errors.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <pintle/base/clock.hpp>
#include <pintle/base/status.hpp>

namespace pintle::client {

// "methodConfig[0].timeout: ...".
struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// An object somewhere in a config. A field that is null is not there. Whatever is wrong throws Wrong. Views `value`.
class Fields {
 public:
  Fields(const boost::json::value& value, std::string where);

  std::optional<std::string> text(std::string_view key) const;
  std::optional<bool> truth(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  // A number, or a text that is one, as Protobuf's JSON has it.
  std::optional<std::uint64_t> whole(std::string_view key) const;
  // "1.5s", not negative.
  std::optional<Duration> duration(std::string_view key) const;
  std::optional<Fields> object(std::string_view key) const;
  const boost::json::array* list(std::string_view key) const;
  // One of a list.
  Fields element(std::string_view key, std::size_t index, const boost::json::value& value) const;
  // A status code by number or by name, in any case.
  Code code(std::string_view key, std::size_t index, const boost::json::value& value) const;

  std::uint64_t required_whole(std::string_view key, std::uint64_t least) const;
  double required_number(std::string_view key) const;
  Duration required_duration(std::string_view key) const;  // above 0

  const boost::json::object& all() const { return *object_; }
  [[noreturn]] void wrong(std::string_view key, std::string_view what) const;

 private:
  const boost::json::value* find(std::string_view key) const;
  std::string place(std::string_view key) const;
  const boost::json::object* object_;
  std::string where_;
};

}  // namespace pintle::client
