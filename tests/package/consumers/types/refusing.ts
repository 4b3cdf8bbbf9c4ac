// Types that list the optional properties that refuse `undefined` under exactOptionalPropertyTypes.

/** Types that are not inspected: those declared elsewhere, and those without options. */
type Foreign =
  | AbortSignal
  | ArrayBufferLike
  | ArrayBufferView
  | AsyncGenerator
  | Blob
  | Error
  | ReadonlyMap<unknown, unknown>
  | RegExp
  | URL
  | Response
  | PromiseLike<unknown>
  | string;

type IsAny<T> = 0 extends 1 & T ? true : false;

// biome-ignore lint/complexity/noBannedTypes: `{}` is assignable to types whose properties are all optional
type Optional<T> = { [K in keyof T]-?: {} extends Pick<T, K> ? K : never }[keyof T] & string;

type Own<T, Path extends string> = {
  [K in Optional<T>]: string extends K
    ? never // an index signature, as in a record
    : { [P in K]: undefined } extends Pick<T, K>
      ? never
      : `${Path}.${K}`;
}[Optional<T>];

/** The optional properties of `T` that refuse `undefined`, and those of its methods' parameters. */
export type Refusing<T, Path extends string, Depth extends 0[] = []> = Depth['length'] extends 6
  ? never
  : IsAny<T> extends true
    ? never
    : T extends Foreign
      ? never
      : T extends (...args: infer P) => unknown
        ? Depth['length'] extends 0 | 1
          ? Refusing<P[number], `${Path}()`, [...Depth, 0, 0]>
          : never
        : T extends readonly (infer E)[]
          ? Refusing<E, `${Path}[]`, [...Depth, 0]>
          : T extends object
            ?
                | Own<T, Path>
                | {
                    [K in keyof T & string]-?: Refusing<T[K], `${Path}.${K}`, [...Depth, 0]>;
                  }[keyof T & string]
            : never;

/** Compiles if no property refuses it; otherwise the error lists those that do. */
export declare function takesUndefined<_T extends never>(): void;
