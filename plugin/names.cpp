#include <google/protobuf/compiler/cpp/names.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <string_view>

#include "names.hpp"

namespace pintle::plugin {
namespace {

namespace pb = google::protobuf;

// Keywords and alternative tokens of C++23, and the macros of the standard library that a name may meet.
constexpr std::string_view kTakenByCpp[] = {
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "assert",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "errno",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
    "EOF",
    "NULL",
    "stderr",
    "stdin",
    "stdout",
};

// Members of the generated classes, and the classes themselves.
constexpr std::string_view kTakenInService[] = {"Service",  "Stub",     "BlockingStub", "info",     "handler",
                                                "methods_", "service_", "chains_",      "channel_", "stub_"};
constexpr std::string_view kTakenAroundService[] = {"Service", "Stub",     "BlockingStub", "info",
                                                    "kName",   "methods_", "service_"};

using Names = std::set<std::string, std::less<>>;

bool taken_by_cpp(std::string_view name) {
  for (std::string_view taken : kTakenByCpp)
    if (name == taken) return true;
  return false;
}

std::string free_name(std::string name, const Names& taken) {
  while (taken.contains(name)) name += '_';
  return name;
}

// Gives each wish its name: those that are free first, then the others with underscores.
std::vector<std::string> give(const std::vector<std::string>& wishes, Names& taken) {
  std::vector<std::string> given(wishes.size());
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    if (taken.contains(wishes[i]) || taken_by_cpp(wishes[i])) continue;
    given[i] = wishes[i];
    taken.insert(given[i]);
  }
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    if (!given[i].empty()) continue;
    given[i] = free_name(wishes[i] + '_', taken);
    taken.insert(given[i]);
  }
  return given;
}

void add_enum(const pb::EnumDescriptor& type, Names& taken) {
  taken.insert(pb::compiler::cpp::ClassName(&type));
  // A nested enum's values appear under the name of the enum in the namespace, too.
  const std::string prefix = type.containing_type() ? pb::compiler::cpp::ClassName(&type) + '_' : std::string();
  for (int i = 0; i < type.value_count(); ++i) taken.insert(prefix + type.value(i)->name());
}

void add_message(const pb::Descriptor& type, Names& taken) {
  taken.insert(pb::compiler::cpp::ClassName(&type));
  for (int i = 0; i < type.nested_type_count(); ++i) add_message(*type.nested_type(i), taken);
  for (int i = 0; i < type.enum_type_count(); ++i) add_enum(*type.enum_type(i), taken);
}

}  // namespace

std::vector<MethodNames> method_names(const pb::ServiceDescriptor& service) {
  std::vector<std::string> wishes;
  wishes.reserve(static_cast<std::size_t>(service.method_count()));
  for (int i = 0; i < service.method_count(); ++i) wishes.push_back(service.method(i)->name());
  Names taken(std::begin(kTakenInService), std::end(kTakenInService));
  const std::vector<std::string> given = give(wishes, taken);

  std::vector<MethodNames> names;
  for (int i = 0; i < service.method_count(); ++i) {
    const pb::MethodDescriptor& method = *service.method(i);
    names.push_back({.method = given[i], .into = {}, .path = "k" + method.name() + "Path"});
    if (method.client_streaming() || method.server_streaming()) continue;
    names.back().into = free_name(method.name() + "Into", taken);
    taken.insert(names.back().into);
  }
  return names;
}

std::vector<std::string> class_names(const pb::FileDescriptor& file) {
  Names taken;
  for (int i = 0; i < file.message_type_count(); ++i) add_message(*file.message_type(i), taken);
  for (int i = 0; i < file.enum_type_count(); ++i) add_enum(*file.enum_type(i), taken);
  for (int i = 0; i < file.extension_count(); ++i) taken.insert(file.extension(i)->name());

  std::vector<std::string> given(static_cast<std::size_t>(file.service_count()));
  for (const bool escaped : {false, true}) {
    for (int i = 0; i < file.service_count(); ++i) {
      if (!given[i].empty()) continue;
      const pb::ServiceDescriptor& service = *file.service(i);
      // A class can't have a member of its own name.
      Names members(std::begin(kTakenAroundService), std::end(kTakenAroundService));
      for (const MethodNames& names : method_names(service)) members.insert(names.path);
      std::string name = service.name();
      const auto clashes = [&] { return taken.contains(name) || members.contains(name) || taken_by_cpp(name); };
      if (!escaped && clashes()) continue;
      while (clashes()) name += '_';
      taken.insert(name);
      given[i] = name;
    }
  }
  return given;
}

std::string namespace_of(const pb::FileDescriptor& file) {
  std::string space;
  for (const char c : file.package())
    if (c == '.')
      space += "::";
    else
      space += c;
  return space;
}

std::string reserved_part(std::string_view package) {
  while (!package.empty()) {
    const std::string_view part = package.substr(0, package.find('.'));
    if (taken_by_cpp(part)) return std::string(part);
    package.remove_prefix(std::min(package.size(), part.size() + 1));
  }
  return {};
}

std::string type_name(const pb::Descriptor& message) { return pb::compiler::cpp::QualifiedClassName(&message); }

std::string stem_of(const pb::FileDescriptor& file) { return pb::compiler::cpp::StripProto(file.name()); }

}  // namespace pintle::plugin
