import type { Drawn } from './challenge.ts';

/** What was captured. Each image is a JPEG file. */
export interface Images {
  selfie?: Blob;
  /** The frames around the selfie, in the order in which they were taken. */
  frames?: Blob[];
  /** The challenge that the frames follow. */
  drawn?: Drawn;
  idCardFront?: Blob;
  idCardBack?: Blob;
}

/** `image_type_id` of images in base64, as the wire has them. */
export const IMAGE_TYPE = { selfie: 2, idCardFront: 3, frame: 6, idCardBack: 7 } as const;

/** One image of the `publish` event. */
export interface PublishedImage {
  readonly image_type_id: number;
  /** Base64, without a data URL's beginning. */
  readonly image: string;
}

/** Images as the `publish` event carries them. */
export async function published(images: Images): Promise<PublishedImage[]> {
  const listed: [number, Blob | undefined][] = [
    [IMAGE_TYPE.selfie, images.selfie],
    ...(images.frames ?? []).map((frame): [number, Blob] => [IMAGE_TYPE.frame, frame]),
    [IMAGE_TYPE.idCardFront, images.idCardFront],
    [IMAGE_TYPE.idCardBack, images.idCardBack],
  ];
  const there = listed.filter((entry): entry is [number, Blob] => entry[1] !== undefined);
  return Promise.all(there.map(async ([image_type_id, blob]) => ({ image_type_id, image: await base64(blob) })));
}

async function base64(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const CHUNK = 0x8000;
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}
