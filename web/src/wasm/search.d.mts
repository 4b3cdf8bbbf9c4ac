/**
 * Version and build of the scripts for searching alone; its modules have the same stamp in a custom section
 * 'fewbits'.
 */
export const stamp: string;
