/** Emscripten's glue, made by the build: instantiates at once what `instantiateWasm` is given. */
export default function createModule(options: {
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): WebAssembly.Exports;
}): object;

/** Version and build of this glue; its modules have the same in a custom section 'fewbits'. */
export const stamp: string;
