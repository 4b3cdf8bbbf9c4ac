# fewbits.mjs + fewbits.wasm: the Embind module that the npm package carries. The glue knows no
# file name, fetches nothing and is free of `node:` imports; the package hands it the module.
file(GLOB FEWBITS_BINDINGS CONFIGURE_DEPENDS cpp/bindings/*.cpp)
add_executable(fewbits_wasm ${FEWBITS_BINDINGS})
set_target_properties(fewbits_wasm PROPERTIES OUTPUT_NAME fewbits SUFFIX .mjs)
target_include_directories(fewbits_wasm PRIVATE cpp/src)
target_link_libraries(fewbits_wasm PRIVATE fewbits fewbits_options)
target_compile_options(fewbits_wasm PRIVATE -Os)
target_link_options(fewbits_wasm PRIVATE
  -O3 -fno-rtti -lembind
  -sMODULARIZE -sEXPORT_ES6 -sENVIRONMENT=web,worker
  -sEMBIND_AOT -sDYNAMIC_EXECUTION=0
  -sWASM_ASYNC_COMPILATION=0 -sINCOMING_MODULE_JS_API=instantiateWasm,wasmBinary
  -sEXPORTED_RUNTIME_METHODS=HEAPU8
  -sALLOW_MEMORY_GROWTH -sINITIAL_MEMORY=2MB -sMAXIMUM_MEMORY=4GB -sABORTING_MALLOC=0
  -sSTACK_SIZE=128KB -sFILESYSTEM=0 -sMALLOC=emmalloc)
if(EMSCRIPTEN_VERSION VERSION_LESS 4.0.4)
  # Later ones name the glue's own address, and have no setting for it.
  target_link_options(fewbits_wasm PRIVATE -sUSE_ES6_IMPORT_META=0)
endif()
