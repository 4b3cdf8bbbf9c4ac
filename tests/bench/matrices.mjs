// Matrices in files and folders, for measurements with your own vectors: .npy, .safetensors (each matrix in
// it) and raw float32 (.bin, with a .json that has `rows` and `dims`).

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { readNpy, readSafetensors, toFloat32 } from 'fewbits/io';

/** The matrices in a file: { name, x, rows, dims }. */
export function matrices(file) {
  const name = path.basename(file);
  const extension = path.extname(file);
  const whole = (shape, data, part = '') => {
    if (shape.length !== 2) return [];
    const [rows, dims] = shape;
    return [{ name: name + part, x: data, rows, dims }];
  };
  if (extension === '.npy') {
    const { shape, type, data } = readNpy(readFileSync(file));
    return whole(shape, toFloat32(data, type));
  }
  if (extension === '.safetensors') {
    const all = readSafetensors(readFileSync(file));
    return all.tensors.flatMap(({ name, shape }) => whole(shape, all.float32(name), ` ${name}`));
  }
  const description = file.replace(/\.bin$/, '.json');
  if (extension !== '.bin' || !existsSync(description)) return [];
  const { rows, dims } = JSON.parse(readFileSync(description, 'utf8'));
  const bytes = readFileSync(file);
  return whole([rows, dims], new Float32Array(bytes.buffer, bytes.byteOffset, rows * dims));
}

/** The files in a folder, or the file itself. */
export function files(place) {
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place)
    .sort()
    .map((name) => path.join(place, name))
    .filter((file) => statSync(file).isFile());
}
