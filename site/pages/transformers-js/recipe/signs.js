import { pipeline } from '@huggingface/transformers';
import { dequantizeEmbeddings, load } from 'fewbits';

const model = await pipeline('feature-extraction', 'onnx-community/all-MiniLM-L6-v2-ONNX');
const texts = ['Snow fell on the mountains', 'The last train leaves at midnight'];
const asBits = { pooling: 'mean', quantize: true, precision: 'binary' };
const { data } = await model(texts, asBits); // an Int8Array: 48 bytes for each text

const fb = await load();
export const index = fb.createIndex({ dims: 384, bits: 4 });
index.add(dequantizeEmbeddings(data, 384, 'binary'), texts);
