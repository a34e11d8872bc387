import { strToU8, zipSync, type Zippable } from 'fflate';

import { isPng, type Capture } from './capture.js';
import type { JsonObject } from './json.js';

/** What an image shows. */
export type ImageRole = 'selfie' | 'liveness' | 'id_card_front' | 'id_card_back';

/** `image_type_id` of a file. */
const FILE_TYPE: Record<ImageRole, number> = { selfie: 0, id_card_front: 1, liveness: 4, id_card_back: 5 };

/** What a package says beside its images. */
export interface PackageDescription {
  /** What wrote it, e.g. `typescript`. */
  language: string;
  /** Further keys of `misc_information`, in order. */
  misc: JsonObject;
  /** Echoed whole in the result. */
  partnerParams: JsonObject;
  /** `undefined` where absent. */
  idInfo: JsonObject | undefined;
  /** `undefined` where absent. */
  consentInformation?: JsonObject | undefined;
  /** `undefined` where absent. */
  geoInfo: JsonObject | undefined;
}

/** The images of a capture in the order in which packages carry them. */
function imagesOf(capture: Capture): { role: ImageRole; bytes: Uint8Array }[] {
  const images: { role: ImageRole; bytes: Uint8Array }[] = [{ role: 'selfie', bytes: capture.selfie }];
  for (const bytes of capture.frames ?? []) images.push({ role: 'liveness', bytes });
  if (capture.idCardFront) images.push({ role: 'id_card_front', bytes: capture.idCardFront });
  if (capture.idCardBack) images.push({ role: 'id_card_back', bytes: capture.idCardBack });
  return images;
}

/** A package: a zip with `info.json` and the images that it names. The same input gives the same bytes. */
export function buildPackage(capture: Capture, description: PackageDescription): Uint8Array {
  const images = imagesOf(capture).map(({ role, bytes }, at) => ({
    role,
    bytes,
    name: `${role}_${at}.${isPng(bytes) ? 'png' : 'jpg'}`,
  }));
  const info = {
    package_information: {
      apiVersion: { buildNumber: 0, majorVersion: 2, minorVersion: 1 },
      language: description.language,
    },
    misc_information: {
      retry: 'false',
      file_name: 'selfie.zip',
      partner_params: description.partnerParams,
      ...description.misc,
    },
    id_info: description.idInfo ?? null,
    ...(description.consentInformation && { consent_information: description.consentInformation }),
    ...(description.geoInfo && { geo_info: description.geoInfo }),
    images: images.map(({ role, name }) => ({ image_type_id: FILE_TYPE[role], image: '', file_name: name })),
    server_information: {},
  };
  const entries: Zippable = { 'info.json': strToU8(JSON.stringify(info)) };
  for (const { name, bytes } of images) entries[name] = bytes;
  // Stored, because JPEG and PNG do not deflate further. The zip format keeps local time, so the date is a local one.
  return zipSync(entries, { level: 0, mtime: new Date(1980, 0, 1) });
}
