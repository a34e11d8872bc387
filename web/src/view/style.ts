/**
 * The component's looks. Pages change it by custom properties (`--selfsame-…`) and by parts. Colours keep a contrast of 4.5 to 1
 * for text and 3 to 1 for what else must be seen, in the light and in the dark.
 */
export const STYLE = `
:host {
  --_accent: var(--selfsame-accent, #0b5fb0);
  --_on-accent: var(--selfsame-on-accent, #fff);
  --_surface: var(--selfsame-surface, #fff);
  --_text: var(--selfsame-text, #16202b);
  --_muted: var(--selfsame-muted, #4a5763);
  --_line: var(--selfsame-line, #76828e);
  --_good: var(--selfsame-good, #37d67a);
  --_wrong: var(--selfsame-wrong, #b3261e);
  --_radius: var(--selfsame-radius, 12px);
  --_font: var(--selfsame-font, system-ui, sans-serif);
  color-scheme: light;
  display: block;
  max-inline-size: 30rem;
}
@media (prefers-color-scheme: dark) {
  :host(:not([theme="light"])) {
    --_accent: var(--selfsame-accent, #7cc0ff);
    --_on-accent: var(--selfsame-on-accent, #06203a);
    --_surface: var(--selfsame-surface, #12181f);
    --_text: var(--selfsame-text, #eef2f6);
    --_muted: var(--selfsame-muted, #b3bfca);
    --_line: var(--selfsame-line, #8996a3);
    --_wrong: var(--selfsame-wrong, #ffb4ab);
    color-scheme: dark;
  }
}
:host([theme="dark"]) {
  --_accent: var(--selfsame-accent, #7cc0ff);
  --_on-accent: var(--selfsame-on-accent, #06203a);
  --_surface: var(--selfsame-surface, #12181f);
  --_text: var(--selfsame-text, #eef2f6);
  --_muted: var(--selfsame-muted, #b3bfca);
  --_line: var(--selfsame-line, #8996a3);
  --_wrong: var(--selfsame-wrong, #ffb4ab);
  color-scheme: dark;
}
:host([hidden]) { display: none; }
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
.component {
  background: var(--_surface);
  color: var(--_text);
  font: 1rem/1.5 var(--_font);
  border-radius: var(--_radius);
  padding: clamp(.75rem, 4vw, 1.5rem);
}
.frame { display: flex; flex-direction: column; gap: .75rem; scroll-margin: 1rem; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 0; }
h2:focus { outline: none; }
h2:focus-visible { outline: 2px solid var(--_accent); outline-offset: 4px; }
p { margin: 0; overflow-wrap: anywhere; }
p[part~="note"] { color: var(--_muted); font-size: .9rem; }
.buttons { display: flex; flex-wrap: wrap; gap: .5rem; }
button {
  appearance: none;
  font: inherit;
  font-weight: 600;
  min-block-size: 44px;
  min-inline-size: 44px;
  padding: .5rem 1rem;
  border-radius: calc(var(--_radius) * .66);
  border: 2px solid var(--_accent);
  background: transparent;
  color: var(--_accent);
  cursor: pointer;
}
button.primary { background: var(--_accent); color: var(--_on-accent); flex: 1 1 12rem; }
button.quiet { border-color: transparent; padding-inline: .25rem; margin-inline-start: calc(-.25rem - 2px); text-decoration: underline; text-align: start; }
button:disabled { opacity: .5; cursor: default; }
button:focus-visible { outline: 3px solid var(--_text); outline-offset: 2px; }
.stage {
  position: relative;
  overflow: hidden;
  border-radius: var(--_radius);
  background: #000;
  inline-size: 100%;
  max-block-size: 75vh;
  margin-inline: auto;
}
.stage.selfie, .still.selfie { aspect-ratio: 3 / 4; max-inline-size: 56vh; }
.stage.card, .still.card { aspect-ratio: 16 / 11; }
.stage video { inline-size: 100%; block-size: 100%; object-fit: cover; display: block; }
.stage.selfie video { transform: scaleX(-1); }
.guide { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; }
.scrim { fill: rgb(0 0 0 / .45); }
.line { fill: none; stroke: #fff; stroke-width: 3; stroke-dasharray: 8 6; }
.good .line { stroke: var(--_good); stroke-dasharray: none; }
.ring { fill: none; stroke: var(--_good); stroke-width: 7; transition: stroke-dashoffset .2s linear; }
.arrow { display: none; fill: #fff; stroke: #000; stroke-width: 3; }
.arrow[data-turn] { display: block; animation: beckon 1s ease-in-out infinite alternate; }
.arrow[data-turn="left"] { transform: translate(46px, 188px); }
.arrow[data-turn="right"] { transform: translate(254px, 188px) rotate(180deg); }
.arrow[data-turn="up"] { transform: translate(150px, 40px) rotate(90deg); }
@keyframes beckon { from { opacity: 1; } to { opacity: .45; } }
.hint {
  position: absolute;
  inset-inline: .5rem;
  inset-block-end: .5rem;
  padding: .5rem .75rem;
  border-radius: calc(var(--_radius) * .66);
  background: rgb(0 0 0 / .78);
  color: #fff;
  font-weight: 600;
  font-size: 1.1rem;
  text-align: center;
}
.hint:empty { display: none; }
.still { display: block; inline-size: 100%; max-block-size: 60vh; object-fit: cover; border-radius: var(--_radius); margin-inline: auto; }
.still.selfie { transform: scaleX(-1); }
.still.file { transform: none; aspect-ratio: auto; object-fit: contain; }
form, .fields { display: flex; flex-direction: column; gap: .75rem; }
.field { display: flex; flex-direction: column; gap: .25rem; }
label { font-weight: 600; }
input, select {
  font: inherit;
  inline-size: 100%;
  min-block-size: 44px;
  padding: .5rem .75rem;
  border: 1px solid var(--_line);
  border-radius: calc(var(--_radius) * .66);
  background: var(--_surface);
  color: var(--_text);
}
input:focus-visible, select:focus-visible { outline: 3px solid var(--_accent); outline-offset: 1px; }
[aria-invalid="true"] { border: 2px solid var(--_wrong); }
.problem { color: var(--_wrong); font-weight: 600; font-size: .9rem; }
ul { margin: 0; padding-inline-start: 1.25rem; }
a { color: var(--_accent); }
progress { inline-size: 100%; block-size: .75rem; accent-color: var(--_accent); }
p[part~="alert"] { border-inline-start: 4px solid var(--_accent); padding-inline-start: .75rem; }
.unseen {
  position: absolute; inline-size: 1px; block-size: 1px; margin: -1px; padding: 0; border: 0;
  overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
@media (orientation: landscape) and (max-height: 30rem) {
  .frame[data-screen="selfie"] { display: grid; grid-template-columns: auto 1fr; align-content: start; align-items: start; column-gap: 1rem; }
  .frame[data-screen="selfie"] .stage { grid-area: 1 / 1 / span 9; inline-size: 56vh; }
  .frame[data-screen="selfie"] > :not(.stage) { grid-column: 2; }
}
@media (prefers-reduced-motion: reduce) { .ring { transition: none; } .arrow[data-turn] { animation: none; } }
@media (forced-colors: active) { .line, .ring { stroke: CanvasText; } .arrow { fill: CanvasText; stroke: Canvas; } .hint { border: 1px solid CanvasText; } }
`;
