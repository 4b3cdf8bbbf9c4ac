# Pages download every byte, so code is optimized for size except in long-running kernels: -O3 where it
# is faster than -O2, which unrolls and inlines less. The level of each source was chosen by measuring.
set(FEWBITS_FASTEST
  "base/finite\\.cpp$"
  "ggml/(block32|fp4|iq4|ternary)_simd\\.cpp$")
set(FEWBITS_FAST
  "simd\\.cpp$"
  "distributional/(blocks|codebook|reference|words)\\.cpp$"
  "floats/[a-z_]*\\.cpp$"
  "ggml/(check|ggml)\\.cpp$"
  "uniform/int4\\.cpp$"
  "vectors/code/(encode|row_coder|tails|transform)\\.cpp$"
  "vectors/find/query\\.cpp$"
  "vectors/learn/(axes|eigen)\\.cpp$")
# What runs once an index or a row, and calls the above.
set(FEWBITS_SMALLEST
  "vectors/(calibrate|index|learned|rows|signs|transfer)\\.cpp$"
  "vectors/code/(codebook|coding|layout|rotation|row_decoder)\\.cpp$"
  "vectors/find/search\\.cpp$"
  "vectors/learn/trial\\.cpp$")

# What only searches is for pages that count every kilobyte: -Oz but where a query or a row spends its time.
set(FEWBITS_SEARCH_FAST
  "vectors/code/(simd|transform)\\.cpp$"
  "vectors/(checksum|find/scan|transfer)\\.cpp$")
set(FEWBITS_SEARCH_FASTEST "vectors/find/(query|scan_simd)\\.cpp$")

# The level of the last list with a pattern that the source matches; `otherwise` for none.
function(fewbits_level out source otherwise)
  set(level ${otherwise})
  while(ARGN)
    list(POP_FRONT ARGN own patterns)
    foreach(pattern IN LISTS ${patterns})
      if(source MATCHES "${pattern}")
        set(level ${own})
      endif()
    endforeach()
  endwhile()
  set(${out} ${level} PARENT_SCOPE)
endfunction()

foreach(source IN LISTS FEWBITS_SOURCES)
  fewbits_level(whole ${source} -Os -Oz FEWBITS_SMALLEST -O2 FEWBITS_FAST -O3 FEWBITS_FASTEST)
  fewbits_level(small ${source} -Oz -Os FEWBITS_SEARCH_FAST -O2 FEWBITS_SEARCH_FASTEST)
  set(is_small $<BOOL:$<TARGET_PROPERTY:FEWBITS_SMALL>>)
  set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS
    $<IF:${is_small},${small},${whole}>)
endforeach()

# The parts of the library that searching uses, compiled so.
set(FEWBITS_SEARCH_SOURCES ${FEWBITS_SOURCES})
list(FILTER FEWBITS_SEARCH_SOURCES INCLUDE REGEX "/src/(base|bits|vectors)/")
list(FILTER FEWBITS_SEARCH_SOURCES EXCLUDE REGEX "/vectors/learn/")
add_library(fewbits_small STATIC EXCLUDE_FROM_ALL ${FEWBITS_SEARCH_SOURCES})
set_target_properties(fewbits_small PROPERTIES FEWBITS_SMALL ON)
target_include_directories(fewbits_small PUBLIC cpp/include PRIVATE cpp/src)
target_link_libraries(fewbits_small PRIVATE fewbits_options)
