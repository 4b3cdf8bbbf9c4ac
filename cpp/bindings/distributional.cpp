// The Embind bindings of fewbits/distributional.h; fits and clusterings are objects that live
// between passes.

#include "fewbits/distributional.h"

#include <new>

#include "binding.h"

namespace fewbits::bindings {
namespace {

using namespace distributional;

// Objects are passed as their addresses; 0 when memory is short.

struct FormulaValues {
  int distribution;
  int order;
  std::uint32_t n;
  int levels;
  double loc;
  double scale;
  double beta;

  Formula formula() const {
    return {static_cast<Distribution>(distribution),
            order,
            n,
            static_cast<Levels>(levels),
            loc,
            scale,
            beta};
  }
};

struct FitValues {
  int distribution;
  int order;
  std::uint32_t n;
  int levels;
  double beta;
  bool has_zero;
  double zero;
  bool reference;
  std::size_t block;
};

struct MeanErrors {
  double absolute;
  double squared;
};

struct Coder {
  Codebook book;
  BlockCodebook blocks;
  ErrorSums errors;
};

Address distributional_fit_create() {
  return reinterpret_cast<Address>(new (std::nothrow) Fit);
}
void distributional_fit_destroy(Address fit) {
  delete at<Fit>(fit);
}
Outcome distributional_fit_begin(Address fit, const FitValues& v) {
  FitOptions options;
  options.distribution = v.distribution;
  options.order = v.order;
  options.n = v.n;
  options.levels = static_cast<Levels>(v.levels);
  options.beta = v.beta;
  options.has_zero = v.has_zero;
  options.zero = v.zero;
  options.reference = v.reference;
  options.block = v.block;
  return outcome(at<Fit>(fit)->begin(options));
}
bool distributional_fit_next_pass(Address fit) {
  return at<Fit>(fit)->next_pass();
}
Outcome distributional_fit_accumulate(Address fit, Address x, std::size_t n) {
  return outcome(at<Fit>(fit)->accumulate(at<float>(x), n));
}
Outcome distributional_fit_status(Address fit) {
  return outcome(at<Fit>(fit)->status());
}
FormulaValues distributional_fit_formula(Address fit) {
  const Formula& f = at<Fit>(fit)->formula();
  return {static_cast<int>(f.distribution),
          f.order,
          f.n,
          static_cast<int>(f.levels),
          f.loc,
          f.scale,
          f.beta};
}

Address distributional_kmeans_create() {
  return reinterpret_cast<Address>(new (std::nothrow) KMeans);
}
void distributional_kmeans_destroy(Address kmeans) {
  delete at<KMeans>(kmeans);
}
Outcome distributional_kmeans_begin(Address kmeans, std::uint32_t n) {
  return outcome(at<KMeans>(kmeans)->begin(n));
}
bool distributional_kmeans_next_pass(Address kmeans) {
  return at<KMeans>(kmeans)->next_pass();
}
Outcome distributional_kmeans_accumulate(Address kmeans, Address x, std::size_t n) {
  return outcome(at<KMeans>(kmeans)->accumulate(at<float>(x), n));
}
Outcome distributional_kmeans_status(Address kmeans) {
  return outcome(at<KMeans>(kmeans)->status());
}
Outcome distributional_kmeans_codebook(Address kmeans, Address thresholds, Address levels) {
  return outcome(at<KMeans>(kmeans)->codebook(at<float>(thresholds), at<float>(levels)));
}

Address distributional_coder_create() {
  return reinterpret_cast<Address>(new (std::nothrow) Coder);
}
void distributional_coder_destroy(Address coder) {
  delete at<Coder>(coder);
}
Outcome distributional_coder_formula(Address coder, const FormulaValues& v, bool reference) {
  Codebook& book = at<Coder>(coder)->book;
  return outcome(reference ? book.assign_reference(v.formula()) : book.assign(v.formula()));
}
Outcome distributional_coder_tables(Address coder, std::size_t n, Address thresholds,
                                    Address levels) {
  return outcome(at<Coder>(coder)->book.assign(n, at<float>(thresholds), at<float>(levels)));
}
Outcome distributional_coder_blocks(Address coder, const FormulaValues& v, bool has_zero,
                                    double zero) {
  return outcome(at<Coder>(coder)->blocks.assign(v.formula(), has_zero ? &zero : nullptr));
}
Address distributional_coder_thresholds(Address coder) {
  return reinterpret_cast<Address>(at<Coder>(coder)->book.thresholds());
}
Address distributional_coder_levels(Address coder) {
  return reinterpret_cast<Address>(at<Coder>(coder)->book.levels());
}
MeanErrors distributional_coder_errors(Address coder) {
  const ErrorSums& errors = at<Coder>(coder)->errors;
  return {errors.mean_absolute(), errors.mean_squared()};
}

Outcome distributional_encode(Address coder, Address x, std::size_t n, bool wide, Address codes) {
  Coder& c = *at<Coder>(coder);
  return outcome(wide ? c.book.encode(at<float>(x), n, at<std::uint16_t>(codes), &c.errors)
                      : c.book.encode(at<float>(x), n, at<std::uint8_t>(codes), &c.errors));
}
Outcome distributional_decode(Address coder, Address codes, std::size_t n, bool wide, Address out) {
  const Codebook& book = at<Coder>(coder)->book;
  return outcome(wide ? book.decode(at<std::uint16_t>(codes), n, at<float>(out))
                      : book.decode(at<std::uint8_t>(codes), n, at<float>(out)));
}
Outcome distributional_encode_blocks(Address coder, Address x, std::size_t n, std::size_t block,
                                     Address locs, Address scales, bool wide, Address codes) {
  Coder& c = *at<Coder>(coder);
  return outcome(wide ? c.blocks.encode(at<float>(x), n, block, at<float>(locs), at<float>(scales),
                                        at<std::uint16_t>(codes), &c.errors)
                      : c.blocks.encode(at<float>(x), n, block, at<float>(locs), at<float>(scales),
                                        at<std::uint8_t>(codes), &c.errors));
}
Outcome distributional_decode_blocks(Address coder, Address codes, std::size_t n, std::size_t block,
                                     Address locs, Address scales, bool wide, Address out) {
  BlockCodebook& blocks = at<Coder>(coder)->blocks;
  return outcome(wide ? blocks.decode(at<std::uint16_t>(codes), n, block, at<float>(locs),
                                      at<float>(scales), at<float>(out))
                      : blocks.decode(at<std::uint8_t>(codes), n, block, at<float>(locs),
                                      at<float>(scales), at<float>(out)));
}

Outcome distributional_pack_words(Address codes, std::size_t n, unsigned bits, bool wide,
                                  Address words) {
  return outcome(wide ? pack_words(at<std::uint16_t>(codes), n, bits, at<std::uint64_t>(words))
                      : pack_words(at<std::uint8_t>(codes), n, bits, at<std::uint64_t>(words)));
}
Outcome distributional_unpack_words(Address words, std::size_t n, unsigned bits, bool wide,
                                    Address codes) {
  return outcome(wide ? unpack_words(at<std::uint64_t>(words), n, bits, at<std::uint16_t>(codes))
                      : unpack_words(at<std::uint64_t>(words), n, bits, at<std::uint8_t>(codes)));
}

double distributional_mean_squared_error(int source, std::size_t n, Address thresholds,
                                         Address levels) {
  return mean_squared_error(static_cast<Source>(source), n, at<double>(thresholds),
                            at<double>(levels));
}

EMSCRIPTEN_BINDINGS(distributional) {
  emscripten::value_object<FormulaValues>("DistributionalFormula")
      .field("distribution", &FormulaValues::distribution)
      .field("order", &FormulaValues::order)
      .field("n", &FormulaValues::n)
      .field("levels", &FormulaValues::levels)
      .field("loc", &FormulaValues::loc)
      .field("scale", &FormulaValues::scale)
      .field("beta", &FormulaValues::beta);
  emscripten::value_object<FitValues>("DistributionalFit")
      .field("distribution", &FitValues::distribution)
      .field("order", &FitValues::order)
      .field("n", &FitValues::n)
      .field("levels", &FitValues::levels)
      .field("beta", &FitValues::beta)
      .field("has_zero", &FitValues::has_zero)
      .field("zero", &FitValues::zero)
      .field("reference", &FitValues::reference)
      .field("block", &FitValues::block);
  emscripten::value_object<MeanErrors>("DistributionalErrors")
      .field("absolute", &MeanErrors::absolute)
      .field("squared", &MeanErrors::squared);
  emscripten::function("distributional_fit_create", &distributional_fit_create);
  emscripten::function("distributional_fit_destroy", &distributional_fit_destroy);
  emscripten::function("distributional_fit_begin", &distributional_fit_begin);
  emscripten::function("distributional_fit_next_pass", &distributional_fit_next_pass);
  emscripten::function("distributional_fit_accumulate", &distributional_fit_accumulate);
  emscripten::function("distributional_fit_status", &distributional_fit_status);
  emscripten::function("distributional_fit_formula", &distributional_fit_formula);
  emscripten::function("distributional_kmeans_create", &distributional_kmeans_create);
  emscripten::function("distributional_kmeans_destroy", &distributional_kmeans_destroy);
  emscripten::function("distributional_kmeans_begin", &distributional_kmeans_begin);
  emscripten::function("distributional_kmeans_next_pass", &distributional_kmeans_next_pass);
  emscripten::function("distributional_kmeans_accumulate", &distributional_kmeans_accumulate);
  emscripten::function("distributional_kmeans_status", &distributional_kmeans_status);
  emscripten::function("distributional_kmeans_codebook", &distributional_kmeans_codebook);
  emscripten::function("distributional_coder_create", &distributional_coder_create);
  emscripten::function("distributional_coder_destroy", &distributional_coder_destroy);
  emscripten::function("distributional_coder_formula", &distributional_coder_formula);
  emscripten::function("distributional_coder_tables", &distributional_coder_tables);
  emscripten::function("distributional_coder_blocks", &distributional_coder_blocks);
  emscripten::function("distributional_coder_thresholds", &distributional_coder_thresholds);
  emscripten::function("distributional_coder_levels", &distributional_coder_levels);
  emscripten::function("distributional_coder_errors", &distributional_coder_errors);
  emscripten::function("distributional_encode", &distributional_encode);
  emscripten::function("distributional_decode", &distributional_decode);
  emscripten::function("distributional_encode_blocks", &distributional_encode_blocks);
  emscripten::function("distributional_decode_blocks", &distributional_decode_blocks);
  emscripten::function("distributional_pack_words", &distributional_pack_words);
  emscripten::function("distributional_unpack_words", &distributional_unpack_words);
  emscripten::function("distributional_mean_squared_error", &distributional_mean_squared_error);
}

}  // namespace
}  // namespace fewbits::bindings
