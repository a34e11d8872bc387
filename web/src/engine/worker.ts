// The engine's worker: looks at pictures aside, so that the page stays at hand.
import type { Answer, Question } from './conversation.ts';
import { Engine } from './module.ts';

let engine: Engine | undefined;
const scope = globalThis as unknown as {
  postMessage(answer: Answer): void;
  onmessage: ((event: MessageEvent<Question>) => void) | null;
};

scope.onmessage = async ({ data }) => {
  try {
    scope.postMessage(await answer(data));
  } catch (error) {
    scope.postMessage({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }
};

async function answer(question: Question): Promise<Answer> {
  if (question.kind === 'start') {
    const [wasm, model] = await Promise.all([fetched(question.wasm), fetched(question.model)]);
    engine = await Engine.start(wasm, new Uint8Array(model), question.side);
    return { kind: 'started' };
  }
  if (!engine) throw new Error('the engine was not started');
  const { width, height } = question;
  const began = performance.now();
  const faces = engine.look(new Uint8Array(question.pixels), width, height);
  return { kind: 'seen', look: { width, height, faces, millis: performance.now() - began } };
}

async function fetched(url: string): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  return response.arrayBuffer();
}
