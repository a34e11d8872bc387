import { CameraError, closeCamera, openCamera, type CameraTrouble, type Facing } from '../camera.ts';
import { cameraPolicy, inFrame } from '../host.ts';
import type { Messages } from '../messages/index.ts';
import { button, buttons, fileButton, text } from '../view/controls.ts';
import { h } from '../view/dom.ts';
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
  /** Told why there is no camera. The person is told, too. */
  readonly failed: (error: CameraError) => void;
}

/** A browser that has not said yes or no by then may never do so: some inside apps neither ask nor answer. In milliseconds. */
const SLOW = 8000;

/**
 * Welcomes the person, then opens the camera, however often that must be tried, or takes a file.
 *
 * @throws `Cancelled`, or what ended the screens.
 */
export async function openSource(screens: Screens, welcome: Welcome): Promise<Source> {
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
    const opened = await open(screens, welcome);
    if (opened instanceof CameraError) {
      welcome.failed(opened);
      choice = await trouble(screens, opened.trouble, welcome.files);
    } else if ('stream' in opened) {
      return opened;
    } else {
      choice = opened.file;
    }
  }
  return { file: choice };
}

/** Opens the camera. While the browser does not answer, the person can leave, or take a file. */
async function open(screens: Screens, { facing, files }: Welcome): Promise<Source | CameraError> {
  const m = screens.messages;
  const slow = h('div', { class: 'frame', hidden: true }, text(m.slowHelp, 'alert'));
  const opening = openCamera(facing);
  const late = setTimeout(() => {
    slow.hidden = false;
    screens.speaker.say(m.slowHelp);
  }, SLOW);
  let taken = false;
  try {
    const answer = await screens.ask<Source | CameraError | 'cancel'>((give) => {
      opening.then(
        (stream) => give({ stream }),
        (error: unknown) => give(error instanceof CameraError ? error : new CameraError('failed', error)),
      );
      slow.append(
        ...(files ? [fileButton(m.upload, (file) => give({ file }))] : []),
        buttons(button(m.cancel, () => give('cancel'))),
      );
      return { name: 'starting', heading: m.starting, content: [text(m.allow), slow] };
    });
    if (answer === 'cancel') throw new Cancelled();
    taken = 'stream' in answer;
    return answer;
  } finally {
    clearTimeout(late);
    // A camera that comes when nobody waits for it any longer.
    if (!taken) opening.then(closeCamera, () => undefined);
  }
}

/** What a person can do about a trouble; several where the browser does not tell which it is. */
function helps(m: Messages, kind: CameraTrouble): string[] {
  const help = [m[`${kind}Help`]];
  // Firefox and Safari give the same error for a person's no and for a frame's.
  if (kind === 'denied' && inFrame() && cameraPolicy() === 'unknown') help.push(m.forbiddenHelp);
  return help;
}

/** Says why there is no camera, and what can be done. */
export async function trouble(screens: Screens, kind: CameraTrouble, files: boolean): Promise<'camera' | File> {
  const m = screens.messages;
  const help = helps(m, kind);
  screens.speaker.say(help.join(' '));
  const choice = await screens.ask<'camera' | 'cancel' | File>((answer) => ({
    name: 'trouble',
    heading: m[kind],
    content: [
      ...help.map((sentence) => text(sentence, 'alert')),
      buttons(button(m.tryAgain, () => answer('camera'), 'primary'), button(m.cancel, () => answer('cancel'))),
      ...(files ? [fileButton(m.upload, answer)] : []),
    ],
  }));
  if (choice === 'cancel') throw new Cancelled();
  return choice;
}
