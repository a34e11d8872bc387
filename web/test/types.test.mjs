// The package's own declarations: whoever installs it from elsewhere has nothing but them.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import ts from 'typescript';

const ROOT = new URL('..', import.meta.url).pathname;

/** What the compiler says of a page's script that uses the package. */
function complaints(script) {
  const folder = mkdtempSync(join(tmpdir(), 'selfsame-types-'));
  try {
    const installed = join(folder, 'node_modules', '@selfsame', 'capture');
    mkdirSync(installed, { recursive: true });
    cpSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
    cpSync(join(ROOT, 'dist', 'selfsame-capture.d.ts'), join(installed, 'dist', 'selfsame-capture.d.ts'));
    const file = join(folder, 'page.ts');
    writeFileSync(file, script);
    const program = ts.createProgram([file], {
      strict: true,
      noEmit: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
      types: [],
    });
    return ts.getPreEmitDiagnostics(program).map((d) => ts.flattenDiagnosticMessageText(d.messageText, ' '));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a page finds the element, its properties and its events', () => {
  const page = `
    import { CameraError, type CaptureEvents, LANGUAGES, type Published } from '@selfsame/capture';
    const element = document.createElement('selfsame-capture');
    element.messages = { start: 'Go' };
    element.submission = { server: '/', partnerId: '2343', jobType: 4, webToken: () => 'token' };
    element.addEventListener('publish', (event) => {
      const { images }: Published = (event as CaptureEvents['publish']).detail;
      images.map((image) => image.image_type_id.toFixed());
    });
    element.addEventListener('trouble', (event) => {
      const { error } = (event as CaptureEvents['trouble']).detail;
      if (error instanceof CameraError && error.trouble === 'noBrowserCamera') element.remove();
    });
    element.restart();
    LANGUAGES.includes('sw');
  `;
  assert.deepEqual(complaints(page), []);
});

test('a page is told what is wrong', () => {
  const page = `
    import '@selfsame/capture';
    document.createElement('selfsame-capture').submission = { server: '/', partnerId: '2343', jobType: '4', webToken: 't' };
  `;
  assert.match(complaints(page).join(), /'string' is not assignable to type 'number'/);
});
