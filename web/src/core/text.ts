// Text as UTF-8 can hold it.

/** Whether half of a surrogate pair is alone: UTF-8 has no such thing, and would make all of them one. */
export const hasLoneSurrogate = (text: string): boolean => /[\ud800-\udfff]/u.test(text);
