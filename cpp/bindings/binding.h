// Addresses and results as they cross between JavaScript and C++.

#pragma once

// Shared by the bindings: pointers and results cross as numbers. No algorithm lives in this folder.

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

/// fewbits::Result as one number, which crosses without memory: the index times kStatuses and the
/// status. 0 is success, and none is negative. An index is far below 2^50.
using Outcome = double;
constexpr int kStatuses = 8;
static_assert(static_cast<int>(Status::too_large) < kStatuses);

inline Outcome outcome(Result result) {
  return static_cast<double>(result.index) * kStatuses + static_cast<int>(result.status);
}

}  // namespace fewbits::bindings
