/** A partner's colour, as far as it can be read. */

/** What a page stands on, in the light and in the dark: the component's surfaces. */
const SURFACE = { light: '#ffffff', dark: '#12181f' } as const;
/** The least contrast of text, by WCAG 2.2 AA. */
const LEAST = 4.5;

function luminance(colour: string): number {
  const channels = [1, 3, 5].map((at) => {
    const share = parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const [red = 0, green = 0, blue = 0] = channels;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** How far two colours (`#rrggbb`) are apart, from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** The colour of buttons and of what is written on them; `undefined` where nobody could read it there. */
export function accentOf(colour: string, scheme: 'light' | 'dark'): { readonly accent: string; readonly on: string } | undefined {
  if (contrast(colour, SURFACE[scheme]) < LEAST) return undefined;
  return { accent: colour, on: contrast(colour, '#ffffff') >= contrast(colour, '#000000') ? '#ffffff' : '#000000' };
}
