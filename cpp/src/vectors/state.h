// The parts of an index: the coding of rows, the coder, and the rows.

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
  /// Sets the mean. This and all functions below require that there are no rows.
  void set_mean(Buffer<float> mean);
  /// Changes the layout. False when memory is short; then nothing has changed.
  bool lay_out(Buffer<Segment> segments, Buffer<float> matrix);
  bool lay_out_evenly();
  bool take(Axes* axes);
  double error_of(const Sample& sample);
  /// A row of bits as floats: dims values.
  void signs_of(std::size_t row, float* x);
};

}  // namespace fewbits::vectors
