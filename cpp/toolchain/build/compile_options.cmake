# One interface target with the flags of all our own code: library, bindings, tests.
add_library(fewbits_options INTERFACE)
target_compile_options(fewbits_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror
  -ffp-contract=off -fno-exceptions -fno-rtti)

if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  set(FEWBITS_NO_VECTORIZE -fno-vectorize -fno-slp-vectorize)
else()
  set(FEWBITS_NO_VECTORIZE -fno-tree-vectorize -fno-tree-slp-vectorize)
endif()

if(EMSCRIPTEN)
  # Every engine with vectors of 128 bits has had the other two for years.
  target_compile_options(fewbits_options INTERFACE
    -msimd128 -mbulk-memory -mnontrapping-fptoint -DEMSCRIPTEN_HAS_UNBOUND_TYPE_NAMES=0)
  if(FEWBITS_RELAXED)
    target_compile_options(fewbits_options INTERFACE -mrelaxed-simd)
  endif()
  target_compile_definitions(fewbits_options INTERFACE FEWBITS_SIMD=1)
else()
  # SIMDe implements wasm_simd128.h natively, so that sanitizers see the SIMD kernels too.
  find_path(SIMDE_INCLUDE_DIR simde/wasm/simd128.h)
  if(SIMDE_INCLUDE_DIR)
    target_include_directories(fewbits_options SYSTEM INTERFACE ${SIMDE_INCLUDE_DIR})
    target_compile_definitions(fewbits_options INTERFACE FEWBITS_SIMD=1)
  else()
    message(STATUS "SIMDe not found: natively only the scalar reference is built")
    target_compile_definitions(fewbits_options INTERFACE FEWBITS_SIMD=0)
  endif()
  if(FEWBITS_SANITIZE)
    target_compile_options(fewbits_options INTERFACE
      -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
    target_link_options(fewbits_options INTERFACE -fsanitize=address,undefined)
  endif()
endif()
