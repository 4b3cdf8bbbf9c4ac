// Checks that text can be stored as UTF-8.

/** Whether a surrogate is unpaired: UTF-8 cannot hold it, and encoders replace every one by U+FFFD. */
export const hasLoneSurrogate = (text: string): boolean => /[\ud800-\udfff]/u.test(text);
