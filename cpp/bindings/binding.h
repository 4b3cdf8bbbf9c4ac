// Addresses and results as they cross between JavaScript and C++.

#pragma once

// Shared by the bindings: pointers cross as numbers, results as { status, index }. No algorithm
// lives in this folder.

#include <cstddef>
#include <cstdint>

#include "fewbits/result.h"

// The whole package binds with Embind. A build of one family is smaller by as much as that takes,
// and exports the same functions as they are: web/src/core/plain.ts calls them.
#if FEWBITS_EMBIND
#include <emscripten/bind.h>
#define FEWBITS_EXPORT(name)
#else
#define FEWBITS_EXPORT(name) __attribute__((export_name(name), used))
#endif

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
