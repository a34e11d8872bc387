import { h } from './dom.ts';

/** Something that a person types in or chooses. */
export type Input = HTMLInputElement | HTMLSelectElement;

/** A labelled field with a place for what is wrong with it, which screen readers read with the field. */
export interface Field {
  readonly name: string;
  readonly element: HTMLElement;
  readonly input: Input;
  /** Says what is wrong; `undefined`: nothing. */
  complain(sentence: string | undefined): void;
}

/** A field around an input. */
export function field(name: string, label: string, input: Input): Field {
  const [id, problem] = [`field-${name}`, `problem-${name}`];
  input.id = id;
  input.setAttribute('name', name);
  input.setAttribute('aria-required', 'true');
  const said = h('p', { id: problem, class: 'problem', part: 'problem', hidden: true });
  const element = h('div', { class: 'field', part: 'field' }, h('label', { for: id }, label), input, said);
  const complain = (sentence: string | undefined): void => {
    said.textContent = sentence ?? '';
    said.hidden = sentence === undefined;
    if (sentence === undefined) {
      input.removeAttribute('aria-invalid');
      input.removeAttribute('aria-describedby');
    } else {
      input.setAttribute('aria-invalid', 'true');
      input.setAttribute('aria-describedby', problem);
    }
  };
  return { name, element, input, complain };
}

/** One of a list. The first entry is none, unless there is but one to choose. */
export function choice(none: string, options: readonly { readonly value: string; readonly label: string }[], chosen = ''): HTMLSelectElement {
  const select = h('select', { part: 'input' });
  if (options.length !== 1) select.append(h('option', { value: '' }, none));
  for (const { value, label } of options) select.append(h('option', { value, selected: value === chosen }, label));
  return select;
}

/** The button that sends a form. */
export const submitButton = (label: string): HTMLButtonElement => h('button', { type: 'submit', class: 'primary', part: 'button primary' }, label);
