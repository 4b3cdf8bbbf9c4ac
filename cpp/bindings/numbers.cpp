// The names of enumerators and limits in JavaScript, which looks up numbers by name, so that no
// order of names in either language is part of the interface.

#include "binding.h"
#include "fewbits/distributional.h"
#include "fewbits/int4.h"
#include "fewbits/kquant.h"
#include "fewbits/linear.h"
#include "fewbits/result.h"
#include "fewbits/uniform.h"
#include "fewbits/vectors.h"

namespace fewbits::bindings {
namespace {

struct Number {
  const char* name;
  unsigned value;
};

#define FEWBITS_NUMBER(prefix, scope, name) \
  { prefix "_" #name, static_cast<unsigned>(scope::name) }

using distributional::Distribution;
using linear::Activation;
using linear::Weight;
using uniform::Rounding;
using uniform::ScaleType;
using uniform::Scheme;
using vectors::Metric;

constexpr Number kNumbers[] = {
    FEWBITS_NUMBER("status", Status, ok),
    FEWBITS_NUMBER("status", Status, invalid_argument),
    FEWBITS_NUMBER("status", Status, non_finite),
    FEWBITS_NUMBER("status", Status, unsupported),
    FEWBITS_NUMBER("status", Status, corrupt_data),
    FEWBITS_NUMBER("status", Status, out_of_memory),
    FEWBITS_NUMBER("status", Status, too_large),
    FEWBITS_NUMBER("uniform_scheme", Scheme, symmetric),
    FEWBITS_NUMBER("uniform_scheme", Scheme, asymmetric),
    FEWBITS_NUMBER("uniform_scheme", Scheme, affine),
    FEWBITS_NUMBER("uniform_rounding", Rounding, nearest),
    FEWBITS_NUMBER("uniform_rounding", Rounding, truncate),
    FEWBITS_NUMBER("uniform_rounding", Rounding, floor),
    FEWBITS_NUMBER("uniform_scaleType", ScaleType, f32),
    FEWBITS_NUMBER("uniform_scaleType", ScaleType, f16),
    FEWBITS_NUMBER("int4_scaleMethod", int4::ScaleMethod, minmax),
    FEWBITS_NUMBER("int4_scaleMethod", int4::ScaleMethod, absmax),
    FEWBITS_NUMBER("linear_activation", Activation, int8),
    FEWBITS_NUMBER("linear_activation", Activation, uint8),
    FEWBITS_NUMBER("linear_weight", Weight, int8),
    FEWBITS_NUMBER("linear_weight", Weight, int4),
    FEWBITS_NUMBER("linear", linear, kMaxInner),
    FEWBITS_NUMBER("distributional_distribution", Distribution, gaussian),
    FEWBITS_NUMBER("distributional_distribution", Distribution, gaussian_cdf),
    FEWBITS_NUMBER("distributional_distribution", Distribution, logistic),
    FEWBITS_NUMBER("distributional_distribution", Distribution, logistic_cdf),
    FEWBITS_NUMBER("distributional_distribution", Distribution, cauchy_cdf),
    FEWBITS_NUMBER("distributional_distribution", Distribution, gumbel),
    FEWBITS_NUMBER("distributional_distribution", Distribution, gumbel_cdf),
    FEWBITS_NUMBER("distributional_distribution", Distribution, exponential),
    FEWBITS_NUMBER("distributional_distribution", Distribution, exponential_cdf),
    FEWBITS_NUMBER("distributional_distribution", Distribution, lloyd_gaussian),
    FEWBITS_NUMBER("distributional_distribution", Distribution, lloyd_laplace),
    FEWBITS_NUMBER("distributional_levels", distributional::Levels, midpoint),
    FEWBITS_NUMBER("distributional_levels", distributional::Levels, centroid),
    FEWBITS_NUMBER("distributional_source", distributional::Source, gaussian),
    FEWBITS_NUMBER("distributional_source", distributional::Source, laplace),
    FEWBITS_NUMBER("distributional", distributional, kMaxCells),
    FEWBITS_NUMBER("kquant", kquant, kBlockSize),
    FEWBITS_NUMBER("kquant", kquant, kSubBlocks),
    FEWBITS_NUMBER("vectors_metric", Metric, cosine),
    FEWBITS_NUMBER("vectors_metric", Metric, dot),
    FEWBITS_NUMBER("vectors_metric", Metric, l2),
    FEWBITS_NUMBER("vectors_metric", Metric, hamming),
    FEWBITS_NUMBER("vectors", vectors, kMaxDims),
    FEWBITS_NUMBER("vectors", vectors, kMaxQueries),
    FEWBITS_NUMBER("vectors", vectors, kMaxSegments),
};

EMSCRIPTEN_BINDINGS(numbers) {
  for (const Number& number : kNumbers) emscripten::constant(number.name, number.value);
}

}  // namespace
}  // namespace fewbits::bindings
