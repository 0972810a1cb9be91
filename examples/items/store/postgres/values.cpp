#include <algorithm>
#include <charconv>
#include <utility>

#include <libpq-fe.h>

#include "store/postgres/values.hpp"

namespace items {

namespace {

// pg_type.dat; these never change.
constexpr unsigned kInt8 = 20, kText = 25, kTextArray = 1009;

void put_number(std::string& to, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) to.push_back(static_cast<char>(value >> shift));
}

std::uint64_t take_number(std::string_view& from, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes && i < from.size(); ++i) value = value << 8 | static_cast<unsigned char>(from[i]);
  from.remove_prefix(std::min(bytes, from.size()));
  return value;
}

}  // namespace

void Parameters::add(unsigned type, std::optional<std::string> bytes) {
  types_.push_back(type);
  values_.push_back(std::move(bytes));
}

Parameters&& Parameters::text(std::string_view value) && {
  add(kText, std::string(value));
  return std::move(*this);
}

Parameters&& Parameters::integer(std::int64_t value) && {
  std::string bytes;
  put_number(bytes, static_cast<std::uint64_t>(value), 8);
  add(kInt8, std::move(bytes));
  return std::move(*this);
}

// array_send: dimensions, has nulls, element type, then size and lower bound of the one dimension, then the elements.
Parameters&& Parameters::texts(const std::vector<std::string>& values) && {
  std::string bytes;
  put_number(bytes, values.empty() ? 0 : 1, 4);
  put_number(bytes, 0, 4);
  put_number(bytes, kText, 4);
  if (!values.empty()) {
    put_number(bytes, values.size(), 4);
    put_number(bytes, 1, 4);
  }
  for (const std::string& value : values) {
    put_number(bytes, value.size(), 4);
    bytes += value;
  }
  add(kTextArray, std::move(bytes));
  return std::move(*this);
}

Parameters&& Parameters::optional_text(const std::optional<std::string>& value) && {
  add(kText, value);
  return std::move(*this);
}

Parameters&& Parameters::optional_integer(const std::optional<std::int64_t>& value) && {
  if (value) return std::move(*this).integer(*value);
  add(kInt8, std::nullopt);
  return std::move(*this);
}

std::vector<const char*> Parameters::pointers() const {
  std::vector<const char*> pointers;
  pointers.reserve(values_.size());
  for (const auto& value : values_) pointers.push_back(value ? value->data() : nullptr);
  return pointers;
}

std::vector<int> Parameters::lengths() const {
  std::vector<int> lengths;
  lengths.reserve(values_.size());
  for (const auto& value : values_) lengths.push_back(value ? static_cast<int>(value->size()) : 0);
  return lengths;
}

std::vector<int> Parameters::formats() const { return std::vector<int>(values_.size(), 1); }

void Rows::Clear::operator()(PGresult* result) const { PQclear(result); }

int Rows::count() const { return PQntuples(result_.get()); }

std::int64_t Rows::changed() const {
  const std::string_view text = PQcmdTuples(result_.get());
  std::int64_t changed = 0;
  std::from_chars(text.data(), text.data() + text.size(), changed);
  return changed;
}

std::string_view Rows::next() {
  const int column = column_++;
  return {PQgetvalue(result_.get(), row_, column), static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
}

std::string Rows::read_text() { return std::string(next()); }

std::int64_t Rows::read_integer() {
  std::string_view bytes = next();
  return static_cast<std::int64_t>(take_number(bytes, 8));
}

std::vector<std::string> Rows::read_texts() {
  std::string_view bytes = next();
  std::vector<std::string> texts;
  if (take_number(bytes, 4) == 0) return texts;  // no dimension: empty
  take_number(bytes, 8);                         // has nulls (ours have none), element type
  const std::uint64_t count = take_number(bytes, 4);
  take_number(bytes, 4);  // lower bound
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t size = take_number(bytes, 4);
    texts.emplace_back(bytes.substr(0, size));
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
  return texts;
}

}  // namespace items
