import type { Turn } from '@selfsame/client';

import { OVAL } from '../guidance.ts';
import { h, svg } from './dom.ts';

/** The live picture with its guide, hint and progress. */
export class Stage {
  readonly element: HTMLElement;
  readonly video: HTMLVideoElement;
  readonly #hint: HTMLElement;
  readonly #ring: SVGElement | undefined;
  readonly #arrow: SVGElement | undefined;

  /** @param kind A selfie is mirrored and has an oval; a card has a frame. */
  constructor(kind: 'selfie' | 'card', label: string) {
    this.video = h('video', { playsinline: true, autoplay: true, part: 'video', 'aria-label': label });
    this.video.muted = true;
    this.#hint = h('p', { class: 'hint', part: 'hint', 'aria-hidden': 'true' });
    const { guide, ring, arrow } = kind === 'selfie' ? oval() : frame();
    this.#ring = ring;
    this.#arrow = arrow;
    this.element = h('div', { class: `stage ${kind}`, part: 'stage' }, this.video, guide, this.#hint);
  }

  /** Shows a hint. `good` says that nothing is wrong. */
  hint(sentence: string, good: boolean): void {
    if (this.#hint.textContent !== sentence) this.#hint.textContent = sentence;
    this.element.classList.toggle('good', good);
  }

  /** Shows an arrow where the head is to turn. The picture is as in a mirror: the person's left is on the left. */
  point(turn: Turn | undefined): void {
    if (turn) this.#arrow?.setAttribute('data-turn', turn);
    else this.#arrow?.removeAttribute('data-turn');
  }

  /** @param share 0 to 1. */
  progress(share: number): void {
    this.#ring?.setAttribute('stroke-dashoffset', String(100 - 100 * share));
  }
}

const ARROW = 'M-34 0 6-34V-14H34V14H6V34Z';

// Drawn in hundredths of the stage's width and height, which is 3 to 4.
function oval(): { guide: SVGElement; ring: SVGElement; arrow: SVGElement } {
  const shape = { cx: 300 * OVAL.x, cy: 400 * OVAL.y, rx: 150 * OVAL.width, ry: 200 * OVAL.height };
  const { cx, cy, rx, ry } = shape;
  const round = `M${cx} ${cy - ry}A${rx} ${ry} 0 0 1 ${cx} ${cy + ry}A${rx} ${ry} 0 0 1 ${cx} ${cy - ry}Z`;
  const ring = svg('path', { d: round, class: 'ring', pathLength: 100, 'stroke-dasharray': '100 100', 'stroke-dashoffset': 100 });
  // Points to the left; the style turns it. Not mirrored where writing goes from right to left: left is left.
  const arrow = svg('path', { d: ARROW, class: 'arrow' });
  const guide = svg(
    'svg',
    { viewBox: '0 0 300 400', class: 'guide', part: 'guide', 'aria-hidden': 'true' },
    svg('path', { d: `M0 0H300V400H0Z${round}`, class: 'scrim', 'fill-rule': 'evenodd' }),
    svg('path', { d: round, class: 'line' }),
    ring,
    arrow,
  );
  return { guide, ring, arrow };
}

/** An ID card's outline (ISO/IEC 7810 ID-1: 85.6 by 54 mm). */
function frame(): { guide: SVGElement; ring: undefined; arrow: undefined } {
  const [width, height] = [280, (280 * 54) / 85.6];
  const [x, y] = [(320 - width) / 2, (220 - height) / 2];
  const hole = `M${x} ${y}h${width}v${height}h${-width}Z`;
  const guide = svg(
    'svg',
    { viewBox: '0 0 320 220', class: 'guide', part: 'guide', 'aria-hidden': 'true' },
    svg('path', { d: `M0 0H320V220H0Z${hole}`, class: 'scrim', 'fill-rule': 'evenodd' }),
    svg('rect', { x, y, width, height, rx: 8, class: 'line' }),
  );
  return { guide, ring: undefined, arrow: undefined };
}
