// The keys that a configuration may have.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>

#include <pintle/app/config.hpp>

namespace pintle::app {

class Schema {
 public:
  // Pintle's own sections, then the application's.
  explicit Schema(const std::vector<ConfigSection>& application);

  const std::vector<ConfigSection>& sections() const { return sections_; }

  // Every key with a value, a list or a map, in the order of the schema; what lies inside lists and maps has no key.
  struct Key {
    std::string path;
    const google::protobuf::FieldDescriptor* field;
  };
  const std::vector<Key>& keys() const { return keys_; }

  // The field of a key, or null.
  const google::protobuf::FieldDescriptor* find(std::string_view path) const;
  // Whether other keys lie below it.
  bool is_section(std::string_view path) const;

  // What to do about a key that does not exist: "did you mean server.port?", or which keys there are in its place.
  // `spell` turns a path into what the user would write.
  template <class Spell>
  std::string advice(std::string_view unknown, Spell spell) const {
    const Guess guess = guess_at(unknown);
    std::string out = guess.close ? "did you mean " : "known keys: ";
    for (std::size_t i = 0; i < guess.paths.size(); ++i) {
      out += i == 0 ? "" : guess.close ? " or " : ", ";
      out += spell(guess.paths[i]);
    }
    return guess.close ? out + "?" : out;
  }

 private:
  struct Guess {
    bool close;
    std::vector<std::string> paths;
  };
  Guess guess_at(std::string_view unknown) const;
  void collect(const std::string& path, const google::protobuf::Descriptor& type,
               std::vector<const google::protobuf::Descriptor*>& above);

  std::vector<ConfigSection> sections_;
  std::vector<Key> keys_;
  std::map<std::string, const google::protobuf::FieldDescriptor*, std::less<>> fields_;  // null for a section
};

// The least number of single-letter changes (insert, delete, replace, swap neighbours) from one word to the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The environment variable of a key: server.port → PINTLE_SERVER__PORT.
std::string variable_of(std::string_view path);

}  // namespace pintle::app
