import { CameraError, closeCamera, openCamera, type CameraTrouble, type Facing } from '../camera.ts';
import { button, buttons, fileButton, text } from '../view/controls.ts';
import type { Screens } from '../view/screens.ts';
import { Cancelled } from './ending.ts';

/** Whence a picture is to come. */
export type Source = { readonly stream: MediaStream } | { readonly file: File };

/** What the welcome says, and what may be chosen there. */
export interface Welcome {
  readonly heading: string;
  readonly intro: readonly string[];
  readonly facing: Facing;
  /** Whether a file will do. */
  readonly files: boolean;
  /** Whether the person has started the camera already, so that need not be asked again. */
  readonly started: boolean;
}

/**
 * Welcomes the person, then opens the camera, however often that must be tried, or takes a file.
 *
 * @throws `Cancelled`, or what ended the screens.
 */
export async function openSource(screens: Screens, welcome: Welcome, signal: AbortSignal): Promise<Source> {
  const m = screens.messages;
  let choice: 'camera' | File = 'camera';
  if (!welcome.started) {
    choice = await screens.ask<'camera' | File>((answer) => ({
      name: 'welcome',
      heading: welcome.heading,
      content: [
        ...welcome.intro.map((sentence) => text(sentence)),
        text(m.privacy, 'note'),
        buttons(button(m.start, () => answer('camera'), 'primary')),
        ...(welcome.files ? [fileButton(m.upload, answer)] : []),
      ],
    }));
  }
  while (choice === 'camera') {
    screens.show({ name: 'starting', heading: m.starting, content: [text(m.allow)] });
    try {
      const stream = await openCamera(welcome.facing);
      if (!signal.aborted) return { stream };
      closeCamera(stream);
      throw signal.reason;
    } catch (error) {
      if (!(error instanceof CameraError)) throw error;
      choice = await trouble(screens, error.trouble, welcome.files);
    }
  }
  return { file: choice };
}

/** Says why there is no camera, and what can be done. */
export async function trouble(screens: Screens, kind: CameraTrouble, files: boolean): Promise<'camera' | File> {
  const m = screens.messages;
  screens.speaker.say(m[`${kind}Help`]);
  const choice = await screens.ask<'camera' | 'cancel' | File>((answer) => ({
    name: 'trouble',
    heading: m[kind],
    content: [
      text(m[`${kind}Help`], 'alert'),
      buttons(button(m.tryAgain, () => answer('camera'), 'primary'), button(m.cancel, () => answer('cancel'))),
      ...(files ? [fileButton(m.upload, answer)] : []),
    ],
  }));
  if (choice === 'cancel') throw new Cancelled();
  return choice;
}
