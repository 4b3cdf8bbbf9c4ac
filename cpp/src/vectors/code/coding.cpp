// The coding of rows, laid out from options or from a learned transform.

#include "vectors/code/coding.h"

#include "vectors/block.h"

namespace fewbits::vectors {

bool Coding::init(const Options& wanted) {
  options = wanted;
  if (options.refine_bits != 0) {
    const Segment whole{static_cast<std::uint32_t>(options.dims), 4, 1.0f};
    if (!finer_layout.init(&whole, 1)) return false;
    finer_bytes = options.refine_bits == 8 ? options.dims : finer_layout.row_bytes();
  }
  return transform.init(options.dims, options.seed);
}

void Coding::set_mean(Buffer<float> mean) {
  transform.set_mean(std::move(mean));
  kept = kept_by(options, transform.mean() != nullptr, learned());
}

bool Axes::init(const Coding& coding, Buffer<Segment> wanted, Buffer<float> learned) {
  const Options& options = coding.options;
  segments = std::move(wanted);
  matrix = std::move(learned);
  kept = kept_by(options, coding.transform.mean() != nullptr, matrix.data() != nullptr);
  if (!layout.init(segments.data(), segments.size()) || !scales.resize(layout.segments())) {
    return false;
  }
  std::size_t coded = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].bits != 0) scales[coded++] = segments[i].scale;
  }
  row_bytes = kept.codes == Kept::Codes::bytes ? round_up(options.dims, 16) : layout.row_bytes();
  return true;
}

bool Axes::init_evenly(const Coding& coding) {
  const Options& options = coding.options;
  const Segment whole{static_cast<std::uint32_t>(options.dims),
                      static_cast<std::uint32_t>(options.bits), 1.0f};
  Buffer<Segment> one;
  return one.assign(&whole, 1) && init(coding, std::move(one), Buffer<float>());
}

void Axes::move_into(Coding* coding) {
  coding->transform.set_matrix(std::move(matrix));
  coding->segments = std::move(segments);
  coding->kept = kept;
  coding->layout = std::move(layout);
  coding->scales = std::move(scales);
  coding->row_bytes = row_bytes;
}

}  // namespace fewbits::vectors
