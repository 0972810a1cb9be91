// Objects of C libraries with an owner: `std::unique_ptr<BIO, Freed<BIO_free>>`.
#pragma once

namespace pintle {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

}  // namespace pintle
