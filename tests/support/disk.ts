// A simulated storage that outlives the process using it, and may stop or fail at each of its operations.

import type { Backend, Seal, Version } from '../../web/dist/store/backend.js';
import { type Locks, localLocks } from '../../web/dist/store/locks.js';
import { Store } from '../../web/dist/store/store.js';

interface File extends Version {
  bytes: number[];
  seal: Seal | null;
}

/** Files that survive a process. */
export class Disk {
  readonly files = new Map<string, File>();

  get left(): string[] {
    return [...this.files.values()].map(({ name, seal }) => `${name}${seal ? '' : ' unsealed'}`);
  }
}

/** The state of the operation during which everything ends. */
export type Tear = 'before' | 'half' | 'after' | 'seal without its bytes';

/** A process that uses the disk; `fault` is asked before each operation. */
export function processOn(disk: Disk, fault: () => Tear | Error | null): Backend {
  let dead = false;
  /** Runs `act` with the share of it that takes place. */
  async function operation<T>(act: (share: number, lost: boolean) => T): Promise<T> {
    for (let i = Math.random() * 4; i > 0; i--) await null;
    if (dead) throw new Error('this process is dead');
    const met = fault();
    if (met instanceof Error) throw met;
    if (met === null) return act(1, false);
    dead = true;
    if (met !== 'before') act(met === 'half' ? 0.5 : 1, met === 'seal without its bytes');
    throw new Error('killed');
  }
  const keyOf = ({ name, number }: { name: string; number: number }) => `${name}.${number}`;
  return {
    kind: 'opfs',
    versions: (wanted) =>
      operation(() =>
        [...disk.files.values()]
          .filter(({ name }) => wanted === undefined || name === wanted)
          .map(({ name, number, seal }) => ({ name, number, seal })),
      ),
    async create(name, number) {
      const file: File = { name, number, seal: null, bytes: [] };
      await operation((share) => share === 1 && disk.files.set(keyOf(file), file));
      return {
        write: (bytes) =>
          operation((share) => {
            file.bytes.push(...bytes.subarray(0, share * bytes.length));
          }),
        seal: (seal) =>
          operation((share, lost) => {
            if (share === 1) file.seal = seal;
            if (lost) file.bytes.fill(0, file.bytes.length >> 1);
          }),
        abort: () => operation(() => {}),
      };
    },
    async read(version, each) {
      const step = 3;
      for (let at = 0; at < (version.seal?.byteLength ?? 0); at += step) {
        await operation(() => {
          const file = disk.files.get(keyOf(version));
          if (!file) throw new Error('removed meanwhile');
          each(Uint8Array.from(file.bytes.slice(at, at + step)));
        });
      }
    },
    remove: (version) =>
      operation((share) => {
        if (share === 1) disk.files.delete(keyOf(version));
      }),
  };
}

export const fine = () => null;
/** Locks of a browser are released with the tab that held them. */
export const locks = (): Locks => ({ ...localLocks(), everywhere: true });
const CHUNK = 4;
export const storeOn = (disk: Disk, fault: () => Tear | Error | null = fine, held = locks()) =>
  new Store('test', processOn(disk, fault), held, CHUNK);
