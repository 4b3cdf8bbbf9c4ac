// The Embind bindings of fewbits/vectors.h; an index is an address that its owner destroys.

#include "fewbits/vectors.h"

#include "binding.h"

namespace fewbits::bindings {
// A named namespace, as functions without linkage are not exported.
inline namespace of_vectors {

using vectors::Arrays;
using vectors::Hit;
using vectors::Index;
using vectors::Options;
using vectors::RowSizes;
using vectors::Segment;

struct Created {
  int status;
  Address index;
};

FEWBITS_EXPORT("vectors_create")
Created create(std::size_t dims, int bits, int metric, bool scale_search, int refine_bits,
               std::uint32_t seed, bool tails, bool mean_products) {
  Options options;
  options.dims = dims;
  options.bits = bits;
  options.metric = static_cast<vectors::Metric>(metric);
  options.scale_search = scale_search;
  options.refine_bits = refine_bits;
  options.seed = seed;
  options.tails = tails;
  options.mean_products = mean_products;
  Result result;
  Index* index = Index::create(options, &result);
  return {static_cast<int>(result.status), reinterpret_cast<Address>(index)};
}

FEWBITS_EXPORT("vectors_destroy") void destroy(Address index) {
  delete at<Index>(index);
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_reserve") Outcome reserve(Address index, double rows) {
  if (rows > static_cast<double>(vectors::kMaxRows)) {
    return outcome(failure(Status::out_of_memory));
  }
  return outcome(at<Index>(index)->reserve(static_cast<std::size_t>(rows)));
}

/// Calls `work` with the vectors at an address, which are bits if the index is one of bits.
template <typename Work>
Outcome with_vectors(Address index, Address x, const Work& work) {
  Index& own = *at<Index>(index);
  return outcome(own.options().metric == vectors::Metric::hamming ? work(own, at<std::uint8_t>(x))
                                                                  : work(own, at<float>(x)));
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_add")
Outcome add(Address index, Address x, std::size_t n) {
  return with_vectors(index, x, [n](Index& own, auto* vectors) { return own.add(vectors, n); });
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_replace")
Outcome replace(Address index, std::size_t row, Address x) {
  return with_vectors(index, x,
                      [row](Index& own, auto* vector) { return own.replace(row, vector); });
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_remove") Outcome remove(Address index, std::size_t row) {
  return outcome(at<Index>(index)->remove(row));
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_check")
Outcome check(Address index, Address x, std::size_t n) {
  return outcome(at<Index>(index)->check(at<float>(x), n));
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_truncate")
void truncate(Address index, std::size_t rows) {
  at<Index>(index)->truncate(rows);
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_compact") void compact(Address index) {
  at<Index>(index)->compact();
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_compact_some")
void compact_some(Address index, std::size_t from, std::size_t to, std::size_t n) {
  at<Index>(index)->compact_some(from, to, n);
}

FEWBITS_EXPORT("vectors_bytes") std::size_t bytes(Address index) {
  return at<Index>(index)->bytes();
}

FEWBITS_EXPORT("vectors_search")
Outcome search(Address index, Address queries, std::size_t count, std::size_t k,
               std::size_t candidates, Address allowed, Address hits, Address found) {
  return with_vectors(index, queries, [=](Index& own, auto* given) {
    return own.search(given, count, k, candidates, at<std::uint32_t>(allowed), at<Hit>(hits),
                      at<std::size_t>(found));
  });
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_reconstruct")
Outcome reconstruct(Address index, std::size_t row, Address x) {
  return outcome(at<Index>(index)->reconstruct(row, at<float>(x)));
}

FEWBITS_EXPORT("vectors_set_mean") Outcome set_mean(Address index, Address mean) {
  return outcome(at<Index>(index)->set_mean(at<float>(mean)));
}

FEWBITS_EXPORT("vectors_set_transform")
Outcome set_transform(Address index, Address matrix, Address segments, std::size_t count) {
  return outcome(at<Index>(index)->set_transform(at<float>(matrix), at<Segment>(segments), count));
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_calibrate")
Outcome calibrate(Address index, Address sample, std::size_t n, bool axes) {
  return outcome(at<Index>(index)->calibrate(at<float>(sample), n, axes));
}

/// When a call succeeds, the index of the result tells whether the axes were dropped.
FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_settle")
Outcome settle(Address index, Address x, std::size_t n) {
  bool changed = false;
  const Result result = at<Index>(index)->settle(at<float>(x), n, &changed);
  return outcome(result.ok() && changed ? Result{Status::ok, 1} : result);
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_fit") vectors::Fit fit(Address index) {
  return at<Index>(index)->fit();
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_set_fit")
void set_fit(Address index, double expected, double seen, std::size_t count) {
  at<Index>(index)->set_fit({expected, seen, count});
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_mean") Address mean(Address index) {
  return reinterpret_cast<Address>(at<Index>(index)->mean());
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_matrix") Address matrix(Address index) {
  return reinterpret_cast<Address>(at<Index>(index)->matrix());
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_segments")
std::size_t segments(Address index, Address out) {
  return at<Index>(index)->segments(at<Segment>(out));
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_rotation_signs")
std::size_t rotation_signs(Address index, Address out) {
  return at<Index>(index)->rotation_signs(at<std::int8_t>(out));
}

FEWBITS_EXPORT("vectors_row_sizes") RowSizes row_sizes(Address index) {
  return at<Index>(index)->row_sizes();
}

Arrays arrays(Address codes, Address factors, Address norms, Address mean_products, Address tails,
              Address refine_codes, Address refine_factors) {
  return {at<std::uint8_t>(codes),  at<std::uint8_t>(factors), at<float>(norms),
          at<float>(mean_products), at<std::uint32_t>(tails),  at<std::uint8_t>(refine_codes),
          at<float>(refine_factors)};
}

/// Arrays at address 0 are skipped.
FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_export_rows")
void export_rows(Address index, std::size_t first, std::size_t n, Address codes, Address factors,
                 Address norms, Address mean_products, Address tails, Address refine_codes,
                 Address refine_factors) {
  at<Index>(index)->export_rows(
      first, n, arrays(codes, factors, norms, mean_products, tails, refine_codes, refine_factors));
}

FEWBITS_EXPORT("vectors_import_rows")
Outcome import_rows(Address index, std::size_t n, Address codes, Address factors, Address norms,
                    Address mean_products, Address tails, Address refine_codes,
                    Address refine_factors) {
  return outcome(at<Index>(index)->import_rows(
      arrays(codes, factors, norms, mean_products, tails, refine_codes, refine_factors), n));
}

FEWBITS_EXPORT("vectors_checksum")
std::uint32_t checksum(std::uint32_t crc, Address data, std::size_t n) {
  return vectors::crc32(crc, at<std::uint8_t>(data), n);
}

FEWBITS_EXPORT_UNLESS_SEARCH_ONLY("vectors_levels") void levels(int bits, Address out) {
  vectors::levels(bits, at<std::int8_t>(out));
}

#if FEWBITS_EMBIND
EMSCRIPTEN_BINDINGS(vectors) {
  using emscripten::function;
  emscripten::value_object<Created>("VectorsCreated")
      .field("status", &Created::status)
      .field("index", &Created::index);
  emscripten::value_object<RowSizes>("VectorsRowSizes")
      .field("codes", &RowSizes::codes)
      .field("factors", &RowSizes::factors)
      .field("norms", &RowSizes::norms)
      .field("mean_products", &RowSizes::mean_products)
      .field("tails", &RowSizes::tails)
      .field("refine_codes", &RowSizes::refine_codes)
      .field("refine_factors", &RowSizes::refine_factors);
  emscripten::value_object<vectors::Fit>("VectorsFit")
      .field("expected", &vectors::Fit::expected)
      .field("seen", &vectors::Fit::seen)
      .field("count", &vectors::Fit::count);
  function("vectors_create", &create);
  function("vectors_destroy", &destroy);
  function("vectors_reserve", &reserve);
  function("vectors_add", &add);
  function("vectors_replace", &replace);
  function("vectors_remove", &remove);
  function("vectors_check", &check);
  function("vectors_checksum", &checksum);
  function("vectors_levels", &levels);
  function("vectors_truncate", &truncate);
  function("vectors_compact", &compact);
  function("vectors_compact_some", &compact_some);
  function("vectors_bytes", &bytes);
  function("vectors_search", &search);
  function("vectors_reconstruct", &reconstruct);
  function("vectors_set_mean", &set_mean);
  function("vectors_set_transform", &set_transform);
  function("vectors_calibrate", &calibrate);
  function("vectors_settle", &settle);
  function("vectors_fit", &fit);
  function("vectors_set_fit", &set_fit);
  function("vectors_mean", &mean);
  function("vectors_matrix", &matrix);
  function("vectors_segments", &segments);
  function("vectors_rotation_signs", &rotation_signs);
  function("vectors_row_sizes", &row_sizes);
  function("vectors_export_rows", &export_rows);
  function("vectors_import_rows", &import_rows);
}
#endif

}  // namespace of_vectors
}  // namespace fewbits::bindings
