// Text as UTF-8: whether it can be, encoding and decoding, also where the platform has neither.

/** Whether a surrogate is unpaired: UTF-8 cannot hold it, and encoders replace every one by U+FFFD. */
export const hasLoneSurrogate = (text: string): boolean => /[\ud800-\udfff]/u.test(text);

/**
 * A UTF-8 decoder that throws for invalid bytes. React Native and jsdom have no TextDecoder, and some polyfills
 * reject the option `fatal`; decodeURIComponent() is available everywhere, and as strict. Chromium's TextDecoder
 * rejects shared memory, so it decodes a copy.
 */
export function utf8Decoder(): (bytes: Uint8Array) => string {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return (bytes) => decoder.decode(bytes.slice());
  } catch {
    const escaped = (byte: number) => `%${(byte + 256).toString(16).slice(1)}`;
    return (bytes) => decodeURIComponent(Array.from(bytes, escaped).join(''));
  }
}

/** The UTF-8 of text without unpaired surrogates; also where there is no TextEncoder. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  if (typeof TextEncoder === 'function') return new TextEncoder().encode(text);
  const escaped = encodeURIComponent(text).match(/%..|./g) ?? [];
  return Uint8Array.from(escaped, (one) =>
    one[1] ? Number(`0x${one.slice(1)}`) : one.charCodeAt(0),
  );
}
