import { useEffect, useImperativeHandle } from 'react';
import { StyleSheet, View as Frame } from 'react-native';
import { Camera, useCameraDevice, usePhotoOutput, VisionCamera } from 'react-native-vision-camera';

import type { CameraViewProps, PlatformCamera } from './camera';

/** Enough for a face and for a card's print; nine pictures, or nineteen of a challenge, stay below the server's limits. */
const RESOLUTION = { width: 960, height: 1280 };

function View({ side, shutter, unmirrored = false, onReady, onFailure }: CameraViewProps) {
  const device = useCameraDevice(side);
  const photos = usePhotoOutput({
    targetResolution: RESOLUTION,
    containerFormat: 'jpeg',
    quality: 0.9,
    qualityPrioritization: device?.supportsSpeedQualityPrioritization ? 'speed' : 'balanced',
  });
  useImperativeHandle(shutter, () => ({
    async take() {
      const photo = await photos.capturePhoto({ flashMode: 'off', enableShutterSound: false }, {});
      try {
        return new Uint8Array(await photo.getFileDataAsync());
      } finally {
        photo.dispose();
      }
    },
  }));
  const missing = device === undefined;
  useEffect(() => {
    // Devices are listed a moment after the start.
    const timer = missing ? setTimeout(() => onFailure('no_camera'), 2000) : undefined;
    return () => clearTimeout(timer);
  }, [missing, onFailure]);
  // The library mirrors preview and pictures together: where pictures must not be, the preview is turned round here, which on
  // Android wants a view that can be.
  const turned = unmirrored && side === 'front';
  return device ? (
    <Frame style={[StyleSheet.absoluteFill, turned && styles.asInMirror]}>
      <Camera
        style={StyleSheet.absoluteFill}
        device={device}
        outputs={[photos]}
        mirrorMode={turned ? 'off' : 'auto'}
        implementationMode={turned ? 'compatible' : 'performance'}
        isActive
        onStarted={onReady}
        onError={(error) => onFailure('camera_failed', error)}
      />
    </Frame>
  ) : null;
}

const styles = StyleSheet.create({ asInMirror: { transform: [{ scaleX: -1 }] } });

/** The camera on iOS and Android, by react-native-vision-camera. */
export const platformCamera: PlatformCamera = {
  async requestPermission() {
    return VisionCamera.cameraPermissionStatus === 'authorized' || VisionCamera.requestCameraPermission();
  },
  View,
};
