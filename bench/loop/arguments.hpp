// What the servers beside Pintle's are told: `--port N [--tls --cert FILE --key FILE]`.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace pintle::bench {

struct ServerArguments {
  std::uint16_t port = 0;
  bool tls = false;
  std::string certificate_file, key_file;
};

// Ends the process with a usage line when they are wrong.
inline ServerArguments server_arguments(int argc, char** argv) {
  ServerArguments parsed;
  bool right = true;
  for (int i = 1; i < argc && right; ++i) {
    const std::string_view name = argv[i];
    if (name == "--tls") {
      parsed.tls = true;
    } else if (++i == argc) {
      right = false;
    } else if (name == "--port") {
      parsed.port = static_cast<std::uint16_t>(std::atoi(argv[i]));
    } else if (name == "--cert") {
      parsed.certificate_file = argv[i];
    } else if (name == "--key") {
      parsed.key_file = argv[i];
    } else {
      right = false;
    }
  }
  const bool has_pair = !parsed.certificate_file.empty() && !parsed.key_file.empty();
  if (right && parsed.port != 0 && parsed.tls == has_pair) return parsed;
  std::fprintf(stderr, "usage: %s --port N [--tls --cert FILE --key FILE]\n", argv[0]);
  std::exit(2);
}

}  // namespace pintle::bench
