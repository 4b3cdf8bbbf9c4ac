/** Version and build of the scripts for the index alone; its modules have the same in a section 'fewbits'. */
export const stamp: string;
