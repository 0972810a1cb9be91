// What makes a request, a response or trailers well-formed (RFC 9113 section 8).
#pragma once

#include <cstdint>

#include <pintle/http2/header.hpp>

namespace pintle::http2 {

struct HeadVerdict {
  bool well_formed = false;
  bool informational = false;        // a response with status 1xx: another head follows
  std::int64_t content_length = -1;  // -1 when absent, or when it says nothing about DATA (204 and 304)
};

// Every path that is not empty is accepted: which paths exist is the router's business. A well-formed request has a
// method; CONNECT has an authority and no path (section 8.5), every other one has a path and a scheme and need not have
// an authority.
HeadVerdict check_request(const HeaderList& fields);
HeadVerdict check_response(const HeaderList& fields);
bool check_trailers(const HeaderList& fields);

}  // namespace pintle::http2
