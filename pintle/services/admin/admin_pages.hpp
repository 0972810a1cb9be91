// The pages of an admin port, apart from how they are asked for.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace pintle {

struct AdminRequest {
  AdminRequest() = default;
  AdminRequest(std::string m, std::string_view target);  // "/log_level?level=debug"
  // The value of a parameter of the query, decoded; "" when it is there without one, null when it is not.
  const std::string* parameter(std::string_view name) const;
  // The answer is to be JSON: Accept says so, or the query has format=json.
  bool wants_json() const;

  std::string method = "GET", path = "/";
  std::map<std::string, std::string, std::less<>> query;
  std::string accept;
  std::string origin;  // set by browsers
  std::string body;
};

struct AdminResponse {
  AdminResponse() = default;
  AdminResponse(unsigned s, std::string text) : status(s), body(std::move(text)) {}
  static AdminResponse json(unsigned status, std::string body);
  unsigned status = 200;  // RFC 9110
  std::string content_type = "text/plain; charset=utf-8";
  std::string allow;  // of 405: the methods that would do
  std::string body;
};

// Built by one thread, then asked by any.
class AdminPages {
 public:
  using Page = std::function<AdminResponse(const AdminRequest&)>;

  // What a page shows. It may take a second and must not change anything.
  void shows(std::string path, std::string about, Page page);
  // What POST does there.
  void does(std::string path, std::string about, Page page);

  // Never throws: an exception of a page is 500 without its text. 404 names the pages, 405 the methods; "/" is a list
  // of the pages; HEAD is answered as GET. A POST that a browser sends for another site's page is 403.
  AdminResponse answer(const AdminRequest& request) const noexcept;

 private:
  struct Entry {
    std::string about_get, about_post;
    Page get, post;
  };
  AdminResponse index(const AdminRequest& request) const;
  AdminResponse find(const AdminRequest& request) const;

  std::map<std::string, Entry, std::less<>> pages_;
};

}  // namespace pintle
