/** Emscripten's glue, made by the build: instantiates at once what `instantiateWasm` is given. */
export default function createModule(options: {
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): WebAssembly.Exports;
}): object;
