#include "fewbits/error.h"

#include "binding.h"

namespace fewbits::bindings {
namespace {

/// Adds to the six doubles of an error::Sums at `sums`.
void error_accumulate(Address x, Address y, std::size_t n, Address sums) {
  error::accumulate(at<float>(x), at<float>(y), n, at<error::Sums>(sums));
}

EMSCRIPTEN_BINDINGS(error) {
  emscripten::function("error_accumulate", &error_accumulate);
}

}  // namespace
}  // namespace fewbits::bindings
