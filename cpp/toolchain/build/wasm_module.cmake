# fewbits.mjs + fewbits.wasm: the Embind module of the npm package. The glue contains no file name,
# fetches nothing and has no `node:` imports; the package passes it the module.
set(FEWBITS_MEMORY
  -sALLOW_MEMORY_GROWTH -sINITIAL_MEMORY=2MB -sMAXIMUM_MEMORY=4GB -sABORTING_MALLOC=0
  -sSTACK_SIZE=128KB -sFILESYSTEM=0 -sMALLOC=emmalloc)

file(GLOB FEWBITS_BINDINGS CONFIGURE_DEPENDS cpp/bindings/*.cpp)
add_executable(fewbits_wasm ${FEWBITS_BINDINGS})
set_target_properties(fewbits_wasm PROPERTIES OUTPUT_NAME fewbits SUFFIX .mjs)
target_include_directories(fewbits_wasm PRIVATE cpp/src)
target_link_libraries(fewbits_wasm PRIVATE fewbits fewbits_options)
target_compile_options(fewbits_wasm PRIVATE -Os)
target_compile_definitions(fewbits_wasm PRIVATE FEWBITS_EMBIND=1)
target_link_options(fewbits_wasm PRIVATE
  -O3 -fno-rtti -lembind
  -sMODULARIZE -sEXPORT_ES6 -sENVIRONMENT=web,worker
  -sEMBIND_AOT -sDYNAMIC_EXECUTION=0
  -sWASM_ASYNC_COMPILATION=0 -sINCOMING_MODULE_JS_API=instantiateWasm,wasmBinary
  -sEXPORTED_RUNTIME_METHODS=HEAPU8
  ${FEWBITS_MEMORY})
if(EMSCRIPTEN_VERSION VERSION_LESS 4.0.4)
  # Later versions use the glue's own address, without a setting for it.
  target_link_options(fewbits_wasm PRIVATE -sUSE_ES6_IMPORT_META=0)
endif()

# fewbits_vectors.wasm: only the index, without Embind and glue. The exports determine what it
# contains; web/src/core/plain.ts wraps them to look like an Embind module.
set(FEWBITS_VECTORS_BINDINGS allocator module reserve vectors)
list(TRANSFORM FEWBITS_VECTORS_BINDINGS REPLACE "(.+)" "cpp/bindings/\\1.cpp")
add_executable(fewbits_vectors ${FEWBITS_VECTORS_BINDINGS})
set_target_properties(fewbits_vectors PROPERTIES SUFFIX .wasm)
target_include_directories(fewbits_vectors PRIVATE cpp/src)
target_link_libraries(fewbits_vectors PRIVATE fewbits fewbits_options)
target_compile_options(fewbits_vectors PRIVATE -Os)
target_compile_definitions(fewbits_vectors PRIVATE FEWBITS_EMBIND=0)
target_link_options(fewbits_vectors PRIVATE
  -O3 -fno-rtti --no-entry -sSTANDALONE_WASM ${FEWBITS_MEMORY})
