# Pages download every byte, so code is optimized for size except in long-running kernels: -O3 where it
# is faster than -O2, which unrolls and inlines less. The level of each source was chosen by measuring.
set(FEWBITS_FASTEST
  "base/finite\\.cpp$"
  "ggml/(block32|fp4|iq4|ternary)_simd\\.cpp$"
  "vectors/learn/(axes|eigen)\\.cpp$")
set(FEWBITS_FAST
  "simd\\.cpp$"
  "distributional/(blocks|codebook|reference|words)\\.cpp$"
  "floats/[a-z_]*\\.cpp$"
  "ggml/(check|ggml)\\.cpp$"
  "uniform/int4\\.cpp$"
  "vectors/code/(codebook|encode|rotation|row_coder|tails|transform)\\.cpp$"
  "vectors/find/[a-z_]*\\.cpp$")

foreach(source IN LISTS FEWBITS_SOURCES)
  set(optimize -Os)
  foreach(pattern IN LISTS FEWBITS_FAST)
    if(source MATCHES "${pattern}")
      set(optimize -O2)
    endif()
  endforeach()
  foreach(pattern IN LISTS FEWBITS_FASTEST)
    if(source MATCHES "${pattern}")
      set(optimize -O3)
    endif()
  endforeach()
  set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS ${optimize})
endforeach()
