// The parts of an index: how rows are coded, what codes them, and the rows.

#pragma once

#include "vectors/code/coding.h"
#include "vectors/code/row_coder.h"
#include "vectors/learn/axes.h"
#include "vectors/rows.h"

namespace fewbits::vectors {

struct Index::State {
  Coding coding;
  RowCoder coder{coding};
  Rows rows{coding};
  Fit fit;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// False when memory is short.
  bool init(const Options& options);
  /// Before there are rows, as all that follows.
  void set_mean(Buffer<float> mean);
  /// False when memory is short; then nothing has changed.
  bool lay_out(Buffer<Segment> segments, Buffer<float> matrix);
  bool lay_out_evenly();
  bool take(Axes* axes);
  double error_of(const Sample& sample);
  /// Of a row of bits, as floats: dims values.
  void signs_of(std::size_t row, float* x);
};

}  // namespace fewbits::vectors
