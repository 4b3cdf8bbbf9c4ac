// Addresses and results as they are passed between JavaScript and C++.

#pragma once

// Shared by the bindings: pointers and results are passed as numbers. This folder contains no
// algorithms.

#include <cstddef>
#include <cstdint>

#include "fewbits/result.h"

// The whole package binds with Embind. The build of one family saves that size and exports the same
// functions directly: web/src/core/plain.ts calls them.
#if FEWBITS_EMBIND
#include <emscripten/bind.h>
#define FEWBITS_EXPORT(name)
#else
#define FEWBITS_EXPORT(name) __attribute__((export_name(name), used))
#endif

// What a build that only searches goes without: nothing keeps it there.
#if FEWBITS_SEARCH_ONLY
#define FEWBITS_EXPORT_UNLESS_SEARCH_ONLY(name)
#else
#define FEWBITS_EXPORT_UNLESS_SEARCH_ONLY(name) FEWBITS_EXPORT(name)
#endif

namespace fewbits::bindings {

/// An address in WebAssembly memory, as in JavaScript.
using Address = std::uintptr_t;

template <typename T>
T* at(Address address) {
  return reinterpret_cast<T*>(address);  // NOLINT(performance-no-int-to-ptr)
}

/// fewbits::Result as one number, which needs no memory: the index times kStatuses plus the status.
/// 0 is success, and none is negative. An index is far below 2^50.
using Outcome = double;
constexpr int kStatuses = 8;
static_assert(static_cast<int>(Status::too_large) < kStatuses);

inline Outcome outcome(Result result) {
  return static_cast<double>(result.index) * kStatuses + static_cast<int>(result.status);
}

}  // namespace fewbits::bindings
