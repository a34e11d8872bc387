/** The oldest browsers that the component is built for. `npm test` holds its sources, and a whole capture, to what they have. */
export const TARGETS = { chrome: '111', firefox: '115', safari: '16.4' };
