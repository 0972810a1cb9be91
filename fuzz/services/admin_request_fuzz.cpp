// Input: whether it is a POST, then the target of a request for an admin port. Whatever it is, it is answered with a
// status that fits, and reading changes nothing.
#include <cstdint>
#include <string>
#include <string_view>

#include "../check.hpp"
#include <pintle/services/admin/admin_pages.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pintle;
  if (size == 0) return 0;
  int changes = 0;
  AdminPages pages;
  pages.shows("/level", "",
              [](const AdminRequest& request) { return AdminResponse(200, request.wants_json() ? "{}" : "info\n"); });
  pages.does("/level", "", [&](const AdminRequest& request) {
    ++changes;
    const std::string* level = request.parameter("level");
    return AdminResponse(200, level != nullptr ? *level : "none");
  });
  const bool post = data[0] % 2 != 0;
  const AdminRequest request(post ? "POST" : "GET",
                             std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));
  const AdminResponse response = pages.answer(request);
  FUZZ_CHECK(response.status == 200 || response.status == 404 || response.status == 405);
  FUZZ_CHECK(changes == (post && response.status == 200 ? 1 : 0));
  return 0;
}
