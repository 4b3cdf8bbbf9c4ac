import { pipeline } from '@huggingface/transformers';
import { load } from 'fewbits';

const model = pipeline('feature-extraction', 'onnx-community/all-MiniLM-L6-v2-ONNX');
export const index = load().then((fb) => fb.createIndex({ dims: 384, bits: 4 }));

async function embed(texts) {
  const { data } = await (await model)(texts, { pooling: 'mean', normalize: true });
  return data; // a Float32Array: 384 values for each text
}

export async function add(texts) {
  for (let i = 0; i < texts.length; i += 32) {
    const batch = texts.slice(i, i + 32);
    (await index).add(await embed(batch), batch); // each text is its own id
  }
}

export async function search(query, k = 5) {
  return (await index).search(await embed(query), { k }); // { ids, scores }, best first
}
