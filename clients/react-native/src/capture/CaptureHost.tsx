import { useEffect, useState } from 'react';
import { Modal } from 'react-native';

import { platformCamera } from '../camera/platform-camera';
import { CaptureScreen } from './CaptureScreen';
import { desk, type OpenRequest } from './desk';

/** Shows the capture screen over the app when it is asked for. Put one at the root of the app. */
export function CaptureHost() {
  const [open, setOpen] = useState<OpenRequest>();
  useEffect(() => desk.attach(setOpen), []);
  return open ? (
    <Modal visible animationType="slide" onRequestClose={() => open.failed('dismissed')}>
      <CaptureScreen {...open} camera={platformCamera} />
    </Modal>
  ) : null;
}
