import { h } from './dom.ts';

/** A button. One on each screen is the primary one. */
export function button(label: string, act: () => void, kind: 'primary' | 'secondary' | 'quiet' = 'secondary'): HTMLButtonElement {
  return h('button', { type: 'button', class: kind, part: `button ${kind}`, onclick: act }, label);
}

/** Buttons side by side, or above each other where it is narrow. */
export function buttons(...list: HTMLElement[]): HTMLElement {
  return h('div', { class: 'buttons', part: 'buttons' }, ...list);
}

/** Lets the person choose a picture file: a button that opens the system's own dialogue. */
export function fileButton(label: string, chosen: (file: File) => void): HTMLElement {
  const input = h('input', {
    type: 'file',
    accept: 'image/jpeg,image/png,image/webp,image/heic',
    hidden: true,
    onchange: () => {
      const [file] = input.files ?? [];
      if (file) chosen(file);
    },
  });
  return h('span', {}, button(label, () => input.click(), 'quiet'), input);
}

/** A paragraph. */
export function text(sentence: string, part = 'text'): HTMLElement {
  return h('p', { part }, sentence);
}
