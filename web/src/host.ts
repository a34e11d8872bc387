// What the page is shown in: a browser of its own, a browser inside an app, or a frame of another page. It decides who can give
// the camera, and so what a person is told to do.

/** Words by which browsers inside apps name themselves. Android's WebView says `; wv)`. */
const APPS = /\b(FBAN|FBAV|FB_IAB|Instagram|Line|MicroMessenger|Snapchat|Twitter|musical_ly|BytedanceWebview|LinkedInApp|Pinterest)\b|; wv\)/;
/** On iOS a browser of its own ends with `Safari/…`, whoever made it; a view inside an app does not. */
const IOS_VIEW = /\b(iPhone|iPad|iPod)\b(?!.*\bSafari\/)/;

/**
 * Whether a browser, by the name that it gives itself, is one inside an app. Such a browser often gives pages no camera, and has
 * no settings where that could be allowed.
 *
 * @param installed The page was put on the home screen: it then lacks `Safari/…`, too, and is in no app.
 */
export function insideApp(userAgent: string, installed = false): boolean {
  return APPS.test(userAgent) || (IOS_VIEW.test(userAgent) && !installed);
}

/** Whether this page was put on the home screen. */
export function onHomeScreen(): boolean {
  return (navigator as { standalone?: boolean }).standalone === true || matchMedia('(display-mode: standalone)').matches;
}

/** What the page around this one says of the camera: `unknown` where the browser does not tell, as Firefox and Safari do not. */
export function cameraPolicy(): 'allowed' | 'forbidden' | 'unknown' {
  const { permissionsPolicy, featurePolicy } = document as Document & Record<'permissionsPolicy' | 'featurePolicy', Policy | undefined>;
  const allowed = (permissionsPolicy ?? featurePolicy)?.allowsFeature?.('camera');
  return allowed === undefined ? 'unknown' : allowed ? 'allowed' : 'forbidden';
}

interface Policy {
  allowsFeature?(name: string): boolean;
}

/** Whether this page is shown in a frame of another. */
export const inFrame = (): boolean => globalThis.self !== globalThis.top;
