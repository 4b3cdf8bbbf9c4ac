// Addresses and results as they cross between JavaScript and C++.

#pragma once

// Shared by the bindings: pointers cross as numbers, results as { status, index }. No algorithm
// lives in this folder.

#include <emscripten/bind.h>

#include <cstdint>

#include "fewbits/result.h"

namespace fewbits::bindings {

/// An address in WebAssembly memory, as JavaScript sees it.
using Address = std::uintptr_t;

template <typename T>
T* at(Address address) {
  return reinterpret_cast<T*>(address);  // NOLINT(performance-no-int-to-ptr)
}

/// fewbits::Result in types that Embind carries.
struct Outcome {
  int status;
  double index;
};

inline Outcome outcome(Result result) {
  return {static_cast<int>(result.status), static_cast<double>(result.index)};
}

}  // namespace fewbits::bindings
