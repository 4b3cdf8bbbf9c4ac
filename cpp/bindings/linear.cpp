// The Embind bindings of fewbits/linear.h.

#include "fewbits/linear.h"

#include "binding.h"

namespace fewbits::bindings {
namespace {

using linear::Activation;
using linear::Weight;

std::size_t linear_matmul_workspace(std::size_t m, std::size_t n, std::size_t k) {
  return linear::matmul_workspace(m, n, k);
}

Outcome linear_matmul(Address a, int activation, std::size_t m, Address b, int weight,
                      std::size_t n, std::size_t k, Address out, Address workspace) {
  return outcome(linear::matmul(at<void>(a), static_cast<Activation>(activation), m, at<void>(b),
                                static_cast<Weight>(weight), n, k, at<std::int32_t>(out),
                                at<void>(workspace)));
}

void linear_row_sums(Address b, int weight, std::size_t n, std::size_t k, Address sums) {
  linear::row_sums(at<void>(b), static_cast<Weight>(weight), n, k, at<std::int32_t>(sums));
}

void linear_dequantize(Address accumulators, std::size_t m, std::size_t n, Address a,
                       Address a_zero_point, Address b, Address b_sums, Address bias, Address out) {
  linear::dequantize(
      at<std::int32_t>(accumulators), m, n,
      {at<float>(a), at<std::int32_t>(a_zero_point), at<float>(b), at<std::int32_t>(b_sums)},
      at<float>(bias), at<float>(out));
}

void linear_matmul_f32(Address a, std::size_t m, Address b, std::size_t n, std::size_t k,
                       Address out) {
  linear::matmul_f32(at<float>(a), m, at<float>(b), n, k, at<float>(out));
}

EMSCRIPTEN_BINDINGS(linear) {
  emscripten::function("linear_matmul_workspace", &linear_matmul_workspace);
  emscripten::function("linear_matmul", &linear_matmul);
  emscripten::function("linear_row_sums", &linear_row_sums);
  emscripten::function("linear_dequantize", &linear_dequantize);
  emscripten::function("linear_matmul_f32", &linear_matmul_f32);
}

}  // namespace
}  // namespace fewbits::bindings
