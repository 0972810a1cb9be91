// What goes beside a statement and what comes back, in PostgreSQL's binary formats: no text is ever quoted or parsed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

extern "C" {
using PGresult = struct pg_result;
}

namespace items {

// Bound parameters, from $1 on. A value type: it owns its bytes.
class Parameters {
 public:
  Parameters() = default;
  Parameters&& text(std::string_view value) &&;
  Parameters&& integer(std::int64_t value) &&;
  Parameters&& texts(const std::vector<std::string>& values) &&;
  Parameters&& optional_text(const std::optional<std::string>& value) &&;
  Parameters&& optional_integer(const std::optional<std::int64_t>& value) &&;

  // In libpq's form; pointers are good while this object is and does not change.
  int count() const { return static_cast<int>(types_.size()); }
  const std::vector<unsigned>& types() const { return types_; }
  std::vector<const char*> pointers() const;
  std::vector<int> lengths() const;
  std::vector<int> formats() const;

 private:
  void add(unsigned type, std::optional<std::string> bytes);
  std::vector<unsigned> types_;
  std::vector<std::optional<std::string>> values_;
};

// Rows that a statement gave. Read columns from left to right.
class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result) {}

  int count() const;
  // How many rows the statement changed.
  std::int64_t changed() const;

  void go_to(int row) {
    row_ = row;
    column_ = 0;
  }
  std::string read_text();
  std::int64_t read_integer();
  std::vector<std::string> read_texts();

 private:
  struct Clear {
    void operator()(PGresult* result) const;
  };
  std::string_view next();

  std::unique_ptr<PGresult, Clear> result_;
  int row_ = 0, column_ = 0;
};

}  // namespace items
