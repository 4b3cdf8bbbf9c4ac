// Objects that represent something stored elsewhere, such as WebAssembly memory or a database.

/**
 * An object that frameworks must not wrap and that cannot be cloned. Vue and others put plain objects behind
 * a Proxy, through which private members cannot be reached: the tag tells them that this is not a plain
 * object. A clone would be an empty object, so structuredClone() and postMessage() are made to throw instead.
 */
export abstract class Opaque {
  /**
   * @internal
   * @param tag the name of the class
   * @param remedy what to do instead of cloning
   */
  constructor(tag: string, remedy: string) {
    Object.defineProperty(this, Symbol.toStringTag, { value: tag });
    // Symbols cannot be cloned, and engines quote the first value that they cannot clone.
    const reason = Symbol(`a ${tag} cannot be cloned: ${remedy};`);
    Object.defineProperty(this, 'clone', { value: reason, enumerable: true });
  }
}
