# fewbits.mjs + fewbits.wasm: the Embind module of the npm package. The glue contains no file name,
# fetches nothing and has no `node:` imports; the package passes it the module.
set(FEWBITS_MEMORY
  -sALLOW_MEMORY_GROWTH -sINITIAL_MEMORY=2MB -sMAXIMUM_MEMORY=4GB -sABORTING_MALLOC=0
  -sSTACK_SIZE=128KB -sFILESYSTEM=0 -sMALLOC=emmalloc)
# The linker leaves its map next to each module; `node cpp/toolchain/build/bytes.mjs` reads it.

file(GLOB FEWBITS_BINDINGS CONFIGURE_DEPENDS cpp/bindings/*.cpp)
add_executable(fewbits_wasm ${FEWBITS_BINDINGS})
set_target_properties(fewbits_wasm PROPERTIES OUTPUT_NAME fewbits SUFFIX .mjs)
target_include_directories(fewbits_wasm PRIVATE cpp/src)
target_link_libraries(fewbits_wasm PRIVATE fewbits fewbits_options)
target_compile_options(fewbits_wasm PRIVATE -Os)
target_compile_definitions(fewbits_wasm PRIVATE FEWBITS_EMBIND=1)
target_link_options(fewbits_wasm PRIVATE
  -O3 -fno-rtti -lembind -Wl,-Map=fewbits.map
  -sMODULARIZE -sEXPORT_ES6 -sENVIRONMENT=web,worker
  -sEMBIND_AOT -sDYNAMIC_EXECUTION=0
  -sWASM_ASYNC_COMPILATION=0 -sINCOMING_MODULE_JS_API=instantiateWasm,wasmBinary
  -sEXPORTED_RUNTIME_METHODS=HEAPU8
  ${FEWBITS_MEMORY})
if(EMSCRIPTEN_VERSION VERSION_LESS 4.0.4)
  # Later versions use the glue's own address, without a setting for it.
  target_link_options(fewbits_wasm PRIVATE -sUSE_ES6_IMPORT_META=0)
endif()

# fewbits_vectors.wasm: the index alone, and fewbits_search.wasm: what searches one, without Embind and glue. The
# exports determine what they contain; web/src/core/plain.ts wraps them to look like an Embind module.
set(FEWBITS_PLAIN_BINDINGS allocator module reserve vectors)
list(TRANSFORM FEWBITS_PLAIN_BINDINGS REPLACE "(.+)" "cpp/bindings/\\1.cpp")
foreach(part vectors search)
  add_executable(fewbits_${part} ${FEWBITS_PLAIN_BINDINGS})
  set_target_properties(fewbits_${part} PROPERTIES SUFFIX .wasm)
  target_include_directories(fewbits_${part} PRIVATE cpp/src)
  target_link_libraries(fewbits_${part} PRIVATE fewbits_options)
  target_compile_options(fewbits_${part} PRIVATE -Os)
  target_compile_definitions(fewbits_${part} PRIVATE FEWBITS_EMBIND=0)
  target_link_options(fewbits_${part} PRIVATE
    -O3 -fno-rtti --no-entry -sSTANDALONE_WASM -Wl,-Map=fewbits_${part}.map ${FEWBITS_MEMORY})
endforeach()
target_link_libraries(fewbits_vectors PRIVATE fewbits)
target_link_libraries(fewbits_search PRIVATE fewbits_small)
target_compile_definitions(fewbits_search PRIVATE FEWBITS_SEARCH_ONLY=1)
