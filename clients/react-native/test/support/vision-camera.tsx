// Stands in for react-native-vision-camera, whose camera is native code: same names, same shapes, pictures of known bytes.
import { useEffect } from 'react';
import { View } from 'react-native';

/** What the camera does, and what it was asked for. */
export const fake = {
  permission: 'authorized' as 'authorized' | 'not-determined' | 'denied',
  grants: true,
  device: { supportsSpeedQualityPrioritization: true } as object | undefined,
  failure: undefined as Error | undefined,
  taken: 0,
  disposed: 0,
  sides: [] as string[],
  mirrorMode: undefined as string | undefined,
};

export function resetCamera(): void {
  Object.assign(fake, {
    permission: 'authorized',
    grants: true,
    device: { supportsSpeedQualityPrioritization: true },
    failure: undefined,
    taken: 0,
    disposed: 0,
    sides: [],
  });
}

export const VisionCamera = {
  get cameraPermissionStatus() {
    return fake.permission;
  },
  requestCameraPermission: async () => {
    fake.permission = fake.grants ? 'authorized' : 'denied';
    return fake.grants;
  },
};

export const useCameraDevice = (side: string): object | undefined => {
  fake.sides.push(side);
  return fake.device;
};

const output = {
  async capturePhoto() {
    if (fake.failure) throw fake.failure;
    fake.taken += 1;
    const bytes = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, fake.taken]);
    return {
      getFileDataAsync: async () => bytes.buffer,
      dispose: () => {
        fake.disposed += 1;
      },
    };
  },
};
export const usePhotoOutput = (): typeof output => output;

export function Camera({ onStarted, mirrorMode }: { onStarted?: () => void; mirrorMode?: string }) {
  fake.mirrorMode = mirrorMode;
  useEffect(() => onStarted?.(), [onStarted]);
  return <View testID="camera" />;
}
