// What a call is called in every log that it leaves a line in.
#pragma once

#include <string>

namespace pintle {

// Found by `call.find<RequestId>()` where the layer of that name stands; of a client's call also that of the incoming
// call on whose behalf it is made.
struct RequestId {
  std::string value;
};

}  // namespace pintle
